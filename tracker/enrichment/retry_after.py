"""How long a ``Retry-After`` header asks to wait, whatever it holds."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

DEFAULT_S = 30.0
SHORTEST_S = 1.0
LONGEST_S = 300.0

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def parse_retry_after(value: str | None, now_unix_s: float) -> float:
    """Return seconds to wait, from 1 to 300.

    ``value``: seconds or an HTTP date. Absent, negative, past or unreadable: 30.
    Longer than 300 s is cut to 300: huge values have stopped clients for good.
    """
    wait_s = _wait_s((value or "").strip(), now_unix_s)
    if wait_s is None or wait_s < 0:
        return DEFAULT_S
    return min(max(wait_s, SHORTEST_S), LONGEST_S)


def _wait_s(value: str, now_unix_s: float) -> float | None:
    if _SECONDS.fullmatch(value):
        return float(value)  # 400 digits become inf, which is cut like any long wait
    try:
        date = parsedate_to_datetime(value)
        # "-0000" and unknown zones give a naive date; HTTP dates are UTC by definition.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_unix_s
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
