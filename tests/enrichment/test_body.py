import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from tracker.enrichment.body import MAX_BODY_BYTES, read_body
from tracker.enrichment.errors import BadResponse


def response(*chunks: bytes, **headers: str) -> httpx.Response:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, headers=named, content=stream())


async def test_plain_and_compressed_bodies() -> None:
    assert await read_body(response(b"ab", b"c")) == b"abc"
    assert await read_body(response(gzip.compress(b"abc"), content_encoding="gzip")) == b"abc"
    assert await read_body(response(zlib.compress(b"abc"), content_encoding="deflate")) == b"abc"


async def test_the_limit_itself_is_allowed() -> None:
    assert len(await read_body(response(b"x" * MAX_BODY_BYTES))) == MAX_BODY_BYTES


async def test_F2b_05_one_byte_more_is_too_big() -> None:
    with pytest.raises(BadResponse, match="too_big"):
        await read_body(response(b"x" * MAX_BODY_BYTES, b"x"))


async def test_F2b_05_a_declared_size_is_believed_before_anything_is_read() -> None:
    unread = response(b"x", content_length="1" + "0" * 30)
    with pytest.raises(BadResponse, match="too_big"):
        await read_body(unread)
    assert not unread.is_stream_consumed


async def test_F2b_05_a_gzip_bomb_never_unfolds() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    chunks = [bomb[start : start + 65_536] for start in range(0, len(bomb), 65_536)]
    tracemalloc.start()
    try:
        with pytest.raises(BadResponse, match="too_big"):
            await read_body(response(*chunks, content_encoding="gzip"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@pytest.mark.parametrize(("body", "encoding"), [(b"no gzip", "gzip"), (b"x", "br"), (b"x", "gzip, gzip")])
async def test_F2b_05_what_cannot_be_unpacked_is_a_bad_response(body: bytes, encoding: str) -> None:
    with pytest.raises(BadResponse, match="encoding"):
        await read_body(response(body, content_encoding=encoding))
