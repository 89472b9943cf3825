"""The pages of one visit and when they were reached."""

from array import array
from collections.abc import Sequence
from typing import NamedTuple

ONE_BYTE = 256
FOUR_BYTES = 1 << 32


class Step(NamedTuple):
    """One page of a journey and when it was reached."""

    page: str
    at: float


class PackedJourney(NamedTuple):
    """The steps of a visit that is silent or over: 5 to 12 bytes each instead of 96, and its pages once."""

    pages: tuple[str, ...]
    """Each page once, in the order of the first visit to it."""
    places: bytes
    """For each step the number of its page: one byte, or four when there are more than 256 pages."""
    times: "bytes | array[float]"
    """Bytes where all are whole milliseconds, as most clocks tell them: the first one in 8 bytes, then
    how long after it each one was in 4. Otherwise the seconds themselves."""

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "PackedJourney":
        """``steps``: at least one, in the order of their time."""
        numbers: dict[str, int] = {}
        places = [numbers.setdefault(step.page, len(numbers)) for step in steps]
        kind = "B" if len(numbers) <= ONE_BYTE else "I"
        return cls(tuple(numbers), array(kind, places).tobytes(), _packed([step.at for step in steps]))

    @property
    def steps(self) -> list[Step]:
        pages = self.pages
        return list(map(Step, [pages[place] for place in self._places()], _unpacked(self.times)))

    @property
    def last_page(self) -> str:
        return self.pages[self._places()[-1]]

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, its pages included, which others may share. Never changes."""
        return sum(part.__sizeof__() for part in (self, *self)) + sum(map(text_bytes, self.pages))

    def _places(self) -> "bytes | array[int]":
        return self.places if len(self.pages) <= ONE_BYTE else array("I", self.places)


def text_bytes(text: str) -> int:
    """What ``text`` takes in memory, about.

    Its own ``__sizeof__`` grows when it is encoded for the first time: what was added with it could
    not be taken away with it again.
    """
    return 64 + (len(text) if text.isascii() else 4 * len(text))


def _packed(times: list[float]) -> "bytes | array[float]":
    milliseconds = [int(at * 1000 + 0.5) for at in times]
    first = min(milliseconds)
    is_exact = [time / 1000 for time in milliseconds] == times
    if not is_exact or max(milliseconds) - first >= FOUR_BYTES:
        return array("d", times)
    since = array("I", [time - first for time in milliseconds])
    return first.to_bytes(8, "little", signed=True) + since.tobytes()


def _unpacked(times: "bytes | array[float]") -> "list[float] | array[float]":
    if not isinstance(times, bytes):
        return times
    first = int.from_bytes(times[:8], "little", signed=True)
    return [(first + since) / 1000 for since in array("I", times[8:])]
