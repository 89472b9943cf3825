"""The service as a dashboard sees it: the pages and ``/ws``, scripted by a test."""

import json
import logging
import mimetypes
import queue
import threading
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.browser.loop_thread import LoopThread

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PATIENCE_S = 15.0

_log = logging.getLogger("tests.fake_service")
_log.propagate = False


def iso(ago_s: float = 0.0) -> str:
    """Return the time ``ago_s`` seconds ago as the service writes it."""
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class FakeService:
    """Pages and a socket on loopback, in a thread of its own.

    ``snapshot`` is what a new dashboard gets (``None``: nothing). What dashboards
    send is in ``received``; pings and, when ``answers_resume``, resumes are answered. One
    that comes back gets ``missed`` instead of the snapshot, unless that is ``None``.
    ``visit`` is the answer about any session, ``past_visits`` those of any company.
    """

    def __init__(self) -> None:
        self.port = 0
        self.seq = 100
        self.snapshot: dict[str, Any] | None = empty_snapshot()
        self.answers_pings = True
        self.answers_resume = True
        self.handshakes = 0
        self.wants_login = False
        self.snapshots_sent = 0
        self.visit: dict[str, Any] = {"journey": [], "events": [], "endedAt": None}
        self.past_visits: list[dict[str, Any]] = []
        self.missed: list[tuple[str, dict[str, Any]]] | None = None
        self.received: queue.Queue[dict[str, Any]] = queue.Queue()
        self._dashboards: set[ServerConnection] = set()
        self._connected = threading.Condition()
        self._server: Server | None = None
        self._loop = LoopThread("fake service", PATIENCE_S)

    def __enter__(self) -> Self:
        self._loop.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the port of before if there was one."""
        self._loop.run(self._start())

    def stop(self) -> None:
        """Go away and cut every connection, as a service that ends does."""
        self._loop.run(self._stop())

    def send(self, *messages: tuple[str, dict[str, Any]], skip: int = 0) -> None:
        """Send one batch to every dashboard; ``skip`` sequence numbers are left out before it."""
        self.seq += skip
        batch = []
        for kind, data in messages:
            self.seq += 1
            batch.append({"type": kind, "data": data, "seq": self.seq})
        self.send_raw(json.dumps(batch))

    def send_raw(self, frame: str) -> None:
        self._loop.run(self._send(frame))

    def wait_for_dashboards(self, count: int) -> None:
        with self._connected:
            arrived = self._connected.wait_for(lambda: len(self._dashboards) == count, PATIENCE_S)
        assert arrived, f"{len(self._dashboards)} dashboards instead of {count}"

    def wait_for(self, kind: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Return the next message of this type; others before it are dropped."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            message = self.received.get(timeout=max(0.0, deadline_s - time.monotonic()))
            if message.get("type") == kind:
                return message

    # In the loop's thread

    async def _start(self) -> None:
        self._server = await serve(
            self._serve_dashboard,
            "127.0.0.1",
            self.port,
            process_request=self._serve_page,
            logger=_log,
            ping_interval=None,
            close_timeout=0.2,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is None:
            return
        self._server.close(code=1012)
        await self._server.wait_closed()
        self._server = None

    async def _send(self, frame: str) -> None:
        for dashboard in list(self._dashboards):
            await dashboard.send(frame)

    def _serve_page(self, _: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/ws":
            return None
        if path.startswith("/api/analytics/sessions/"):
            return _answer({**visitor("a"), **self.visit})
        if path == "/api/auth/me":
            mode = "required" if self.wants_login else "open"
            return _answer({"mode": mode, "needsSetup": False, "user": None, "site": "default", "sites": []})
        if path == "/api/visitors":
            if self.wants_login:
                return Response(HTTPStatus.UNAUTHORIZED, "No", Headers({"Content-Length": "0"}))
            return _answer({"visitors": [], "total": 0})
        if path == "/api/analytics/visits":
            return _answer({"visits": self.past_visits})
        if path in ("/", "/dashboard.html"):
            path = "/static/index.html"
        file = (STATIC / path.removeprefix("/static/")).resolve()
        if not path.startswith("/static/") or not file.is_relative_to(STATIC) or not file.is_file():
            return Response(HTTPStatus.NOT_FOUND, "Not Found", Headers({"Content-Length": "0"}))
        body = file.read_bytes()
        headers = Headers(
            {
                "Content-Type": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
                "Content-Length": str(len(body)),
                "Content-Security-Policy": CONTENT_SECURITY_POLICY,
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-cache",
                "Connection": "close",
            }
        )
        return Response(HTTPStatus.OK, "OK", headers, body)

    async def _serve_dashboard(self, dashboard: ServerConnection) -> None:
        self.handshakes += 1
        with self._connected:
            self._dashboards.add(dashboard)
            self._connected.notify_all()
        try:
            await self._greet(dashboard)
            async for frame in dashboard:
                message = json.loads(frame)
                self.received.put(message)
                await self._answer(dashboard, message)
        except ConnectionClosed:
            pass
        finally:
            with self._connected:
                self._dashboards.discard(dashboard)
                self._connected.notify_all()

    async def _greet(self, dashboard: ServerConnection) -> None:
        query = dashboard.request.path if dashboard.request else ""
        if self.missed is None or "resume=" not in query:
            await self._send_snapshot(dashboard)
            return
        for kind, data in self.missed:
            self.seq += 1
            await dashboard.send(json.dumps([{"type": kind, "data": data, "seq": self.seq}]))

    async def _answer(self, dashboard: ServerConnection, message: dict[str, Any]) -> None:
        if message["type"] == "ping" and self.answers_pings:
            pong = {"type": "pong", "data": {"serverTime": iso()}, "seq": self.seq}
            await dashboard.send(json.dumps([pong]))
        elif message["type"] == "resume" and self.answers_resume:
            await self._send_snapshot(dashboard)

    async def _send_snapshot(self, dashboard: ServerConnection) -> None:
        if self.snapshot is None:
            return
        self.snapshots_sent += 1
        data = {**self.snapshot, "serverTime": iso()}
        await dashboard.send(json.dumps([{"type": "snapshot", "data": data, "seq": self.seq}]))


def _answer(data: dict[str, Any]) -> Response:
    body = json.dumps({"success": True, "message": "", "data": data}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    return Response(HTTPStatus.OK, "OK", Headers(headers), body)


def empty_snapshot() -> dict[str, Any]:
    return snapshot([])


def snapshot(visitors: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """Return the data of a snapshot that shows ``visitors``; ``fields`` replace what it says else."""
    active = len(visitors)
    data: dict[str, Any] = {
        "visitors": visitors,
        "total": active,
        "stats": {"totalActive": active, "totalToday": active, "pagesVisited": {}},
        "averages": {"visitorsPerCompany": None, "sessionDuration": None, "sessionDurationToday": None},
        "recentEvents": [],
        "recentAlerts": [],
        "visitorsByMinute": [],
        "totalDashboards": 1,
        "upstream": {"status": "connected", "since": iso(600)},
        "hiddenSessions": 0,
    }
    return data | fields


def visitor(session_id: str, **fields: Any) -> dict[str, Any]:
    """Return a row of the table; ``fields`` replace parts of it."""
    row: dict[str, Any] = {
        "sessionId": session_id,
        "source": "upstream",
        "ip": "185.242.214.177",
        "company": {
            "guid": f"company-{session_id}",
            "name": "Nordwind Logistik",
            "domain": "nordwind.example",
        },
        "contact": {
            "name": "Anna Berger",
            "title": "Head of Procurement",
            "emailAddresses": ["anna.berger@nordwind.example"],
            "phoneNumbers": ["+49 30 5550 0142"],
        },
        "country": "DE",
        "device": "desktop",
        "currentPage": "/pricing",
        "journey": ["/", "/pricing"],
        "pageCount": 2,
        "openedAt": iso(184),
        "lastActivityAt": iso(12),
        "duration": 184.0,
        "status": "active",
        "enrichment": "identified",
    }
    return row | fields


def event(event_id: str, **fields: Any) -> dict[str, Any]:
    """Return an entry of the feed; ``fields`` replace parts of it."""
    data: dict[str, Any] = {
        "id": event_id,
        "type": "pageview",
        "sessionId": "a",
        "page": "/pricing",
        "timestamp": iso(),
        "country": "DE",
        "device": "mobile",
        "userId": None,
        "metadata": {},
    }
    return data | fields
