"""Messages as bytes: encoded once, shared by every dashboard that gets them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.json import Encoder

from tracker.live.frames import FRAGMENT_BYTES, text_frames
from tracker.live.messages import TYPE_OF, Error, Wire, to_snake

_encoder = Encoder()
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
        self._single: tuple[bytes, ...] | None = None
        self._batched: tuple[bytes, ...] | None = None

    @property
    def first_seq(self) -> int:
        return self.last_seq - len(self.messages) + 1

    def after(self, seq: int) -> Sequence[bytes]:
        """Return the messages numbered above ``seq``."""
        return self.messages[max(0, seq - self.first_seq + 1) :]

    def payloads(self, batch: bool) -> Sequence[bytes]:
        """Return the text of each frame: an array of all messages, or one message each."""
        return [b"[" + b",".join(self.messages) + b"]"] if batch else self.messages

    def frames(self, batch: bool) -> tuple[bytes, ...]:
        """Return ready-made WebSocket frames in chunks to write, each ending where a frame ends."""
        if batch:
            if self._batched is None:
                self._batched = self._chunks(batch)
            return self._batched
        if self._single is None:
            self._single = self._chunks(batch)
        return self._single

    def _chunks(self, batch: bool) -> tuple[bytes, ...]:
        chunks: list[bytes] = []
        waiting: list[bytes] = []
        waiting_bytes = 0
        for payload in self.payloads(batch):
            for frame in text_frames(payload):
                if waiting and waiting_bytes + len(frame) > FRAGMENT_BYTES:
                    chunks.append(b"".join(waiting))
                    waiting, waiting_bytes = [], 0
                waiting.append(frame)
                waiting_bytes += len(frame)
        if waiting:
            chunks.append(b"".join(waiting))
        return tuple(chunks)
