"""Single events out of the history, page by page."""

import base64
import binascii
import json
from typing import Any, NamedTuple

from tracker.core.history import EventPage, Filter, StoredEvent
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.errors import QueryRefused
from tracker.store.history.filters import HIDDEN, clean, where

MAX_PAGE = 1_000

COLUMNS = (
    "coalesce(client_id, replace(id::VARCHAR, '-', '')), site, type, session_id, time / 1000,"
    " received / 1000, page, user_id, country, device, browser, os, referrer, ip, metadata, adjusted, arrival"
)


class Place(NamedTuple):
    """Where an event stands among all of its site: by time, then by arrival."""

    time_ms: int
    arrival: int


class Slice(NamedTuple):
    """Events from ``after`` to before ``end_ms``, the oldest first."""

    after: Place
    end_ms: int


def page(
    cursor: DuckDBPyConnection, wanted: Filter, has_hidden: bool, limit: int, before: str | None
) -> EventPage:
    """Return the newest events, or those that are older than the cursor ``before``."""
    limit = max(1, min(limit, MAX_PAGE))
    sql, values = where(wanted, has_hidden)
    if before is not None:
        place = decode_cursor(before)
        sql += " AND time <= $time AND (time < $time OR arrival < $arrival)"
        values |= {"time": place.time_ms, "arrival": place.arrival}
    rows = cursor.execute(
        f"SELECT {COLUMNS}, time FROM events WHERE {sql} ORDER BY time DESC, arrival DESC LIMIT {limit + 1}",
        values,
    ).fetchall()
    events = [stored_event(row[:-1]) for row in rows[:limit]]
    if len(rows) <= limit:
        return EventPage(events, None)
    last = rows[limit - 1]
    return EventPage(events, encode_cursor(Place(last[-1], last[-2])))


def read_slice(
    cursor: DuckDBPyConnection, wanted: Filter, has_hidden: bool, part: Slice, limit: int
) -> tuple[list[StoredEvent], Place | None]:
    """Return at most ``limit`` events of ``part`` and where the last stands; ``None`` when it was all."""
    sql, values = where(wanted, has_hidden)
    values |= {
        "start": part.after.time_ms,
        "end": part.end_ms,
        "time": part.after.time_ms,
        "arrival": part.after.arrival,
    }
    rows = cursor.execute(
        f"SELECT {COLUMNS}, time FROM events WHERE {sql} AND (time > $time OR arrival > $arrival)"
        f" ORDER BY time, arrival LIMIT {limit}",
        values,
    ).fetchall()
    events = [stored_event(row[:-1]) for row in rows]
    return events, Place(rows[-1][-1], rows[-1][-2]) if len(rows) == limit else None


def of_rows(cursor: DuckDBPyConnection, rows: list[int]) -> list[StoredEvent]:
    """Return the events with these numbers of rows, the newest first. For one transaction."""
    found = cursor.execute(
        f"SELECT {COLUMNS} FROM events WHERE rowid IN (SELECT unnest($rows))"
        " ORDER BY time DESC, arrival DESC",
        {"rows": rows},
    ).fetchall()
    return [stored_event(row) for row in found]


def of_session(cursor: DuckDBPyConnection, site: str, session_id: str, limit: int) -> list[StoredEvent]:
    """Return the last ``limit`` events of a session, the oldest first."""
    rows = cursor.execute(
        f"SELECT {COLUMNS} FROM events WHERE site = $site AND session_id = $id"
        f" AND session_key = (md5_number_lower($id) >> 1)::BIGINT AND session_key NOT IN ({HIDDEN})"
        f" ORDER BY time DESC, arrival DESC LIMIT {limit}",
        {"site": clean(site), "id": clean(session_id)},
    ).fetchall()
    return [stored_event(row) for row in reversed(rows)]


def stored_event(row: tuple[Any, ...]) -> StoredEvent:
    return StoredEvent._make((*row[:14], json.loads(row[14]) if row[14] else {}, *row[15:]))


def encode_cursor(place: Place) -> str:
    text = f"{place.time_ms}.{place.arrival}".encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def decode_cursor(cursor: str) -> Place:
    """Raises ``QueryRefused`` for what :func:`encode_cursor` did not make."""
    try:
        text = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        time_ms, arrival = text.split(b".")
        place = Place(int(time_ms), int(arrival))
    except (ValueError, binascii.Error) as error:
        raise QueryRefused("cursor", "is none of ours") from error
    if encode_cursor(place) != cursor or max(map(abs, place)) >= 2**63:
        raise QueryRefused("cursor", "is none of ours")
    return place
