"""Which heads are remembered: those of which the bytes alone say everything."""

from typing import Any

import pytest

from tracker.http.known_heads import MAX_HEAD_BYTES, MAX_HEADS, KnownHeads

ADDRESS = "198.51.100.7"
HEAD = b"POST /api/events HTTP/1.1\r\n\r\n"


def scope(*headers: tuple[bytes, bytes], query: bytes = b"") -> dict[str, Any]:
    usual = (b"host", b"test"), (b"content-length", b"2")
    return {"type": "http", "path": "/api/events", "query_string": query, "headers": [*usual, *headers]}


def test_a_head_is_known_for_the_address_that_it_came_from() -> None:
    heads = KnownHeads()
    heads.add(ADDRESS, HEAD, scope((b"x-api-key", b"secret")), 2)
    known = heads.get((ADDRESS, HEAD))
    assert known is not None
    assert known.body_bytes == 2
    assert known.request.headers.get("x-api-key") == "secret"
    assert known.request.url.path == "/api/events"
    assert heads.get(("198.51.100.8", HEAD)) is None
    assert heads.get((ADDRESS, HEAD.replace(b"POST", b"post"))) is None


@pytest.mark.parametrize(
    "odd",
    [
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"),
        (b"expect", b"100-continue"),
        (b"upgrade", b"h2c"),
        (b"content-length", b"2"),
        (b"connection", b"keep-alive, upgrade"),
    ],
)
def test_what_more_than_the_bytes_decides_about_is_not_remembered(odd: tuple[bytes, bytes]) -> None:
    heads = KnownHeads()
    heads.add(ADDRESS, HEAD, scope(odd), 2)
    assert heads.size == 0


def test_more_than_a_body_a_query_and_a_long_head_are_not_remembered() -> None:
    heads = KnownHeads()
    heads.add(ADDRESS, HEAD, scope(), 3)
    heads.add(ADDRESS, HEAD, scope(query=b"site=a"), 2)
    heads.add(ADDRESS, b"x" * (MAX_HEAD_BYTES + 1), scope(), 2)
    assert heads.size == 0
    heads.add(ADDRESS, b"x" * MAX_HEAD_BYTES, scope(), 2)
    assert heads.size == 1


def test_it_begins_anew_when_it_is_full() -> None:
    heads = KnownHeads()
    for number in range(MAX_HEADS):
        heads.add(ADDRESS, b"%d" % number, scope(), 2)
    assert heads.size == MAX_HEADS
    heads.add(ADDRESS, HEAD, scope(), 2)
    assert heads.size == 1
    assert heads.get((ADDRESS, HEAD))
