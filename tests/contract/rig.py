"""One stage for the tests of the contract: emitter, deanonymizer, service, dashboard, all on sockets."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from emitters.sessions import SessionEmitter
from tests.support.clock import ShiftedClock
from tests.support.dashboard import DashboardClient, open_dashboard
from tests.support.service import WAIT_S, RunningService, run_service, settings_for_tests, until
from tracker.core.inputs import Tick

ACME = "185.242.1.1"
GLOBEX = "185.242.1.2"
CLOUD = "185.242.1.4"
DATA_CENTER_GUID = "b8e8879e-3382-4908-8f1e-7638473d0913"
SITE_MESSAGES = {
    "visitor_update", "session_activity", "session_ended", "averages", "user_connected", "user_disconnected",
    "alert", "upstream_status", "reset",
}  # fmt: skip
"""Types that carry a number of their own; answers to one dashboard repeat the last one."""


class Stage(NamedTuple):
    service: RunningService
    emitter: SessionEmitter
    dashboard: DashboardClient
    clock: ShiftedClock

    async def say(self, kind: str, session_id: str = "a", ip: str = ACME, at: float | None = None) -> None:
        """Send a frame of the emitter; ``at`` is Unix seconds, ``None`` sends no timestamp."""
        await self.emitter.send(frame(kind, session_id, ip, at))

    async def settle(self) -> None:
        """Wait until the service has taken everything sent so far: frames keep their order."""
        # Another one each time: what is closed does not come back.
        settled = f"settled-{self.emitter.frames_sent}"
        await self.say("session-opened", settled, "192.168.0.1")
        await self.dashboard.wait_for(lambda seen: settled in seen.rows)
        await self.say("session-closed", settled, "192.168.0.1")
        await self.dashboard.wait_for(lambda seen: settled not in seen.rows)

    def pass_time(self, seconds: int) -> None:
        """Let the service's clock tick on, a second at a time: a leap would be taken for a stall."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.service.service.pipeline.feed(Tick(self.clock.now()))

    async def row(self, session_id: str = "a") -> dict[str, Any]:
        """Wait until the dashboard shows the session and return its row."""
        await self.dashboard.wait_for(lambda seen: session_id in seen.rows)
        return self.dashboard.rows[session_id]

    async def gone(self, session_id: str = "a", within_s: float = WAIT_S) -> str:
        """Wait until the row goes and return the last reason."""
        await self.dashboard.wait_for(lambda seen: session_id not in seen.rows, within_s)
        return self.ends(session_id)[-1]

    def ends(self, session_id: str = "a") -> list[str]:
        ended = self.dashboard.of_type("session_ended")
        return [data["reason"] for data in ended if data["sessionId"] == session_id]

    async def drops(self) -> dict[str, int]:
        status = await self.service.get("/api/status")
        drops: dict[str, int] = status["core"]["drops"]
        return drops


@asynccontextmanager
async def stage(vendor: Deanonymizer | None = None, **values: object) -> AsyncIterator[Stage]:
    """The service with an emitter, a dashboard that watches, and ``vendor`` where lookups are wanted.

    Who is looked up is shown when that has settled, however slow the machine is.
    """
    values = {"sessions__reveal_after_s": 60, **values}
    if vendor is not None:
        values = {"deanonymizer__url": vendor.url, **values}
    clock = ShiftedClock()
    async with SessionEmitter(world=World(1, 20)) as emitter:
        settings = settings_for_tests(upstream__url=emitter.url, **values)
        async with (
            run_service(settings, clock) as service,
            open_dashboard(service.socket_url) as dashboard,
        ):
            await emitter.wait_for_clients(1)
            failed = None
            try:
                yield Stage(service, emitter, dashboard, clock)
            except Exception as error:
                # Through the task group it would be lost behind the end of the dashboard's connection.
                failed = error
    if failed is not None:
        raise failed


class Listener:
    """A client that only keeps what it gets: every frame, and the messages in them."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[str] = []
        self.messages: list[dict[str, Any]] = []

    async def read(self) -> None:
        with suppress(ConnectionClosedError):
            async for text in self.socket:
                assert isinstance(text, str)
                self.frames.append(text)
                decoded = json.loads(text)
                self.messages += decoded if isinstance(decoded, list) else [decoded]

    async def ask(self, **message: object) -> None:
        await self.socket.send(json.dumps(message))

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message["data"] for message in self.messages if message["type"] == kind]

    async def wait_for(self, kind: str, count: int = 1, within_s: float = WAIT_S) -> dict[str, Any]:
        """Wait for the message number ``count`` of ``kind`` and return its data."""
        await until(lambda: len(self.of_type(kind)) >= count, within_s)
        return self.of_type(kind)[count - 1]


def numbers_rise_by_one(listener: Listener) -> bool:
    seqs = [message["seq"] for message in listener.messages if message["type"] in SITE_MESSAGES]
    return bool(seqs) and seqs == list(range(seqs[0], seqs[0] + len(seqs)))


async def page(service: RunningService, session_id: str = "s", path: str = "/a", **fields: Any) -> None:
    event = {"type": "pageview", "sessionId": session_id, "page": path, **fields}
    assert (await service.post(event)).status_code == 201


async def told(http: httpx.AsyncClient, metric: str) -> float:
    """The sum of the series of ``metric`` on ``/metrics``; its labels may be part of the name."""
    lines = (await http.get("/metrics")).text.splitlines()
    values = [
        line.rsplit(" ", 1)[1] for line in lines if re.match(rf"tracker_{re.escape(metric)}[ {{]", line)
    ]
    assert values, metric
    return sum(map(float, values))


@asynccontextmanager
async def listen(socket_url: str, query: str = "", **options: Any) -> AsyncIterator[Listener]:
    """Connect to ``/ws`` and keep what comes."""
    async with asyncio.TaskGroup() as tasks, connect(socket_url + query, proxy=None, **options) as socket:
        listener = Listener(socket)
        reading = tasks.create_task(listener.read(), name="listener")
        yield listener
        reading.cancel()


def frame(kind: str, session_id: str = "a", ip: str = ACME, at: float | None = None) -> dict[str, str]:
    timestamp = {} if at is None else {"timestamp": iso(at)}
    return {"eventType": kind, "ip": ip, "guid": session_id, **timestamp}


def iso(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def knows(vendor: Deanonymizer, ip: str, company: str, guid: str | None = None, **contact: Any) -> None:
    """Let ``vendor`` know ``company``, and a contact where fields of one are given, behind ``ip``."""
    data: dict[str, Any] = {
        "company": {"guid": guid or f"guid-{company}", "name": company, "domain": "a.example"}
    }
    if contact:
        data["contact"] = {"guid": "guid-contact", **contact}
    vendor.answer_with(ip, 200, {"ip": ip, "data": data})


def asked(vendor: Deanonymizer) -> list[str]:
    return [call.ip for call in vendor.calls]


async def status_is(service: RunningService, *path: str, value: object) -> None:
    """Wait until the value at ``path`` of ``/api/status`` is ``value``."""

    async def holds() -> bool:
        found: Any = await service.get("/api/status")
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return bool(found == value)

    await until(holds)
