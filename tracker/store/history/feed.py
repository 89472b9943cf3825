"""Reading the journal for the mover: many rows as one text, put together by SQLite."""

import sqlite3

import msgspec

from tracker.core.clock import Now
from tracker.store.codec import decode_event
from tracker.store.entries import generation
from tracker.store.history.loading import Batch

MAX_ROWS = 5_000
MAX_BYTES = 4 * 1024 * 1024
TABLES = {"events": "events", "outbox": "outbox"}
"""Streams and the tables of the journal in which they wait."""

_ANY = msgspec.json.Decoder(msgspec.Raw)
_NO_TIME = Now(0.0, 0.0)


def read_generation(connection: sqlite3.Connection) -> str:
    return generation(connection)


def last_seq(connection: sqlite3.Connection, stream: str) -> int:
    """Return the number of the newest row that waits; 0 when none does."""
    (seq,) = connection.execute(f"SELECT max(seq) FROM {TABLES[stream]}").fetchone()
    return seq or 0


def read_batch(
    connection: sqlite3.Connection,
    stream: str,
    after_seq: int,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Batch | None:
    """Return the next rows of ``stream`` after ``after_seq``; ``None`` when there are none.

    At least one row, and then no more than ``max_bytes`` of them.
    """
    sized = (
        "SELECT seq, body, sum(length(body)) OVER (ORDER BY seq) - length(body) AS before"
        f" FROM (SELECT seq, body FROM {TABLES[stream]} WHERE seq > ? ORDER BY seq LIMIT ?)"
    )
    rows, last_seq, array = connection.execute(
        "SELECT count(*), max(seq), CAST('[' || group_concat('{\"seq\":' || seq || ',\"body\":'"
        f" || CAST(body AS TEXT) || '}}') || ']' AS BLOB) FROM ({sized}) WHERE before < ?",
        (after_seq, max_rows, max_bytes),
    ).fetchone()
    if not rows:
        return None
    try:
        return Batch(array.decode(), last_seq, rows)
    except UnicodeDecodeError:
        # Whoever applies it meets an error and asks for what is readable.
        return Batch("not text", last_seq, rows)


def read_readable(connection: sqlite3.Connection, stream: str, after_seq: int, last_seq: int) -> Batch:
    """Return the rows up to ``last_seq`` that can be read, and how many cannot."""
    found: list[str] = []
    unreadable = 0
    for seq, body in connection.execute(
        f"SELECT seq, body FROM {TABLES[stream]} WHERE seq > ? AND seq <= ? ORDER BY seq",
        (after_seq, last_seq),
    ):
        try:
            found.append(f'{{"seq":{seq},"body":{_readable(stream, body)}}}')
        except (ValueError, TypeError):
            unreadable += 1
    return Batch(f"[{','.join(found)}]", last_seq, len(found), unreadable)


def delete_applied(connection: sqlite3.Connection, up_to_seq: int) -> None:
    """Forget the notices that the history has taken over."""
    connection.execute("DELETE FROM outbox WHERE seq <= ?", (up_to_seq,))


def _readable(stream: str, body: bytes) -> str:
    if stream == "events":
        decode_event(body, _NO_TIME)
    else:
        _ANY.decode(body)
    return body.decode()
