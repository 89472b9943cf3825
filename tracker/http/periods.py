"""Which time, and which events in it, a request is about."""

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from starlette.requests import Request

from tracker.core.history import Filter
from tracker.http import queries
from tracker.http.errors import APIError, FieldFault
from tracker.http.sites import site_of

RANGES_S = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 30 * 86_400}
NAMES = {
    "type": "type",
    "page": "page",
    "country": "country",
    "device": "device",
    "browser": "browser",
    "os": "os",
    "referrer": "referrer",
    "company": "company",
    "userId": "user_id",
    "sessionId": "session_id",
}
"""Filters by their name in a query; the snake_case one is taken as well."""
PERIOD = ("range", "from", "to")
KNOWN = (*PERIOD, *NAMES, "user_id", "session_id")
DEFAULT_RANGE = "day"


def filter_of(request: Request, now: float, *more: str) -> Filter:
    """Return what the query asks for; ``more`` names its other parameters.

    Without ``range``, ``from`` and ``to`` the last day is meant. ``range`` ends now.

    Raises:
        APIError: 422 with every wrong parameter.
    """
    queries.refuse_unknown(request, (*KNOWN, *more))
    start, end = period_of(request, now)
    values: dict[str, Any] = {
        name: queries.text(request, query) or queries.text(request, name) for query, name in NAMES.items()
    }
    return Filter(site_of(request), start, end, **values)


def period_of(request: Request, now: float) -> tuple[float, float]:
    """Return begin and end, in Unix seconds. Raises ``APIError``: 422 with every wrong parameter."""
    given = {name: queries.text(request, name) for name in PERIOD}
    faults = []
    if given["range"] and (given["from"] or given["to"]):
        faults.append(FieldFault("range", "cannot stand beside from or to"))
    elif given["range"] and given["range"] not in RANGES_S:
        faults.append(FieldFault("range", f"must be one of {', '.join(RANGES_S)}"))
    # What happened in this millisecond belongs to "until now".
    end = ceil(now * 1000 + 1) / 1000
    if not (given["from"] or given["to"]) and not faults:
        return end - RANGES_S[given["range"] or DEFAULT_RANGE], end
    start_at = _time(given["from"], "from", faults)
    end_at = _time(given["to"], "to", faults)
    end = end if end_at is None else end_at
    start = end - RANGES_S[DEFAULT_RANGE] if start_at is None else start_at
    if not faults and start >= end:
        faults.append(FieldFault("from", "must be before to"))
    if faults:
        raise APIError(422, "The time that is asked for is not valid", faults)
    return start, end


def _time(text: str | None, name: str, faults: list[FieldFault]) -> float | None:
    """Read ISO 8601; a time without an offset is UTC, a date its midnight."""
    if text is None:
        return None
    try:
        # A "+" of an offset that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    except (ValueError, OverflowError):
        faults.append(FieldFault(name, "must be a time in ISO 8601, like 2026-11-22T08:00:00Z"))
        return None
