"""FAULTS.md 4.9: what every answer carries, over TLS and without, on the quick way and on the usual one."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tests.access.opened import open_access
from tests.support.server import serve
from tracker.http.access import PUBLIC, Gate, GuardedRoute
from tracker.http.app import DirectRoute, build_app
from tracker.http.clients import ClientAddresses
from tracker.http.errors import APIError
from tracker.http.headers import SECURITY_HEADERS, with_security_headers

STRICT = "strict-transport-security"
OVER_TLS = {"x-forwarded-proto": "https"}


async def _good(request: Request) -> Response:
    return Response(b"{}")


async def _refuses(request: Request) -> Response:
    raise APIError(422, "No")


async def _fails(request: Request) -> Response:
    raise RuntimeError


async def _streams(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    return StreamingResponse(chunks())


ENDPOINTS = {"good": _good, "refuses": _refuses, "fails": _fails}
EXPECTED = {
    "/direct/good": 200, "/direct/refuses": 422, "/direct/fails": 500,
    "/usual/good": 200, "/usual/refuses": 422, "/usual/fails": 500,
    "/streams": 200, "/nowhere": 404,
}  # fmt: skip


async def _asked(trusted: tuple[str, ...], headers: dict[str, str], most: int = 10) -> list[httpx.Response]:
    """Return an answer of every kind."""
    routes = [
        *(DirectRoute(f"/direct/{name}", endpoint, PUBLIC) for name, endpoint in ENDPOINTS.items()),
        *(GuardedRoute(f"/usual/{name}", endpoint, PUBLIC) for name, endpoint in ENDPOINTS.items()),
        GuardedRoute("/streams", _streams, PUBLIC),
    ]
    async with open_access() as opened:
        app = build_app(routes, Gate(opened.access, ClientAddresses(trusted)), max_requests=most)
        async with serve(app) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
            return [await http.get(path, headers=headers) for path in EXPECTED]


@pytest.mark.parametrize(
    ("trusted", "said", "is_strict"),
    [
        (("127.0.0.1",), "https", True),
        (("127.0.0.0/8",), "http, HTTPS", True),
        (("127.0.0.1",), "https, http", False),
        (("127.0.0.1",), "http", False),
        (("127.0.0.1",), None, False),
        (("10.0.0.1",), "https", False),
        ((), "https", False),
    ],
)
async def test_S4_09_only_answers_over_tls_ask_for_tls_for_ever(
    trusted: tuple[str, ...], said: str | None, is_strict: bool
) -> None:
    answers = await _asked(trusted, {} if said is None else {"x-forwarded-proto": said})
    assert [answer.status_code for answer in answers] == list(EXPECTED.values())
    for answer in answers:
        expected = ["max-age=31536000"] if is_strict else []
        assert answer.headers.get_list(STRICT) == expected, answer.request.url


async def test_S4_09_an_answer_that_there_is_no_room_for_carries_them_too() -> None:
    for answer in await _asked(("127.0.0.1",), OVER_TLS, most=0):
        assert answer.status_code == 503
        assert answer.headers[STRICT] == "max-age=31536000"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_S4_09_the_same_headers_on_good_answers_and_bad() -> None:
    for answer in await _asked((), {}):
        for name, value in SECURITY_HEADERS:
            assert answer.headers.get_list(name.decode()) == [value.decode()], answer.request.url


def test_ours_take_the_place_of_those_that_are_there() -> None:
    theirs = [(b"x-content-type-options", b"off"), (b"cache-control", b"public")]
    assert with_security_headers(theirs) == [(b"cache-control", b"public"), *SECURITY_HEADERS]
