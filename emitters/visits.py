"""What one visit says to the feed: a script of steps, without sockets and without a clock."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import NamedTuple

import msgspec

from emitters.population import World, guid

LONGEST_STAY_S = 105.0


class Kind(StrEnum):
    OPENED = "session-opened"
    KEEP_ALIVE = "keep-alive"
    CLOSED = "session-closed"


class Truth(StrEnum):
    """What a step does to the visitor, whatever the feed says about it."""

    ARRIVES = "arrives"
    LEAVES = "leaves"
    FALLS_SILENT = "falls silent"


class Step(NamedTuple):
    """One frame of a visit, or garbage, or nothing but a change of the truth."""

    wait_s: float
    """Seconds after the step before, at speed 1."""
    visitor: "Visitor | None" = None
    kind: Kind | None = None
    stamp: float | bytes = 0.0
    """Seconds that the timestamp is off the clock, or JSON to put in its place."""
    truth: Truth | None = None
    payload: bytes | None = None
    """A ready payload in place of a frame made from the fields above."""
    is_binary: bool = False

    @property
    def is_spoken(self) -> bool:
        return self.kind is not None or self.payload is not None


class Visitor:
    """One session id at one address."""

    __slots__ = ("guid", "ip", "prepared")

    def __init__(self, session_guid: str, ip: str) -> None:
        self.guid = session_guid
        self.ip = ip
        # Encoded once: a busy feed repeats it in each of thousands of frames a second.
        self.prepared = b'","ip":' + _json(ip) + b',"guid":' + _json(session_guid) + b',"timestamp":'

    def opened(self, wait_s: float = 0.0, stamp: float | bytes = 0.0) -> Step:
        return Step(wait_s, self, Kind.OPENED, stamp, Truth.ARRIVES)

    def keep_alive(self, wait_s: float = 0.0, stamp: float | bytes = 0.0, truth: Truth | None = None) -> Step:
        return Step(wait_s, self, Kind.KEEP_ALIVE, stamp, truth)

    def closed(self, wait_s: float = 0.0, stamp: float | bytes = 0.0) -> Step:
        return Step(wait_s, self, Kind.CLOSED, stamp, Truth.LEAVES)


Visit = Iterator[Step]
Script = Callable[[World, Random], Visit]


def newcomer(world: World, rng: Random) -> Visitor:
    return Visitor(guid(rng), world.pick(rng))


def normal_visit(world: World, rng: Random) -> Visit:
    """Opened, keep-alives every few seconds, closed within two minutes."""
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield from stay(visitor, rng)
    yield visitor.closed(rng.uniform(1, 4))


def stay(visitor: Visitor, rng: Random) -> Visit:
    """Keep-alives every 3 to 8 seconds, for 35 seconds on average."""
    left_s = min(LONGEST_STAY_S, 5 + rng.expovariate(1 / 30))
    while left_s > 0:
        wait_s = rng.uniform(3, 8)
        left_s -= wait_s
        yield visitor.keep_alive(wait_s)


def encode(step: Step, now_unix_s: float, now_json: bytes) -> bytes:
    """Return the payload of a spoken step.

    Args:
        now_json: ``timestamp_json(now_unix_s)``, made once for all frames of a slice.
    """
    if step.payload is not None:
        return step.payload
    assert step.visitor is not None
    assert step.kind is not None
    stamp = step.stamp
    if isinstance(stamp, float):
        stamp = timestamp_json(now_unix_s + stamp) if stamp else now_json
    return b'{"eventType":"' + step.kind.encode() + step.visitor.prepared + stamp + b"}"


def timestamp_json(unix_s: float) -> bytes:
    """Return a moment as the feed writes it: ``"2025-03-03T04:04:03.489Z"``, quotes included."""
    whole = math.floor(unix_s)
    milliseconds = int((unix_s - whole) * 1000)
    return f'"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"'.encode()


_json = msgspec.json.Encoder().encode
