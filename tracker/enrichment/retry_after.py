"""How long the vendor is left alone: what its ``Retry-After`` header asks for, within bounds."""

import re

from tracker.retry_after import LONGEST_S, wanted_s

DEFAULT_S = 30.0
SHORTEST_S = 1.0

_FRACTION = re.compile(r"[0-9]+\.[0-9]+")


def parse_retry_after(value: str | None, now_unix_s: float) -> float:
    """Return seconds to wait, from 1 to 300.

    ``value``: seconds, also with a fraction, or an HTTP date. Absent, negative,
    past or unreadable: 30.
    """
    text = (value or "").strip()
    wait_s = float(text) if _FRACTION.fullmatch(text) else wanted_s(text, now_unix_s)
    if wait_s is None or wait_s < 0:
        return DEFAULT_S
    return min(max(wait_s, SHORTEST_S), LONGEST_S)
