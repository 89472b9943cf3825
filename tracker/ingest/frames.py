"""One text frame of the session emitter -> ``UpstreamFrame``.

A frame counts when it says who (``guid``) did what (``eventType``). An unusable
``ip`` or ``timestamp`` does not undo that: the session lives, without a lookup,
at the time of receipt.
"""

from typing import NamedTuple

import msgspec

from tracker.core.clock import Now
from tracker.core.inputs import FrameKind, UpstreamFrame
from tracker.ingest import strict_json, timestamps
from tracker.ingest.addresses import lookup_address
from tracker.ingest.texts import clean, is_identifier

MAX_FRAME_BYTES = 1 << 20
MAX_EXPLAINED_CHARACTERS = 1 << 16
"""A larger frame that is unusable is not read a second time to learn exactly why."""

MAX_GUID = 200
MAX_IP = 64

BINARY_FRAME = "binary_frame"
MALFORMED_JSON = "malformed_json"
NOT_AN_OBJECT = "not_an_object"
MISSING_GUID = "missing_guid"
INVALID_GUID = "invalid_guid"
MISSING_EVENT_TYPE = "missing_event_type"
UNKNOWN_EVENT_TYPE = "unknown_event_type"
WRONG_TYPE = "wrong_type"

REASONS = frozenset(
    {
        BINARY_FRAME,
        MALFORMED_JSON,
        NOT_AN_OBJECT,
        MISSING_GUID,
        INVALID_GUID,
        MISSING_EVENT_TYPE,
        UNKNOWN_EVENT_TYPE,
        WRONG_TYPE,
    }
)

_KINDS: dict[str, FrameKind] = {kind.value: kind for kind in FrameKind}


class FrameReject(NamedTuple):
    reason: str
    """One of ``REASONS``."""


class _Wire(msgspec.Struct, rename="camel", gc=False):
    event_type: str
    guid: str
    ip: str = ""
    timestamp: str = ""


_read_wire = msgspec.json.Decoder(_Wire).decode


def parse(data: str | bytes, now: Now, site: str) -> UpstreamFrame | FrameReject:
    """Return the frame, or why it is none. Never raises, whatever ``data`` holds.

    ``guid`` is kept as it is and at most 200 characters long; ``ip`` is cleaned
    and clamped to 64, while its lookup address is taken from what was sent.
    """
    if not isinstance(data, str):
        return FrameReject(BINARY_FRAME)
    try:
        wire = _read_wire(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        return _parse_carefully(data, exc, now, site)
    return _build(wire, now, site)


def _build(wire: _Wire, now: Now, site: str) -> UpstreamFrame | FrameReject:
    kind = _KINDS.get(wire.event_type)
    if kind is None:
        return FrameReject(UNKNOWN_EVENT_TYPE)
    if not is_identifier(wire.guid, MAX_GUID):
        return FrameReject(INVALID_GUID if wire.guid else MISSING_GUID)
    return UpstreamFrame(
        now=now,
        site=site,
        kind=kind,
        session_id=wire.guid,
        ip=clean(wire.ip, MAX_IP),
        address=lookup_address(wire.ip),
        occurred_at=_time(wire.timestamp),
    )


def _time(value: object) -> float | None:
    try:
        return timestamps.parse(value)
    except ValueError:
        return None


def _parse_carefully(data: str, fault: Exception, now: Now, site: str) -> UpstreamFrame | FrameReject:
    """Find out what is wrong, or that it is only the timestamp or a missing ip."""
    if len(data) > MAX_EXPLAINED_CHARACTERS:
        return FrameReject(WRONG_TYPE if isinstance(fault, msgspec.ValidationError) else MALFORMED_JSON)
    try:
        value = strict_json.decode(data, MAX_FRAME_BYTES)
    except strict_json.JSONRejected:
        return FrameReject(MALFORMED_JSON)
    if not isinstance(value, dict):
        return FrameReject(NOT_AN_OBJECT)
    kind, guid, ip = value.get("eventType"), value.get("guid"), value.get("ip")
    if kind is None:
        return FrameReject(MISSING_EVENT_TYPE)
    if guid is None:
        return FrameReject(MISSING_GUID)
    if ip is None:
        ip = ""
    if not (isinstance(kind, str) and isinstance(guid, str) and isinstance(ip, str)):
        return FrameReject(WRONG_TYPE)
    built = _build(_Wire(kind, guid, ip), now, site)
    if isinstance(built, FrameReject):
        return built
    return built._replace(occurred_at=_time(value.get("timestamp")))
