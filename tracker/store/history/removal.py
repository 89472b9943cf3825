"""Forgetting: what is too old, and everything about one visitor.

Functions for the mover's thread: it is the only one that writes.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from tracker.core.visitor import Visitor
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.filters import clean

_TIMES = {"events": "time", "sessions": "ended", "rejects": "time", "gaps": "ended"}

_WHOLE_MS = 86_400_000


class Removed(NamedTuple):
    """Rows that went."""

    events: int
    sessions: int
    rejects: int


class Found(NamedTuple):
    """What the history knows of a visitor."""

    session_ids: frozenset[str]
    ips: frozenset[str]
    """As they are kept."""
    arrivals: list[int]
    """Of events that were received lately."""


def retain(cursor: DuckDBPyConnection, keep_days: int, now_unix_s: float) -> int:
    """Delete everything of days (UTC) that ended more than ``keep_days`` ago; return how many rows went.

    The space of whole groups of 122,880 events is used again, and given back where it is at the
    end of the file.
    """
    before = (int(now_unix_s * 1000) // _WHOLE_MS - keep_days) * _WHOLE_MS
    deleted = 0
    cursor.execute("BEGIN")
    for table, column in _TIMES.items():
        deleted += _delete(cursor, f"{table} WHERE {column} < $before", {"before": before})
    cursor.execute(
        "DELETE FROM hidden_sessions"
        " WHERE (site, session_key) NOT IN (SELECT (site, session_key) FROM events)"
    )
    cursor.execute("COMMIT")
    if deleted:
        cursor.execute("CHECKPOINT")
    return deleted


def find(
    cursor: DuckDBPyConnection, visitor: Visitor, session_ids: Collection[str], received_after: float
) -> Found:
    """Return all sessions of ``visitor``, those that others know (``session_ids``) included."""
    values = _values(visitor) | {"known": [clean(text) for text in session_ids]}
    cursor.execute("BEGIN")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE forgotten AS {_SESSIONS}", values)
    sessions = cursor.execute("SELECT DISTINCT session_id FROM forgotten").fetchall()
    ips = cursor.execute(
        f"SELECT ip FROM events WHERE {_IS_THEIRS} UNION SELECT ip FROM sessions WHERE {_IS_THEIRS}"
    ).fetchall()
    arrivals = cursor.execute(
        f"SELECT arrival FROM events WHERE received > $after AND {_IS_THEIRS}",
        {"after": int(received_after * 1000)},
    ).fetchall()
    cursor.execute("DROP TABLE forgotten")
    cursor.execute("COMMIT")
    return Found(
        frozenset(text for (text,) in sessions),
        frozenset(text for (text,) in ips),
        [number for (number,) in arrivals],
    )


def erase(cursor: DuckDBPyConnection, visitor: Visitor, session_ids: Collection[str]) -> Removed:
    """Delete all that is about ``visitor``: what is found, and what is of ``session_ids``.

    The file holds the texts on, where nobody reads them, until it is written anew.
    """
    if visitor.is_empty:
        return Removed(0, 0, 0)
    values = _values(visitor) | {"known": [clean(text) for text in session_ids]}
    cursor.execute("BEGIN")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE forgotten AS {_SESSIONS}", values)
    events = _delete(cursor, f"events WHERE {_IS_THEIRS}", {})
    sessions = _delete(cursor, f"sessions WHERE {_IS_THEIRS}", {})
    _delete(cursor, f"hidden_sessions WHERE {_IS_THEIRS}", {})
    rejects = _delete(cursor, f"rejects WHERE {_IN_REJECT}", _reject_values(visitor))
    cursor.execute("DROP TABLE forgotten")
    cursor.execute("COMMIT")
    return Removed(events, sessions, rejects)


_IS_THEIRS = "(site, session_key) IN (SELECT (site, session_key) FROM forgotten)"
_SITE = "($site IS NULL OR site = $site)"


def _mentions(column: str) -> str:
    # The cheap look first.
    return (
        f"(coalesce(contains(lower({column}), $email), false)"
        f" AND coalesce(regexp_matches(lower({column}), $pattern), false))"
    )


_IS_NAMED = (
    "list_contains($known::VARCHAR[], session_id) OR session_id = $session_id OR user_id = $user_id"
    " OR list_contains($ips::VARCHAR[], ip) OR lower(user_id) = $email"
)

# A parameter without a value is NULL: what is compared with it never holds.
_SESSIONS = f"""
SELECT DISTINCT site, session_key, session_id FROM events WHERE {_SITE} AND ({_IS_NAMED}
    OR {_mentions("metadata")} OR {_mentions("page")} OR {_mentions("referrer")} OR {_mentions("session_id")})
UNION
SELECT DISTINCT site, session_key, session_id FROM sessions WHERE {_SITE} AND ({_IS_NAMED}
    OR {_mentions("referrer")} OR {_mentions("session_id")}
    OR list_contains(list_transform(from_json(emails, '["VARCHAR"]'), lambda one: lower(one)), $email))
"""

_IN_REJECT = f"""
{_SITE} AND ({_mentions("excerpt")}
    OR len(list_filter($needles::VARCHAR[], lambda needle: contains(excerpt, needle))) > 0)
"""


def _values(visitor: Visitor) -> dict[str, Any]:
    def text(value: str | None) -> str | None:
        return clean(value) if value else None

    email = text(visitor.email)
    return {
        "site": text(visitor.site),
        "session_id": text(visitor.session_id),
        "user_id": text(visitor.user_id),
        "ips": [clean(ip) for ip in visitor.ips],
        "email": email.lower() if email else None,
        "pattern": visitor.email_pattern,
    }


def _reject_values(visitor: Visitor) -> dict[str, Any]:
    values = _values(visitor)
    kept = {name: values[name] for name in ("site", "email", "pattern")}
    return kept | {"needles": [clean(needle) for needle in visitor.needles]}


def _delete(cursor: DuckDBPyConnection, what: str, values: dict[str, Any]) -> int:
    return int(cursor.execute(f"DELETE FROM {what}", values).fetchall()[0][0])
