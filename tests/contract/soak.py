"""Everything at once for a long time: load, bad networks, failing lookups, kills; then the accounts.

The service is the real process with its store on disk. Emitter, deanonymizer, senders and
dashboards are in this process, behind proxies that break their connections.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from emitters.deanonymizer import Deanonymizer
from emitters.population import DATA_CENTERS, World
from emitters.sessions import SessionEmitter
from tests.contract.soak_clients import Dashboard, Event, Stored, Traffic
from tests.contract.soak_process import Lives
from tests.support.fault_proxy import FaultProxy
from tests.support.service import until

IDLE_TIMEOUT_S = 15
SILENCE_S = 5
FRAMES_PER_SECOND = 20
SETTLE_S = 60.0
ARRAY = 20
SHARE_OF_SINGLE_EVENTS = 0.2


class Plan(NamedTuple):
    load_s: float
    events_per_second: float
    drop_every_s: float
    kill_every_s: float

    @property
    def last_kill_s(self) -> float:
        """Then one process stays for two fifths of the time, so that its memory can be watched."""
        return self.load_s * 0.6


class Soak:
    """One run: the parts, what is done to them, and what is asked at the end."""

    def __init__(
        self, plan: Plan, lives: Lives, emitter: SessionEmitter, feed: FaultProxy, door: FaultProxy, site: str
    ) -> None:
        self.plan = plan
        self.lives = lives
        self.emitter = emitter
        self.site = site
        self.traffic = Traffic(door, site, lambda: lives.number)
        self.drops: dict[str, int] = {"reset": 0, "half-open": 0, "cut": 0}
        self.unread = 0
        """How often the dashboard came that does not read."""
        self.dashboards: dict[str, Dashboard] = {}
        self._feed = feed
        self._door = door
        self._rng = random.Random(1)

    async def load(self) -> None:
        """Let it all happen for ``load_s``; every event that was begun is acknowledged at the end."""
        rate = self.plan.events_per_second
        single = rate * SHARE_OF_SINGLE_EVENTS / 3
        async with asyncio.TaskGroup() as tasks:
            chaos = [tasks.create_task(work(), name=work.__name__) for work in (self._drop, self._kill)]
            watching = tasks.create_task(self.lives.watch(), name="samples")
            for number in range(3):
                tasks.create_task(self.traffic.send(f"single{number}", single, 1))
            tasks.create_task(self.traffic.send("arrays", rate * (1 - SHARE_OF_SINGLE_EVENTS), ARRAY))
            await asyncio.sleep(self.plan.load_s)
            for task in (*chaos, watching):
                task.cancel()
            self._feed.heal()
            self._door.down.cut_after(None)
            self.traffic.end()

    async def _drop(self) -> None:
        kinds = list(self.drops)
        while True:
            await asyncio.sleep(self.plan.drop_every_s * self._rng.uniform(0.8, 1.2))
            # In turns that chance decides, so that a short run has each of them.
            kind = kinds.pop(self._rng.randrange(len(kinds)))
            kinds = kinds or list(self.drops)
            self.drops[kind] += 1
            await self._break_feed(kind)

    async def _break_feed(self, kind: str) -> None:
        connections = self._feed.connections
        if kind == "reset":
            self._feed.reset()
        elif kind == "half-open":
            self._feed.half_open = True
        else:
            self._feed.down.cut_after(self._rng.randrange(1000))
        # Answers to senders get lost at the same time: they were stored, and are sent again.
        self._door.down.cut_after(self._rng.randrange(100))
        await asyncio.sleep(0.2)
        self._door.down.cut_after(None)
        with suppress(AssertionError):
            await until(lambda: self._feed.connections > connections, 3.0 * SILENCE_S)
        self._feed.heal()

    async def _kill(self) -> None:
        due_s = self.plan.kill_every_s
        began_s = time.monotonic()
        while due_s <= self.plan.last_kill_s:
            await asyncio.sleep(began_s + due_s - time.monotonic())
            await self.lives.kill()
            await self.lives.start()
            due_s += self.plan.kill_every_s

    async def never_read(self) -> None:
        """A dashboard that reads next to nothing, in every life; it comes again when it was cut off."""
        while True:
            with suppress(OSError, TimeoutError, WebSocketException):
                if self.lives.is_running:
                    # No proxy, which would read in its place. The library stops reading at so few frames.
                    url = f"{self.lives.process.socket_url}?batch=1&site={self.site}"
                    async with connect(url, proxy=None, max_queue=1, close_timeout=0.1) as socket:
                        self.unread += 1
                        async with asyncio.timeout(20.0):
                            await socket.wait_closed()
            await asyncio.sleep(0.5)

    def expected_in_table(self) -> tuple[set[str], set[str]]:
        """Who has to be in the table of the feed, and who may be: some belong to data centres."""
        hidden = {center.guid for center in DATA_CENTERS}
        residents = self.emitter.world.residents
        there = dict(self.emitter.open_sessions)
        must = {
            guid
            for guid, ip in there.items()
            if not ((who := residents.get(ip)) and who.company and who.company.guid in hidden)
        }
        return must, set(there)


class Questions:
    """What the service says of itself over HTTP, without a proxy in between."""

    def __init__(self, http: httpx.AsyncClient, site: str) -> None:
        self._http = http
        self._site = site

    async def get(self, path: str, **query: str | int) -> Any:
        answer = await self._http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def of_site(self, path: str, **query: str | int) -> Any:
        return await self.get(path, site=self._site, **query)

    async def stored(self) -> Stored:
        """Every event of the history, read as a stream."""
        stored = Stored()
        query = {"format": "ndjson", "range": "day", "site": self._site}
        decoder = msgspec.json.Decoder(Event)
        async with self._http.stream("GET", "/api/analytics/export", params=query) as answer:
            assert answer.status_code == 200
            async for line in answer.aiter_lines():
                stored.add(decoder.decode(line).id)
        return stored

    async def table(self) -> set[str]:
        """Who is in the table of the feed."""
        return {row["sessionId"] for row in (await self.get("/api/visitors"))["visitors"]}

    async def comes_true(self, holds: Callable[[], Any]) -> bool:
        with suppress(AssertionError):
            return bool(await until(holds, SETTLE_S))
        return False


@asynccontextmanager
async def soaked(folder: Path, plan: Plan) -> AsyncIterator[tuple[Soak, Questions]]:
    """Run the plan, then give what ran, still alive, and somebody to ask it."""
    world = World(1)
    async with AsyncExitStack() as stack:
        emitter = await stack.enter_async_context(SessionEmitter(rate=FRAMES_PER_SECOND, world=world))
        vendor = await stack.enter_async_context(Deanonymizer(failures=0.1, world=world))
        feed = await stack.enter_async_context(FaultProxy(emitter.url))
        lookups = await stack.enter_async_context(FaultProxy(vendor.url))
        door = await stack.enter_async_context(FaultProxy("http://127.0.0.1:9"))
        screens = await stack.enter_async_context(FaultProxy("ws://127.0.0.1:9"))
        lookups.down.latency_s = 0.02
        settings = (
            f"upstream.url={feed.url}",
            f"upstream.silence_timeout_s={SILENCE_S}",
            f"deanonymizer.url={lookups.url}",
            f"sessions.idle_timeout_s={IDLE_TIMEOUT_S}",
            f"server.timezone={_where_it_is_noon()}",
            "limits.ingest_per_second=0",
        )
        lives = Lives(folder, settings, door, screens)
        await lives.start()
        stack.push_async_callback(lives.kill)
        async with httpx.AsyncClient(base_url=door.url, trust_env=False) as http:
            answer = await http.post("/api/auth/register", json={"name": "Shop"})
        site: str = answer.raise_for_status().json()["data"]["site"]
        soak = Soak(plan, lives, emitter, feed, door, site)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        soak.dashboards = {name: Dashboard(screens, name) for name in ("default", site)}
        standing = [tasks.create_task(dashboard.run()) for dashboard in soak.dashboards.values()]
        standing.append(tasks.create_task(soak.never_read()))
        await soak.load()
        http = httpx.AsyncClient(base_url=lives.process.base_url, trust_env=False, timeout=SETTLE_S)
        yield soak, Questions(await stack.enter_async_context(http), site)
        for task in standing:
            task.cancel()


def _where_it_is_noon() -> str:
    """A time zone in which today neither began nor ends during the run."""
    offset = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-offset:+d}" if offset else "UTC"
