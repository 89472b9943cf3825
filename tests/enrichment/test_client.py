"""The client alone: on replayed answers where that is enough, on sockets where the network matters."""

import asyncio
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest
import respx

from tests.enrichment.rig import ACME, client_of
from tests.enrichment.server import COMPANY, always, answer, delayed, found, hang, in_turn, serving
from tests.support.clock import START, FakeClock
from tracker.enrichment.client import DeanonymizerClient
from tracker.enrichment.errors import BadResponse, EnrichmentError, RateLimited, Rejected, Unavailable
from tracker.enrichment.filters import AnswerFilter
from tracker.settings import Deanonymizer, Filters

URL = "http://deanonymizer.test/deanonymize"
ACME_BODY = {"ip": "1.1.1.1", "data": {"company": COMPANY}}


class Replay(httpx.AsyncBaseTransport):
    """Hands answers of respx on unread, as a network would."""

    def __init__(self, router: respx.MockRouter) -> None:
        self._router = router

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._router.async_handler(request)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=httpx.ByteStream(response.content)
        )


def replaying(router: respx.MockRouter) -> DeanonymizerClient:
    return over(lambda: Replay(router))


def over(new_transport: Callable[[], httpx.AsyncBaseTransport]) -> DeanonymizerClient:
    return DeanonymizerClient(
        Deanonymizer(url=URL), AnswerFilter(Filters()), FakeClock(), new_transport=new_transport
    )


async def outcome(response: httpx.Response) -> object:
    """What ``ask`` makes of ``response``: the identity, or the error."""
    router = respx.MockRouter()
    router.post(URL).mock(return_value=response)
    client = replaying(router)
    try:
        return await client.ask("1.1.1.1")
    except EnrichmentError as error:
        return error
    finally:
        await client.aclose()


async def test_S4_21_asks_by_post_with_the_address_and_nothing_else() -> None:
    router = respx.MockRouter()
    route = router.post(URL).mock(return_value=httpx.Response(200, json=ACME_BODY))
    assert await replaying(router).ask("1.1.1.1") == ACME
    request = route.calls.last.request
    assert request.content == b'{"ip":"1.1.1.1"}'
    assert request.headers["accept-encoding"] == "identity"
    assert {"cookie", "authorization", "referer"}.isdisjoint(request.headers)


async def test_F2b_01_404_is_nobody() -> None:
    assert await outcome(httpx.Response(404, text="who?")) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, "server_error"),
        (503, "server_error"),
        (408, "timeout"),
        (400, "rejected"),
        (401, "rejected"),
        (429, "rate_limited"),
        (204, "bad_response"),
        (302, "bad_response"),
    ],
)
async def test_each_status_has_its_error(status: int, kind: str) -> None:
    error = await outcome(httpx.Response(status, headers={"location": URL}))
    assert isinstance(error, EnrichmentError)
    assert error.kind == kind


async def test_F2b_03_retry_after_of_429_and_503() -> None:
    date = formatdate(START.unix_s + 50, usegmt=True)
    limited = await outcome(httpx.Response(429, headers={"retry-after": date}))
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s == 50
    busy = await outcome(httpx.Response(503, headers={"retry-after": "9"}))
    assert isinstance(busy, Unavailable)
    assert busy.retry_after_s == 9
    down = await outcome(httpx.Response(503))
    assert isinstance(down, Unavailable)
    assert down.retry_after_s is None


async def test_F2b_05_html_with_status_200_is_a_bad_response() -> None:
    error = await outcome(httpx.Response(200, html="<h1>Welcome</h1>"))
    assert isinstance(error, BadResponse)


async def test_rejected_carries_the_status() -> None:
    error = await outcome(httpx.Response(403))
    assert isinstance(error, Rejected)
    assert error.status == 403


async def test_S4_14_redirects_are_not_followed_and_cookies_not_kept() -> None:
    moved = answer(307, b"", {"location": "/elsewhere", "set-cookie": "a=b"})
    async with serving(in_turn(moved, found())) as server:
        client = client_of(server.url)
        with pytest.raises(BadResponse):
            await client.ask("1.1.1.1")
        assert await client.ask("1.1.1.1") is not None
        assert len(server.asked) == 2
        assert "cookie" not in server.headers[1]
        await client.aclose()


async def test_S4_14_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with serving(always(found())) as server:
        client = client_of(server.url)
        assert await client.ask("1.1.1.1") == ACME
        await client.aclose()


async def test_connections_are_kept_alive() -> None:
    async with serving(in_turn(found(), answer(404, {}), answer(500, {}), found())) as server:
        client = client_of(server.url)
        await client.ask("1.1.1.1")
        await client.ask("2.2.2.2")
        with pytest.raises(Unavailable):
            await client.ask("3.3.3.3")
        await client.ask("4.4.4.4")
        assert server.connections == 1
        await client.aclose()


async def test_nobody_listening_is_unavailable() -> None:
    async with serving(always(found())) as server:
        url = server.url
    client = client_of(url)
    with pytest.raises(Unavailable) as error:
        await client.ask("1.1.1.1")
    assert error.value.reason == "connection"
    await client.aclose()


async def test_more_callers_than_connections_wait_for_one_another() -> None:
    async with serving(always(delayed(found(), 0.3))) as server:
        client = client_of(server.url, concurrency=2)
        answers = await asyncio.gather(*(client.ask("1.1.1.1") for _ in range(6)))
        assert answers == [ACME] * 6
        assert (server.connections, client.pools_rebuilt) == (2, 0)
        await client.aclose()


class StuckOnce:
    """Makes a pool without free slots, then good ones."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> httpx.AsyncBaseTransport:
        self.made += 1
        is_stuck = self.made == 1

        async def handle(_: httpx.Request) -> httpx.Response:
            await asyncio.sleep(0)
            if is_stuck:
                raise httpx.PoolTimeout("")
            return httpx.Response(404)

        return httpx.MockTransport(handle)


async def test_F2b_04_a_stuck_pool_is_replaced_once_however_many_find_it() -> None:
    pools = StuckOnce()
    client = over(pools)
    assert await asyncio.gather(*(client.ask("1.1.1.1") for _ in range(8))) == [None] * 8
    assert (pools.made, client.pools_rebuilt) == (2, 1)
    await client.aclose()


class Leaky(httpx.AsyncBaseTransport):
    """A pool that answers nobody new, and what is under way when ``released``."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if b"9.9.9.9" in request.content:
            raise httpx.PoolTimeout("")
        await self.released.wait()
        return httpx.Response(500 if self.closed else 404)

    async def aclose(self) -> None:
        self.closed = True


async def test_calls_under_way_finish_on_the_old_pool_which_is_closed_after_them() -> None:
    leaky = Leaky()
    good = httpx.MockTransport(lambda _: httpx.Response(404))
    pools: list[httpx.AsyncBaseTransport] = [leaky, good, good]
    client = over(lambda: pools.pop(0))
    async with asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(client.ask("1.1.1.1"))
        await asyncio.sleep(0)
        assert await client.ask("9.9.9.9") is None
        assert leaky.closed is False
        leaky.released.set()
    assert (slow.result(), leaky.closed) == (None, True)
    await client.aclose()


async def test_a_call_ends_within_the_deadline_it_is_given() -> None:
    async with serving(always(hang)) as server:
        client = client_of(server.url)
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable) as error:
            await client.ask("1.1.1.1", deadline_s=0.1)
        assert error.value.reason == "timeout"
        assert asyncio.get_running_loop().time() - began < 4, "5 s unless it is told otherwise"
        await client.aclose()
