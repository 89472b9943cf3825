"""The journal's two tables: bodies until they are applied, ids for a day.

Functions for the writer's thread, each within the transaction of its caller.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tracker.core.clock import Now
from tracker.core.inputs import SiteEvent
from tracker.store.codec import decode_event, decode_events

DIGEST_BYTES = 16
_encode = msgspec.json.Encoder().encode


class Stored(NamedTuple):
    """What became of one event."""

    seq: int
    """Its place in the journal; that of the first one for a duplicate or a conflict."""
    duplicate: bool = False
    """An event with this id and the same content was there already: nothing was stored."""
    conflict: bool = False
    """An event with this id and other content was there already: nothing was stored."""


class Row(NamedTuple):
    """An event as it is written."""

    site: str
    id: str
    digest: bytes
    received_at: float
    body: bytes


def newest(connection: sqlite3.Connection) -> int:
    """Return the highest number ever given; 0 before the first."""
    (seq,) = connection.execute("SELECT max(seq) FROM ids").fetchone()
    return seq or 0


def generation(connection: sqlite3.Connection) -> str:
    (name,) = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
    return str(name)


def store(connection: sqlite3.Connection, rows: Sequence[Row]) -> list[Stored]:
    """Write the rows whose ids are new, numbered in their order; return what became of each."""
    before_seq = newest(connection)
    # Most of the time all are, and nothing else has to be asked.
    if _insert_ids(connection, before_seq, rows) == len(rows):
        _insert_bodies(connection, before_seq, rows)
        return [Stored(before_seq + number) for number in range(1, len(rows) + 1)]
    connection.execute("DELETE FROM ids WHERE seq > ?", (before_seq,))
    return _store_new_ones(connection, before_seq, rows)


def _store_new_ones(connection: sqlite3.Connection, before_seq: int, rows: Sequence[Row]) -> list[Stored]:
    known = _known(connection, rows)
    results: list[Stored] = []
    new: list[Row] = []
    for row in rows:
        before = known.get((row.site, row.id))
        if before is None:
            new.append(row)
            stored = Stored(before_seq + len(new))
            known[row.site, row.id] = (stored.seq, row.digest)
            results.append(stored)
        else:
            same = before[1] == row.digest
            results.append(Stored(before[0], duplicate=same, conflict=not same))
    _insert_ids(connection, before_seq, new)
    _insert_bodies(connection, before_seq, new)
    return results


def _insert_ids(connection: sqlite3.Connection, before_seq: int, rows: Sequence[Row]) -> int:
    """Write those that are new and return how many; in one statement, see rows.py.

    JSON holds no bytes, so those go beside it.
    """
    return connection.execute(
        "INSERT OR IGNORE INTO ids SELECT ?3 + key + 1, value ->> 0, value ->> 1,"
        f" substr(?2, key * {DIGEST_BYTES} + 1, {DIGEST_BYTES}), value ->> 2 FROM json_each(?1)",
        (
            _encode([(row.site, row.id, row.received_at) for row in rows]),
            b"".join([row.digest for row in rows]),
            before_seq,
        ),
    ).rowcount


def _insert_bodies(connection: sqlite3.Connection, before_seq: int, rows: Sequence[Row]) -> None:
    places = []
    start = 1
    for row in rows:
        places.append((start, len(row.body)))
        start += len(row.body)
    connection.execute(
        "INSERT INTO events SELECT ?3 + key + 1, substr(?2, value ->> 0, value ->> 1) FROM json_each(?1)",
        (_encode(places), b"".join([row.body for row in rows]), before_seq),
    )


def select(
    connection: sqlite3.Connection, after_seq: int, limit: int, now: Now
) -> tuple[list[tuple[int, SiteEvent]], int]:
    """Return the next ``limit`` events that can be read, and how many before them could not."""
    wanted = "SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
    # One row for all of them: see rows.py.
    (array,) = connection.execute(
        "SELECT CAST('[' || group_concat('[' || seq || ',' || CAST(body AS TEXT) || ']') || ']' AS BLOB)"
        f" FROM ({wanted})",
        (after_seq, limit),
    ).fetchone()
    try:
        return (decode_events(array, now) if array else []), 0
    except ValueError:
        return _select_readable(connection, wanted, after_seq, limit, now)


def _select_readable(
    connection: sqlite3.Connection, wanted: str, after_seq: int, limit: int, now: Now
) -> tuple[list[tuple[int, SiteEvent]], int]:
    found: list[tuple[int, SiteEvent]] = []
    unreadable = 0
    while not found:
        rows = connection.execute(wanted, (after_seq, limit)).fetchall()
        if not rows:
            break
        for seq, body in rows:
            after_seq = seq
            try:
                found.append((seq, decode_event(body, now)))
            except (ValueError, TypeError):
                unreadable += 1
    return found, unreadable


def prune_bodies(connection: sqlite3.Connection, applied_seq: int, before: float, limit: int) -> int:
    """Delete at most ``limit`` bodies up to ``applied_seq``, however old."""
    return connection.execute(
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq <= ? ORDER BY seq LIMIT ?)",
        (applied_seq, limit),
    ).rowcount


def prune_ids(connection: sqlite3.Connection, applied_seq: int, before: float, limit: int) -> int:
    """Delete at most ``limit`` ids up to ``applied_seq`` that were received before ``before``.

    The newest id stays in any case: numbers go on from it.
    """
    oldest = connection.execute(
        "SELECT seq, received_at FROM ids WHERE seq <= ? AND seq < (SELECT max(seq) FROM ids)"
        " ORDER BY seq LIMIT ?",
        (applied_seq, limit),
    ).fetchall()
    last = 0
    for seq, received_at in oldest:
        if received_at >= before:
            break
        last = seq
    return connection.execute("DELETE FROM ids WHERE seq <= ?", (last,)).rowcount


def _known(connection: sqlite3.Connection, rows: Sequence[Row]) -> dict[tuple[str, str], tuple[int, bytes]]:
    # CROSS fixes the order: key by key through the index.
    found = connection.execute(
        "SELECT site, ids.id, seq, digest FROM json_each(?) AS wanted"
        " CROSS JOIN ids ON site = wanted.value ->> 0 AND ids.id = wanted.value ->> 1",
        (_encode([(row.site, row.id) for row in rows]),),
    ).fetchall()
    return {(site, event_id): (seq, digest) for site, event_id, seq, digest in found}
