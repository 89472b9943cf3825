"""Messages as bytes: encoded once, shared by every dashboard that gets them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.json import Encoder

from tracker.live.frames import Stream, text_frames
from tracker.live.messages import TYPE_OF, Error, Statistics, VisitorUpdate, Wire, to_snake

_encoder = Encoder()
_BEFORE_EVENT = b'{"type":"%b","data":{"event":' % TYPE_OF[VisitorUpdate].encode()
_UNENCODABLE = Error("A message could not be encoded; ask for a snapshot with resume", None)


class Naming(StrEnum):
    """How field names are written."""

    CAMEL = "camel"
    SNAKE = "snake"


class Audience(NamedTuple):
    """Dashboards that are shown the same bytes."""

    naming: Naming = Naming.CAMEL
    sees_contacts: bool = True
    """Who visitors are; otherwise their company alone."""


class Unencodable(Exception):
    """A value that JSON cannot hold, such as half a surrogate pair or an integer beyond 64 bits."""


class Message(Struct, frozen=True, gc=False):
    """The envelope of every message."""

    type: str
    data: object
    seq: int


def encode(data: object, naming: Naming) -> bytes:
    """Return ``data`` as JSON.

    Raises:
        Unencodable: one poisoned value must not take the other messages with it.
    """
    try:
        return _encoder.encode(data if naming is Naming.CAMEL else to_snake(data))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Unencodable(type(error).__name__) from error


def encode_message(data: Wire, seq: int, naming: Naming) -> bytes:
    return encode(Message(TYPE_OF[type(data)], data, seq), naming)


def encode_stand_in(seq: int, naming: Naming) -> bytes:
    """Return what takes the place of an unencodable message, so that ``seq`` has no gap."""
    return encode_message(_UNENCODABLE, seq, naming)


class Encoded(NamedTuple):
    messages: list[bytes]
    stand_ins: int
    """How many of them stand for one that could not be encoded."""


def encode_all(told: Sequence[Wire], first_seq: int, naming: Naming) -> Encoded:
    """Return the messages of one flush, numbered from ``first_seq``."""
    messages: list[bytes] = []
    stand_ins = 0
    figures: Statistics | None = None
    after_event = b""
    for seq, data in enumerate(told, first_seq):
        try:
            if type(data) is VisitorUpdate:
                # All updates of a flush tell the same figures: 50 pages are worth encoding once.
                if data.stats is not figures:
                    after_event = b',"stats":%b},"seq":' % encode(data.stats, naming)
                    figures = data.stats
                event = encode(data.event, naming)
                messages.append(b"".join((_BEFORE_EVENT, event, after_event, b"%d}" % seq)))
            else:
                messages.append(encode_message(data, seq, naming))
        except Unencodable:
            messages.append(encode_stand_in(seq, naming))
            stand_ins += 1
    return Encoded(messages, stand_ins)


class Bundle:
    """Messages that go out together, to one audience.

    Those of a site have consecutive numbers that end with ``last_seq``; a
    message for one dashboard alone carries the number of the site message
    before it. Frames are built when the first dashboard wants them and kept.
    """

    __slots__ = ("_batched", "_single", "last_seq", "messages", "size_bytes")

    def __init__(self, messages: Sequence[bytes], last_seq: int) -> None:
        self.messages = messages
        self.last_seq = last_seq
        self.size_bytes = sum(map(len, messages))
        self._single: Stream | None = None
        self._batched: Stream | None = None

    @property
    def first_seq(self) -> int:
        return self.last_seq - len(self.messages) + 1

    def after(self, seq: int) -> Sequence[bytes]:
        """Return the messages numbered above ``seq``."""
        return self.messages[max(0, seq - self.first_seq + 1) :]

    def payloads(self, batch: bool) -> Sequence[bytes]:
        """Return the text of each message of the WebSocket: an array of all, or one each."""
        if not batch:
            return self.messages
        if not self.messages:
            return (b"[]",)
        texts = list(self.messages)
        texts[0] = b"[" + texts[0]
        texts[-1] += b"]"
        return (b",".join(texts),)

    def stream(self, batch: bool) -> Stream:
        """Return the same as ready-made WebSocket frames."""
        if batch:
            if self._batched is None:
                self._batched = text_frames(self.payloads(batch))
            return self._batched
        if self._single is None:
            self._single = text_frames(self.payloads(batch))
        return self._single
