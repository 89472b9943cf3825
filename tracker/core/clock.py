"""The two clocks, read once at the edge and handed to the core with each input."""

from typing import NamedTuple, Protocol


class Now(NamedTuple):
    """One reading of both clocks.

    ``monotonic_s`` decides about idling, expiry and delays; ``unix_s`` is what
    people see. They are read together so that one input has one time.
    """

    monotonic_s: float
    unix_s: float


class Clock(Protocol):
    def now(self) -> Now: ...
