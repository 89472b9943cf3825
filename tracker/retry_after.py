"""How long a ``Retry-After`` header asks to wait, read as RFC 9110 (10.2.3) defines it."""

from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_S = 300.0
"""A longer wait is cut: huge values have stopped clients for good."""


def wanted_s(value: str, now_unix_s: float, longest_s: float = LONGEST_S) -> float | None:
    """Return the seconds that whole seconds or an HTTP date ask for, at most ``longest_s``.

    A date that is past gives a negative number, anything else ``None``: what
    that means is the caller's to say.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), longest_s)  # 400 digits become inf, which is cut like any long wait
    try:
        date = parsedate_to_datetime(text)
        # "-0000" and unknown zones give a naive date; HTTP dates are UTC by definition.
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_unix_s
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(seconds, longest_s)
