"""Times from outside, as Unix seconds."""

import re
from datetime import UTC, datetime

FUTURE_TOLERANCE_S = 60.0
"""A clock that is ahead by more than this is not believed (FAULTS 2a)."""

MAX_DISTANCE_S = 10 * 365.25 * 86_400.0
"""Ten years: a time further from its receipt is no mistake of a clock but of a program."""

END_OF_TIME_S = 253_402_300_800.0
"""The year 10000, the end of what ISO 8601 can say with four digits."""

MILLISECONDS_FROM = 1e11
"""A number from here on counts milliseconds: as seconds it would be the year 5138."""

# fromisoformat takes any character for the "T" and week dates too; this is what senders use.
_ISO_8601 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
    r"|[0-9]{8}T[0-9]{4}(?:[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}(?:[0-9]{2})?)?"
)

_WANTED = "must be an ISO 8601 time like 2025-03-03T04:04:03.489Z, or a number of milliseconds since 1970"
_OUT_OF_RANGE = "must lie between the years 1970 and 9999"


def parse(value: object) -> float:
    """Return the Unix seconds that ``value`` names.

    Text is ISO 8601: with ``Z`` or an offset, or without, which is UTC; a date
    alone is its midnight. A number counts milliseconds from 10^11 on, seconds
    below.

    Raises:
        ValueError: ``value`` is no time between 1970 and 9999; the text says what is wanted.
    """
    if isinstance(value, str):
        seconds = _parse_text(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = _parse_number(value)
    else:
        raise ValueError(_WANTED)
    if not 0.0 <= seconds < END_OF_TIME_S:
        raise ValueError(_OUT_OF_RANGE)
    return seconds


def history_time(occurred_at: float, received_at: float) -> tuple[float, bool]:
    """Return the time under which an event is kept, and whether it was adjusted.

    A time more than a minute after the receipt is taken as the receipt.

    Raises:
        ValueError: the two are more than ten years apart (or one is not a number).
    """
    ahead_s = occurred_at - received_at
    if not abs(ahead_s) <= MAX_DISTANCE_S:
        raise ValueError("must not be more than 10 years away")
    return (received_at, True) if ahead_s > FUTURE_TOLERANCE_S else (occurred_at, False)


def _parse_text(text: str) -> float:
    if not _ISO_8601.fullmatch(text):
        raise ValueError(_WANTED)
    try:
        moment = datetime.fromisoformat(text if text[-1] != "z" else text[:-1] + "Z")
    except ValueError as exc:
        raise ValueError(_WANTED) from exc
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _parse_number(number: int | float) -> float:
    # The bound comes before any arithmetic: 10**400 has no float.
    if not 0 <= number < END_OF_TIME_S * 1000:
        raise ValueError(_OUT_OF_RANGE)
    return number / 1000 if number >= MILLISECONDS_FROM else float(number)
