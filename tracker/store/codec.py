"""How values are written into the journal's file: JSON objects by field name.

A reader ignores fields that it does not know and gives missing ones their default,
so fields may come and go without a new schema version. Values that equal their
default are left out.
"""

import hashlib
from operator import itemgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, get_type_hints

import msgspec

from tracker.core.clock import Now
from tracker.core.identity import Identity
from tracker.core.inputs import SiteEvent


class NamedTupleLike(Protocol):
    """Any ``NamedTuple``."""

    _fields: tuple[str, ...]
    _field_defaults: dict[str, Any]


R = TypeVar("R")


class RecordCodec(Generic[R]):
    """JSON objects of one kind of named tuple. Tuples within it are written as arrays."""

    def __init__(self, kind: type[R], replaced: dict[str, Any] | None = None) -> None:
        """``replaced``: fields that are written with another type; see :meth:`encode_fields`."""
        named: type[NamedTupleLike] = kind  # type: ignore[assignment]  # no bound can say NamedTuple
        self._kind = kind
        types = {**get_type_hints(kind), **(replaced or {})}
        defaults = named._field_defaults
        fields = [
            (name, types[name], defaults[name]) if name in defaults else (name, types[name])
            for name in named._fields
        ]
        self._encoder = msgspec.json.Encoder()
        self.body_type = msgspec.defstruct(f"{kind.__name__}Body", fields, omit_defaults=True)
        self._decoder = msgspec.json.Decoder(self.body_type)

    def encode(self, record: R) -> bytes:
        """Raises ``ValueError``, ``TypeError``, ``OverflowError``, ``RecursionError`` for what JSON lacks."""
        return self.encode_fields(record)

    def encode_fields(self, values: Any) -> bytes:
        return self._encoder.encode(self.body_type(*values))

    def decode(self, body: bytes) -> R:
        """Raises ``ValueError`` when ``body`` is no such record."""
        return self._kind(*self.fields(self._decoder.decode(body)))

    def fields(self, body: Any) -> tuple[Any, ...]:
        return msgspec.structs.astuple(body)


class KeptIdentity(NamedTuple):
    """An answer of the deanonymizer; ``None``: nobody is known there."""

    identity: Identity | None = None


IDENTITY = RecordCodec(KeptIdentity)

# Of the two clocks only the wall clock means something to the next process.
_EVENT = RecordCodec(SiteEvent, replaced={"now": float})
_EVENTS = msgspec.json.Decoder(list[tuple[int, _EVENT.body_type]])  # type: ignore[name-defined]  # made at run time
_CANONICAL = msgspec.json.Encoder(order="deterministic")
_CONTENT = itemgetter(
    *(
        number
        for number, name in enumerate(SiteEvent._fields)
        if name not in ("now", "site", "id", "occurred_at", "ip", "address", "timestamp_adjusted")
    )
)


def encode_event(event: SiteEvent) -> bytes:
    """Raises ``ValueError``, ``TypeError``, ``OverflowError`` or ``RecursionError`` for what JSON lacks."""
    return _EVENT.encode_fields((event.now.unix_s, *event[1:]))


def decode_event(body: bytes, now: Now) -> SiteEvent:
    """``now`` places the receipt on this process's monotonic clock. Raises ``ValueError``."""
    return _event(_EVENT.decode(body), now)


def decode_events(array: bytes, now: Now) -> list[tuple[int, SiteEvent]]:
    """Read ``[[seq, event], …]``. Raises ``ValueError``."""
    return [(seq, _event(_EVENT.fields(body), now)) for seq, body in _EVENTS.decode(array)]


def _event(fields: Any, now: Now) -> SiteEvent:
    received_at: float = fields[0]
    age_s = max(0.0, now.unix_s - received_at)
    return SiteEvent(Now(now.monotonic_s - age_s, received_at), *fields[1:])


def content_digest(event: SiteEvent) -> bytes:
    """Return 16 bytes that tell whether two events with the same id say the same.

    A repeat comes later and maybe over another network, so receipt, address and a
    time that was only taken from the receipt do not count.
    """
    at = None if event.occurred_at == event.now.unix_s else event.occurred_at
    return hashlib.blake2b(_CANONICAL.encode((at, _CONTENT(event))), digest_size=16).digest()
