import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from emitters.http1 import Reply, Request, read_request, reply_bytes
from emitters.population import World
from emitters.traffic import Traffic
from tests.support.timing import TRIES

pytestmark = pytest.mark.timeout(60)

WORLD = World(seed=1, size=200)
CREATED = Reply(201, b'{"success":true,"data":{}}')


class Site:
    """A service that keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.reply = CREATED
        self.requests: list[Request] = []
        self.url = ""
        self._changed = asyncio.Condition()

    @property
    def events(self) -> list[Any]:
        bodies = [json.loads(request.body) for request in self.requests]
        return [event for body in bodies for event in (body if isinstance(body, list) else [body])]

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._converse, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/events"
        try:
            yield
        finally:
            server.close()

    async def wait_for_requests(self, count: int) -> None:
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= count)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await read_request(reader)) is not None:
            self.requests.append(request)
            writer.write(reply_bytes(self.reply))
            async with self._changed:
                self._changed.notify_all()
        writer.close()


@asynccontextmanager
async def _running(traffic: Traffic) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(traffic.run())
        yield
        task.cancel()


async def test_events_arrive_one_by_one_or_as_arrays() -> None:
    site, said = Site(), list[str]()
    async with site.listening():
        for rate in (5.0, 500.0):
            traffic = Traffic(site.url, rate=rate, world=WORLD, key="secret", say=said.append)
            already = len(site.requests)
            async with _running(traffic):
                await site.wait_for_requests(already + 3)
            assert traffic.sent >= 3
            assert traffic.accepted >= 2
    assert {type(json.loads(request.body)) for request in site.requests} == {dict, list}
    assert {request.headers["x-api-key"] for request in site.requests} == {"secret"}
    assert {request.path for request in site.requests} == {"/api/events"}
    assert {event["type"] for event in site.events} >= {"pageview", "click"}
    assert said == []


async def test_the_rate_is_kept() -> None:
    site = Site()
    async with site.listening():
        traffic = Traffic(site.url, rate=100, speed=5, world=WORLD)
        async with _running(traffic):
            await site.wait_for_requests(1)
            for _ in range(TRIES):
                began_s, before = time.monotonic(), len(site.events)
                await asyncio.sleep(0.6)
                rate = (len(site.events) - before) / (time.monotonic() - began_s)
                if 330 <= rate <= 670:
                    break
        assert 330 <= rate <= 670


async def test_a_service_that_is_away_is_named_once_and_found_again() -> None:
    site, said = Site(), asyncio.Queue[str]()
    async with site.listening():
        url, port = site.url, int(site.url.split(":")[2].split("/")[0])
    traffic = Traffic(url, rate=50, world=WORLD, say=said.put_nowait)
    async with _running(traffic), asyncio.timeout(30):
        assert (await said.get()).startswith(f"traffic: no answer from {url}")
        while traffic.statuses["no answer"] < 3:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        assert said.empty()
        async with site.listening(port):
            await site.wait_for_requests(3)
        assert await said.get() == f"traffic: {url} takes events again"
    assert traffic.statuses["no answer"] > 1
    assert said.empty()


async def test_a_refusal_is_named_once_and_not_hammered() -> None:
    site, said = Site(), list[str]()
    site.reply = Reply(401, b"{}")
    async with site.listening():
        async with _running(Traffic(site.url, rate=100, world=WORLD, say=said.append)):
            await site.wait_for_requests(2)
        assert len(site.requests) <= 3
    assert said == [f"traffic: {site.url} answers 401; trying on"]


async def test_retry_after_is_obeyed() -> None:
    site, said = Site(), list[str]()
    site.reply = Reply(429, b"{}", {"Retry-After": "30"})
    async with site.listening(), _running(Traffic(site.url, rate=100, world=WORLD, say=said.append)):
        await site.wait_for_requests(1)
        await asyncio.sleep(0.8)
        assert len(site.requests) == 1


async def test_a_status_line_comes_now_and_then() -> None:
    site, said = Site(), asyncio.Queue[str]()
    lines = []
    async with site.listening():
        traffic = Traffic(site.url, rate=50, world=WORLD, say=said.put_nowait, status_every_s=0.2)
        async with _running(traffic), asyncio.timeout(15):
            lines = [await said.get() for _ in range(2)]
    assert all(line.startswith("traffic: ") and "accepted" in line for line in lines)


async def test_an_array_counts_what_the_answer_says() -> None:
    site = Site()
    site.reply = Reply(207, b'{"success":true,"data":{"accepted":1,"duplicates":0,"rejected":[]}}')
    async with site.listening():
        traffic = Traffic(site.url, rate=200, world=WORLD)
        async with _running(traffic):
            await site.wait_for_requests(3)
        assert traffic.accepted < traffic.sent
