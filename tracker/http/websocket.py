"""``/ws``: one reader and one writer for each dashboard, which begin and end together."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tracker.access.principal import Need
from tracker.access.watchers import Watchers
from tracker.core.clock import Clock
from tracker.http.access import GuardedSocket, admitted, deny, sees_contacts
from tracker.http.errors import APIError, FieldFault
from tracker.http.frames import FRAMES
from tracker.http.origin import check_origin
from tracker.http.sites import site_of

MAX_MESSAGE_BYTES = 16 * 1024
MESSAGES_PER_SECOND = 20.0
MESSAGES_BURST = 40.0
MAX_SEQ_DIGITS = 16

RETRY_AFTER_S = "10"

POLICY_VIOLATION = 1008
TOO_BIG = 1009


class Dashboard(Protocol):
    """The hub's side of one connection (tracker/live/dashboard.py)."""

    async def frames(self) -> Sequence[bytes]: ...

    async def texts(self) -> Sequence[str]: ...

    def write_with(self, write_at_once: Callable[[bytes], bool]) -> None: ...

    async def ended(self) -> int | None: ...

    def end(self, code: int | None = None) -> None: ...


D = TypeVar("D", bound=Dashboard)


class Hub(Protocol[D]):
    """What a connection wants of the hub (tracker/live/hub.py)."""

    @property
    def is_full(self) -> bool: ...

    def turn_away(self) -> None: ...

    def join(
        self, site: str, *, naming: str, batch: bool, after_seq: int | None, sees_contacts: bool
    ) -> D: ...

    def leave(self, dashboard: D) -> None: ...

    async def receive(self, dashboard: D, text: str) -> None: ...

    def refuse(self, dashboard: D, message: str) -> None: ...


class LiveSocket(Generic[D]):
    """The ASGI endpoint of ``/ws``.

    Query: ``site``, ``naming`` (camel or snake), ``batch=1``, and ``resume`` with the
    number of the last message of an earlier connection: what came since is then
    sent instead of the first snapshot, while it is still known. Refused before the
    handshake: whoever may not read the site (401, 403, 404), pages of other origins
    (403), and whoever would be one too many for the limit of open files (503). When
    the access ends, so does the connection (1008).
    """

    def __init__(
        self, hub: Hub[D], clock: Clock, watchers: Watchers, allowed_origins: Collection[str] = ()
    ) -> None:
        self._hub = hub
        self._watchers = watchers
        self._clock = clock
        self._allowed_origins = frozenset(allowed_origins)

    def routes(self) -> list[BaseRoute]:
        return [GuardedSocket("/ws", self, Need.READ)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        try:
            check_origin(websocket, self._allowed_origins)
            site, naming = site_of(websocket), _naming(websocket)
            self._check_room()
        except APIError as error:
            await deny(websocket, error)
            return
        access = _Access()
        forget = self._watchers.watch(admitted(websocket).principal, site, access.end)
        try:
            await websocket.accept()
            dashboard = self._join(websocket, site, naming)
            access.of(dashboard)
            try:
                await _Conversation(websocket, self._hub, dashboard, self._clock).run()
            finally:
                self._hub.leave(dashboard)
        finally:
            forget()

    def _join(self, websocket: WebSocket, site: str, naming: str) -> D:
        return self._hub.join(
            site,
            naming=naming,
            batch=websocket.query_params.get("batch") == "1",
            after_seq=_after_seq(websocket),
            sees_contacts=sees_contacts(websocket),
        )

    def _check_room(self) -> None:
        if self._hub.is_full:
            self._hub.turn_away()
            raise APIError(503, "There are too many dashboards", headers={"Retry-After": RETRY_AFTER_S})


class _Access:
    """Closes a dashboard when its access ends, also when that was during the handshake."""

    __slots__ = ("_dashboard", "_is_over")

    def __init__(self) -> None:
        self._dashboard: Dashboard | None = None
        self._is_over = False

    def of(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        if self._is_over:
            dashboard.end(POLICY_VIOLATION)

    def end(self) -> None:
        self._is_over = True
        if self._dashboard is not None:
            self._dashboard.end(POLICY_VIOLATION)


class _Conversation(Generic[D]):
    """One connection from its handshake to its end."""

    def __init__(self, websocket: WebSocket, hub: Hub[D], dashboard: D, clock: Clock) -> None:
        self._websocket = websocket
        self._hub = hub
        self._dashboard = dashboard
        self._allowance = _Allowance(clock)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(self._read(), name="dashboard reader")
            writer = tasks.create_task(self._write(), name="dashboard writer")
            code = await self._dashboard.ended()
            reader.cancel()
            writer.cancel()
        if code is not None:
            await self._close(code)

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self._dashboard.end()
                return
            if not self._allowance.take():
                self._dashboard.end(POLICY_VIOLATION)
                return
            if _size_bytes(message) > MAX_MESSAGE_BYTES:
                self._dashboard.end(TOO_BIG)
                return
            text = message.get("text")
            if text is None:
                self._hub.refuse(self._dashboard, "A message must be text, not binary")
            else:
                await self._hub.receive(self._dashboard, text)

    async def _write(self) -> None:
        try:
            if FRAMES in self._websocket.scope.get("extensions", {}):
                await self._write_frames()
            else:
                await self._write_texts()
        except WebSocketDisconnect:
            self._dashboard.end()

    async def _write_frames(self) -> None:
        self._dashboard.write_with(self._websocket.scope["extensions"][FRAMES]["write"])
        while True:
            await self._websocket.send({"type": "websocket.send", FRAMES: await self._dashboard.frames()})

    async def _write_texts(self) -> None:
        while True:
            for text in await self._dashboard.texts():
                await _send_text(self._websocket, text)

    async def _close(self, code: int) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # the client was faster
            await self._websocket.close(code)


class _Allowance:
    """20 messages a second, 40 at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = MESSAGES_BURST
        self._filled_s = clock.now().monotonic_s

    def take(self) -> bool:
        now_s = self._clock.now().monotonic_s
        self._left = min(MESSAGES_BURST, self._left + (now_s - self._filled_s) * MESSAGES_PER_SECOND)
        self._filled_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


async def _send_text(websocket: WebSocket, text: str) -> None:
    try:
        await websocket.send_text(text)
    except RuntimeError as error:
        # uvicorn says so, and not ClientDisconnected, when it has closed by itself (a missed ping).
        raise WebSocketDisconnect(1006) from error


def _naming(websocket: WebSocket) -> str:
    naming = websocket.query_params.get("naming") or websocket.headers.get("x-naming") or "camel"
    if naming not in ("camel", "snake"):
        raise APIError(422, "The naming is not known", [FieldFault("naming", "must be camel or snake")])
    return naming


def _after_seq(websocket: WebSocket) -> int | None:
    text = websocket.query_params.get("resume", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_SEQ_DIGITS else None


def _size_bytes(message: Message) -> int:
    text = message.get("text")
    return len(text.encode()) if text is not None else len(message.get("bytes") or b"")
