"""``/ws``: one reader and one writer for each dashboard, which begin and end together."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tracker.core.clock import Clock
from tracker.http.errors import APIError, FieldFault
from tracker.http.frames import FRAMES
from tracker.http.origin import check_origin
from tracker.http.responses import failure
from tracker.http.sites import site_of

MAX_MESSAGE_BYTES = 16 * 1024
MESSAGES_PER_SECOND = 20.0
MESSAGES_BURST = 40.0
MAX_SEQ_DIGITS = 16

POLICY_VIOLATION = 1008
TOO_BIG = 1009


class Dashboard(Protocol):
    """The hub's side of one connection (tracker/live/dashboard.py)."""

    async def frames(self) -> Sequence[bytes]: ...

    async def texts(self) -> Sequence[str]: ...

    async def ended(self) -> int | None: ...

    def end(self, code: int | None = None) -> None: ...


D = TypeVar("D", bound=Dashboard)


class Hub(Protocol[D]):
    """What a connection wants of the hub (tracker/live/hub.py)."""

    def join(self, site: str, *, naming: str, batch: bool, after_seq: int | None) -> D: ...

    def leave(self, dashboard: D) -> None: ...

    async def receive(self, dashboard: D, text: str) -> None: ...

    def refuse(self, dashboard: D, message: str) -> None: ...


class LiveSocket(Generic[D]):
    """The ASGI endpoint of ``/ws``.

    Query: ``site``, ``naming`` (camel or snake), ``batch=1``, and ``resume`` with the
    number of the last message of an earlier connection: what came since is then
    sent instead of the first snapshot, while it is still known. Refused before the
    handshake: pages of other origins (403), unknown sites (404).
    """

    def __init__(self, hub: Hub[D], clock: Clock, allowed_origins: Collection[str] = ()) -> None:
        self._hub = hub
        self._clock = clock
        self._allowed_origins = frozenset(allowed_origins)

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/ws", self)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        try:
            check_origin(websocket, self._allowed_origins)
            site, naming = site_of(websocket), _naming(websocket)
        except APIError as error:
            await _deny(websocket, error)
            return
        await websocket.accept()
        dashboard = self._hub.join(
            site,
            naming=naming,
            batch=websocket.query_params.get("batch") == "1",
            after_seq=_after_seq(websocket),
        )
        try:
            await _Conversation(websocket, self._hub, dashboard, self._clock).run()
        finally:
            self._hub.leave(dashboard)


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


async def _deny(websocket: WebSocket, error: APIError) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(failure(error))
    else:
        await websocket.close()


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
