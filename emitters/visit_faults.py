"""Visits that go wrong, by name. Each is a script like a normal visit."""

import json
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from emitters.hostile import (
    ADDRESS_FORMS,
    BAD_TIMESTAMPS,
    HOSTILE_TEXTS,
    INVALID_ADDRESSES,
    MALFORMED_FRAMES,
    PRIVATE_ADDRESSES,
    WRONG_TYPES,
)
from emitters.population import World, guid
from emitters.visits import Kind, Script, Step, Truth, Visit, Visitor, newcomer, stay

MEBIBYTE = 1 << 20


class VisitFault(NamedTuple):
    text: str
    """One line for ``--help``."""
    script: Script


VISIT_FAULTS: dict[str, VisitFault] = {}


def _fault(name: str, text: str) -> Callable[[Script], Script]:
    def register(script: Script) -> Script:
        VISIT_FAULTS[name] = VisitFault(text, script)
        return script

    return register


# Sessions whose frames come twice, too late, or not at all.


@_fault("duplicate-open", "session-opened comes two or three times")
def _duplicate_open(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    for _ in range(rng.choice((1, 2))):
        yield visitor.opened(rng.uniform(0, 3))
    yield from stay(visitor, rng)
    yield visitor.closed(2)


@_fault("earlier-open", "a second session-opened says that the visit began 10 s earlier")
def _earlier_open(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield visitor.opened(1, stamp=-10.0)
    yield from stay(visitor, rng)
    yield visitor.closed(2)


@_fault("keep-alive-before-open", "a keep-alive comes a second before its session-opened")
def _keep_alive_before_open(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.keep_alive(truth=Truth.ARRIVES)
    yield visitor.opened(1, stamp=-1.5)
    yield from stay(visitor, rng)
    yield visitor.closed(2)


@_fault("missing-open", "keep-alives and a session-closed, never a session-opened")
def _missing_open(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.keep_alive(truth=Truth.ARRIVES)
    yield from stay(visitor, rng)
    yield visitor.closed(2)


@_fault("orphan-close", "session-closed for a session that never was")
def _orphan_close(world: World, rng: Random) -> Visit:
    yield newcomer(world, rng).closed()


@_fault("duplicate-close", "session-closed comes twice")
def _duplicate_close(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield from stay(visitor, rng)
    yield visitor.closed(2)
    yield visitor.closed(rng.uniform(0, 2))


@_fault("late-frame", "a keep-alive and an old session-opened come after session-closed")
def _late_frame(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield from stay(visitor, rng)
    yield visitor.closed(2)
    yield visitor.keep_alive(rng.uniform(0, 3))
    yield Step(1.0, visitor, Kind.OPENED, stamp=-30.0)


@_fault("reopen", "the same session id opens again after its close: a new visit")
def _reopen(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    for wait_s in (0.0, 5.0):
        yield visitor.opened(wait_s)
        yield from stay(visitor, rng)
        yield visitor.closed(2)


@_fault("silent", "the visit stops without session-closed")
def _silent(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield from stay(visitor, rng)
    yield Step(0.0, truth=Truth.FALLS_SILENT, visitor=visitor)


@_fault("idle-return", "75 s without a frame, then the visit goes on")
def _idle_return(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield visitor.keep_alive(4)
    yield Step(0.0, truth=Truth.FALLS_SILENT, visitor=visitor)
    yield visitor.keep_alive(75, truth=Truth.ARRIVES)
    yield visitor.closed(5)


# Times.


@_fault("out-of-order", "frames overtake each other: an older timestamp comes after a newer one")
def _out_of_order(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    for _ in range(4):
        yield visitor.keep_alive(rng.uniform(3, 6))
        yield visitor.keep_alive(0.2, stamp=-rng.uniform(0.5, 3.0))
    yield visitor.closed(2, stamp=-1.0)


@_fault("past-timestamp", "timestamps hours to decades in the past")
def _past_timestamp(world: World, rng: Random) -> Visit:
    return _at_another_time(
        newcomer(world, rng), rng, rng.choice((-3600.0, -7 * 86_400.0, -20 * 31_557_600.0))
    )


@_fault("future-timestamp", "timestamps minutes to decades in the future")
def _future_timestamp(world: World, rng: Random) -> Visit:
    return _at_another_time(newcomer(world, rng), rng, rng.choice((120.0, 86_400.0, 20 * 31_557_600.0)))


def _at_another_time(visitor: Visitor, rng: Random, off_s: float) -> Visit:
    yield visitor.opened(stamp=off_s)
    for step in stay(visitor, rng):
        yield step._replace(stamp=off_s)
    yield visitor.closed(2, stamp=off_s)


@_fault("bad-timestamp", "timestamps that are none: words, null, huge numbers, 31 February")
def _bad_timestamp(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield visitor.keep_alive(2, stamp=rng.choice(BAD_TIMESTAMPS))
    yield from stay(visitor, rng)
    yield visitor.closed(2)


# Frames that are no frames. Nobody visits: they are on their own.


def _garbage(name: str, text: str, payload: Callable[[Random], bytes], is_binary: bool = False) -> None:
    def script(world: World, rng: Random) -> Visit:
        yield Step(0.0, payload=payload(rng), is_binary=is_binary)

    _fault(name, text)(script)


def _object(rng: Random, **changes: object) -> bytes:
    """Return a keep-alive with some fields changed; a change to ``...`` leaves the field out."""
    fields: dict[str, object] = {
        "eventType": Kind.KEEP_ALIVE,
        "ip": "185.242.214.177",
        "guid": guid(rng),
        "timestamp": "2025-03-03T04:04:03.489Z",
    }
    return json.dumps({k: v for k, v in (fields | changes).items() if v is not ...}).encode()


_garbage(
    "malformed-json", "text that is no JSON, or only half of it", lambda rng: rng.choice(MALFORMED_FRAMES)
)
_garbage("wrong-types", "fields of the wrong type", lambda rng: _object(rng, **rng.choice(WRONG_TYPES)))
_garbage(
    "missing-guid",
    "a frame without guid, or with an empty one",
    lambda rng: _object(rng, guid=rng.choice((..., ""))),
)
_garbage(
    "scalar",
    "a number, a string, null in place of an object",
    lambda rng: rng.choice((b"42", b'"hello"', b"null", b"true")),
)
_garbage("array", "an array of frames in place of one frame", lambda rng: b"[" + _object(rng) + b"]")
_garbage(
    "unknown-type", "an eventType that nobody knows", lambda rng: _object(rng, eventType="session-teleported")
)
_garbage(
    "binary",
    "a binary frame: UTF-16 JSON, or noise",
    lambda rng: rng.choice((_object(rng).decode().encode("utf-16"), rng.randbytes(200))),
    is_binary=True,
)
_garbage("invalid-utf8", "a text frame that is no UTF-8", lambda rng: b'{"guid":"\xff\xfe"}')
_garbage("huge-frame", "one frame of 1.5 MiB", lambda rng: _object(rng, ip="1" * (MEBIBYTE + MEBIBYTE // 2)))


# Addresses and ids.


def _visit_from(name: str, text: str, ip: Callable[[Random], str]) -> None:
    def script(world: World, rng: Random) -> Visit:
        visitor = Visitor(guid(rng), ip(rng))
        yield visitor.opened()
        yield from stay(visitor, rng)
        yield visitor.closed(2)

    _fault(name, text)(script)


_visit_from(
    "invalid-ip", "addresses that are none, like 185.242.274.177", lambda rng: rng.choice(INVALID_ADDRESSES)
)
_visit_from("empty-ip", "an empty address", lambda rng: "")
_visit_from(
    "private-ip",
    "private, loopback, link-local, documentation addresses",
    lambda rng: rng.choice(PRIVATE_ADDRESSES),
)
_visit_from(
    "ip-forms",
    "one address in many spellings: ::ffff:, upper case, zone, brackets, port",
    lambda rng: rng.choice(ADDRESS_FORMS),
)


@_fault("huge-ip", "an address of 1 MB of text, in a frame that just fits into 1 MiB")
def _huge_ip(world: World, rng: Random) -> Visit:
    visitor = Visitor(guid(rng), "9" * 1_000_000)
    yield visitor.opened()
    yield visitor.closed(10)


@_fault("guid-reuse", "the same session id goes on from another address")
def _guid_reuse(world: World, rng: Random) -> Visit:
    visitor = newcomer(world, rng)
    yield visitor.opened()
    yield from stay(visitor, rng)
    mover = Visitor(visitor.guid, world.pick(rng))
    yield mover.keep_alive(3, truth=Truth.ARRIVES)
    yield from stay(mover, rng)
    yield mover.closed(2)


@_fault("hostile-text", "markup, formulas, control and bidi characters in guid and ip")
def _hostile_text(world: World, rng: Random) -> Visit:
    text = rng.choice(HOSTILE_TEXTS)
    visitor = Visitor(f"{text}{rng.randrange(1000)}", text if rng.random() < 0.5 else world.pick(rng))
    yield visitor.opened()
    yield from stay(visitor, rng)
    yield visitor.closed(2)
