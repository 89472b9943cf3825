"""Forgetting: what is too old, and everything about one visitor.

Functions for the mover's thread: it is the only one that writes.
"""

from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from tracker.core.history import Erased
from tracker.store.history.filters import clean

_TIMES = {"events": "time", "sessions": "ended", "rejects": "time", "gaps": "ended"}

_WHOLE_MS = 86_400_000


class Visitor(NamedTuple):
    """Whom to forget: every one of these that is given names events and visits of its own.

    ``session_id``: that session. ``user_id``: all sessions in which the user was seen.
    ``ip``: all sessions in which the address was seen. ``email``: all sessions whose contact
    has the address, or whose user goes by it.
    """

    site: str | None
    """``None`` for all sites."""
    session_id: str | None = None
    user_id: str | None = None
    ip: str | None = None
    email: str | None = None

    @property
    def is_empty(self) -> bool:
        return not any((self.session_id, self.user_id, self.ip, self.email))


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


def erase(cursor: DuckDBPyConnection, visitor: Visitor) -> Erased:
    """Delete all that is about ``visitor``; events of its sessions go with them.

    Whoever asks for it lets the mover catch up before, and prunes the journal after it.
    """
    if visitor.is_empty:
        return Erased(0, 0, 0)
    names = ("site", "session_id", "user_id", "ip", "email")
    values = {name: clean(value) if value else None for name, value in zip(names, visitor, strict=True)}
    cursor.execute("BEGIN")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE forgotten AS {_SESSIONS}", values)
    is_theirs = "(site, session_key) IN (SELECT (site, session_key) FROM forgotten)"
    events = _delete(cursor, f"events WHERE {is_theirs}", {})
    sessions = _delete(cursor, f"sessions WHERE {is_theirs}", {})
    _delete(cursor, f"hidden_sessions WHERE {is_theirs}", {})
    rejects = _delete(cursor, f"rejects WHERE {_IN_REJECT}", values)
    cursor.execute("DROP TABLE forgotten")
    cursor.execute("COMMIT")
    # The log holds what was just deleted.
    cursor.execute("CHECKPOINT")
    return Erased(events, sessions, rejects)


_SITE = "($site IS NULL OR site = $site)"
_EMAIL_IN = "coalesce(contains(lower({}), lower($email)), false)"

# A parameter without a value is NULL: what is compared with it never holds.
_SESSIONS = f"""
SELECT DISTINCT site, session_key FROM events WHERE {_SITE} AND (
    session_id = $session_id OR user_id = $user_id OR ip = $ip
    OR lower(user_id) = lower($email) OR {_EMAIL_IN.format("metadata")})
UNION
SELECT DISTINCT site, session_key FROM sessions WHERE {_SITE} AND (
    session_id = $session_id OR user_id = $user_id OR ip = $ip
    OR lower(user_id) = lower($email)
    OR list_contains(list_transform(from_json(emails, '["VARCHAR"]'), lambda one: lower(one)), lower($email)))
"""

_IN_REJECT = f"""
{_SITE} AND (contains(excerpt, $session_id) OR contains(excerpt, $user_id) OR contains(excerpt, $ip)
    OR {_EMAIL_IN.format("excerpt")})
"""


def _delete(cursor: DuckDBPyConnection, what: str, values: dict[str, Any]) -> int:
    return int(cursor.execute(f"DELETE FROM {what}", values).fetchall()[0][0])
