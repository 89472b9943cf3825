"""The deanonymizer: an HTTP service that knows who is behind an address, most of the time."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from random import Random

import msgspec

from emitters.answer_faults import ANSWER_FAULTS, WHOLE_FAULTS, WIRE_FAULTS, Call, Exchange
from emitters.http1 import (
    BadRequest,
    Reply,
    Request,
    read_request,
    reply_bytes,
    retry_after_header,
)
from emitters.listener import Listener
from emitters.population import World

DEFAULT_PORT = 4830
PATH = "/deanonymize"

_CALLS_KEPT = 100_000
_DRIP_PAUSE_S = 0.3
_NOBODY = Reply(404, b'{"message":"Nobody is known at this address"}')
_FAILED = Reply(500, b'{"message":"Internal server error"}')


class _Question(msgspec.Struct):
    ip: str


class Deanonymizer(Listener):
    """``POST /deanonymize`` with ``{"ip": …}``, in this process.

    200 with who is known there, 404 when nobody is, 400 when it is no address.
    ``stop`` and ``start`` close and open the service on the same port.

    Args:
        port: 0 takes any free port, which ``port`` and ``url`` then name.
        failures: share of the calls that get a 500 by chance, 0 to 1.
        rate: calls a second that are answered; what is beyond gets 429. 0 is no limit.
        speed: divides every wait.
        faults: names of ``ANSWER_FAULTS``; one of them, by chance, happens to
            ``fault_rate`` of the calls.
        latency_s: how late the fault ``latency`` answers.
        retry_after: what 429 and 503 say: seconds, ``date``, any text, empty for none.

    Attributes:
        calls: the calls that were understood, the last 100,000.
        connections: TCP connections ever accepted.
        in_flight: calls that wait for their answer now.
        answers: replies by status.
        stray_paths: requests for anything but the one path, by path; at most 100 paths.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        failures: float = 0.0,
        rate: float = 0.0,
        speed: float = 1.0,
        faults: Sequence[str] = (),
        fault_rate: float = 1.0,
        latency_s: float = 2.0,
        retry_after: str = "2",
        world: World | None = None,
    ) -> None:
        super().__init__(host, port)
        self.world = world or World(seed)
        self.failures = failures
        self.rate = rate
        self.speed = speed
        self.fault_rate = fault_rate
        self.latency_s = latency_s
        self.retry_after = retry_after
        self.calls: list[Call] = []
        self.connections = 0
        self.in_flight = 0
        self.answers: Counter[int] = Counter()
        self.stray_paths: Counter[str] = Counter()
        self._faults: tuple[str, ...] = ()
        self.set_faults(faults)
        self._rng = Random(f"answers {seed}")
        self._answers: dict[str, Reply] = {}
        self._gate = asyncio.Event()
        self._gate.set()
        self._called = asyncio.Condition()
        self._window = (0.0, 0)

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}{PATH}"

    @property
    def fault(self) -> str | None:
        """What happens to ``fault_rate`` of the calls; may be set at any time."""
        return self._faults[0] if self._faults else None

    @fault.setter
    def fault(self, name: str | None) -> None:
        self.set_faults(() if name is None else (name,))

    def set_faults(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in ANSWER_FAULTS:
                raise ValueError(f"no fault of the deanonymizer is called {name!r}")
        self._faults = tuple(names)

    def answer_with(
        self, ip: str, status: int, body: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer calls for ``ip`` so from now on: bytes go out as they are, anything else as JSON."""
        payload = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self._answers[ip] = Reply(status, payload, {"Content-Type": "application/json"} | dict(headers or {}))

    def hold(self) -> None:
        """Let calls wait until ``release``."""
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    async def wait_for_calls(self, count: int, timeout_s: float = 15.0) -> None:
        """Wait until ``count`` calls came since the beginning.

        Raises:
            TimeoutError: they did not come in time.
        """
        async with asyncio.timeout(timeout_s), self._called:
            await self._called.wait_for(lambda: len(self.calls) >= count)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self._draw_fault(only="down") is None:
                await self._answer_requests(reader, writer)
        except BadRequest as error:
            writer.write(reply_bytes(Reply(400, msgspec.json.encode({"message": str(error)}))))

    async def _answer_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await read_request(reader)) is not None:
            reply = self._refusal(request)
            if reply is None:
                self.in_flight += 1
                try:
                    reply = await self._answer(_ip_of(request), reader, writer)
                finally:
                    self.in_flight -= 1
            if reply is None:
                return
            self.answers[reply.status] += 1
            writer.write(reply_bytes(reply))
            await writer.drain()
            if not request.keeps_alive:
                return

    def _refusal(self, request: Request) -> Reply | None:
        """Return the answer to what is no call at all."""
        if request.path != PATH:
            if request.path in self.stray_paths or len(self.stray_paths) < 100:
                self.stray_paths[request.path] += 1
            if request.path != "/moved":
                return Reply(404, b'{"message":"There is only POST /deanonymize"}')
        if request.method != "POST":
            return Reply(405, b'{"message":"There is only POST"}', {"Allow": "POST"})
        return None if _ip_of(request) else Reply(400, b'{"message":"Send {\\"ip\\": \\"an address\\"}"}')

    async def _answer(
        self, ip: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Reply | None:
        """Return the reply to one call, or ``None`` when a fault dealt with the wire itself."""
        await self._note_call(ip)
        await self._gate.wait()
        right = self._right_answer(ip)
        fault = self._draw_fault(unless="down")
        if fault == "latency":
            await asyncio.sleep(self.latency_s / self.speed)
        exchange = Exchange(
            ip, right, reader, writer, self._rng, _DRIP_PAUSE_S / self.speed, self.retry_after
        )
        if fault in WIRE_FAULTS:
            await WIRE_FAULTS[fault](exchange)
            return None
        return WHOLE_FAULTS[fault](exchange) if fault in WHOLE_FAULTS else right

    async def _note_call(self, ip: str) -> None:
        self.calls.append(Call(time.monotonic(), ip))
        if len(self.calls) > 2 * _CALLS_KEPT:
            del self.calls[:_CALLS_KEPT]
        async with self._called:
            self._called.notify_all()

    def _right_answer(self, ip: str) -> Reply:
        scripted = self._answers.get(ip)
        if scripted is not None:
            return scripted
        if self._is_over_rate():
            header = retry_after_header(self.retry_after)
            return Reply(
                429, b'{"message":"Too many requests"}', {"Content-Type": "application/json"} | header
            )
        if self.failures and self._rng.random() < self.failures:
            return _FAILED
        try:
            ip_address(ip)
        except ValueError:
            return Reply(400, b'{"message":"This is no address"}')
        resident = self.world.find(ip)
        if resident is None:
            return _NOBODY
        return Reply(200, msgspec.json.encode({"ip": ip, "data": resident}))

    def _is_over_rate(self) -> bool:
        second = float(int(time.monotonic()))
        used = self._window[1] + 1 if self._window[0] == second else 1
        self._window = (second, used)
        return 0 < self.rate < used

    def _draw_fault(self, only: str | None = None, unless: str | None = None) -> str | None:
        """Return the fault of this moment, by chance, among those that may happen now."""
        names = [name for name in self._faults if only in (None, name) and name != unless]
        if not names or (self.fault_rate < 1 and self._rng.random() >= self.fault_rate):
            return None
        return self._rng.choice(names)


def _ip_of(request: Request) -> str:
    """Return the address that is asked for, or an empty text when the body is not as agreed."""
    try:
        return msgspec.json.decode(request.body, type=_Question).ip
    except msgspec.DecodeError:
        return ""
