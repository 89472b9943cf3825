"""Everything about one visitor out of the journal's file.

Functions for the writer's thread. Statements give back only what is found: see rows.py for why.
"""

import sqlite3
from collections.abc import Collection, Iterable
from typing import NamedTuple

from tracker.core.erasure import Marks
from tracker.core.visitor import Visitor
from tracker.store.rows import chunks_of, places


class Known(NamedTuple):
    """What others know of the visitor."""

    session_ids: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    """Keys of cached identities that go with the visitor."""
    seqs: tuple[int, ...] = ()
    """Numbers of events whose bodies may be gone while their ids are kept."""


class JournalErased(NamedTuple):
    session_ids: frozenset[str]
    """Sessions that turned out to be the visitor's, the known ones included."""
    addresses: frozenset[str]
    """Addresses whose cached identity went."""
    seqs: list[int]
    """Events that went."""
    visits: int
    rejects: int


def erase(connection: sqlite3.Connection, visitor: Visitor, known: Known) -> JournalErased:
    """Delete every row about ``visitor``; the ids of its events become random ones.

    Rows of ids stay because the highest number must: the next event goes on from it.
    """
    marks = Marks(visitor)
    connection.create_function("mentions", 1, marks.mentions, deterministic=True)
    for table in ("forgotten", "ips"):
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} (id TEXT PRIMARY KEY)")
        connection.execute(f"DELETE FROM {table}")
    try:
        _fill(connection, "ips", visitor.ips)
        _fill(connection, "forgotten", {*known.session_ids, *filter(None, (visitor.session_id,))})
        values = _values(visitor)
        for gather in _GATHER:
            connection.execute(f"INSERT OR IGNORE INTO forgotten {gather}", values)
        addresses = _addresses(connection, known.addresses, values)
        found = frozenset(text for (text,) in connection.execute("SELECT id FROM forgotten"))
        seqs = [seq for (seq,) in connection.execute(_EVENTS, values)]
        _delete(connection, "events", "seq", seqs)
        _make_ids_anonymous(connection, {*seqs, *known.seqs})
        visits = connection.execute(f"DELETE FROM outbox WHERE seq IN ({_VISITS})", values).rowcount
        connection.execute(f"DELETE FROM outbox WHERE seq IN ({_HIDDEN})", values)
        connection.execute(
            f"DELETE FROM live_sessions WHERE {_SITE} AND id IN (SELECT id FROM forgotten)", values
        )
        connection.execute(_MESSAGES, values)
        rejects = _delete_rejects(connection, visitor, values)
        return JournalErased(found, addresses, seqs, visits, rejects)
    finally:
        for table in ("forgotten", "ips"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")


def make_compact(connection: sqlite3.Connection) -> None:
    """Write the file anew without what was deleted, and empty the log that still holds it.

    No event is committed meanwhile. With the ids of a million events (111 MB) it took 7 s on a busy
    machine, and 120 MiB of memory.
    """
    # Neither can be done within the transaction that the writer has begun.
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("BEGIN IMMEDIATE")


_SITE = "(:site IS NULL OR site = :site)"
# A row that is damaged is nobody's: whoever reads it leaves it out.
_BODY = "CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ELSE '{{}}' END"


def _rows(table: str, key: str) -> str:
    return f"(SELECT {key}, {_BODY.format()} AS it FROM {table})"


def _is(field: str) -> str:
    return f"json_extract(it, '$.{field}')"


_OF_SITE = f"(:site IS NULL OR {_is('site')} = :site)"
_NAMED = (
    f"({_is('user_id')} = :user_id OR {_is('ip')} IN (SELECT id FROM ips)"
    f" OR {_is('address')} IN (SELECT id FROM ips)"
    " OR CASE WHEN instr(lower(it), :email) THEN mentions(it) END)"
)
_EARLIER = "EXISTS (SELECT 1 FROM json_each(it, '$.previous_ips') WHERE value IN (SELECT id FROM ips))"
_IS_VISIT = f"{_is('kind')} = 'EndedVisit'"

_GATHER = (
    f"SELECT {_is('session_id')} FROM {_rows('events', 'seq')} WHERE {_OF_SITE} AND {_NAMED}",
    f"SELECT {_is('session_id')} FROM {_rows('outbox', 'seq')} WHERE {_IS_VISIT} AND {_OF_SITE} AND {_NAMED}",
    f"SELECT id FROM {_rows('live_sessions', 'id')} WHERE {_OF_SITE} AND ({_NAMED} OR {_EARLIER})",
)


def _of_forgotten(table: str, also: str) -> str:
    return (
        f"SELECT seq FROM {_rows(table, 'seq')} WHERE {also} AND {_OF_SITE}"
        f" AND {_is('session_id')} IN (SELECT id FROM forgotten)"
    )


_EVENTS = _of_forgotten("events", "true")
_VISITS = _of_forgotten("outbox", _IS_VISIT)
_HIDDEN = _of_forgotten("outbox", f"{_is('kind')} = 'HiddenSession'")
_REJECTS = (
    f"SELECT seq, {_is('excerpt')} FROM {_rows('outbox', 'seq')}"
    f" WHERE {_is('kind')} = 'RejectedInput' AND {_OF_SITE}"
)
_MESSAGES = (
    f"DELETE FROM deliveries WHERE {_SITE} AND (session_id IN (SELECT id FROM forgotten)"
    " OR CASE WHEN instr(lower(body), :email) THEN mentions(body) END)"
)


def _values(visitor: Visitor) -> dict[str, str | None]:
    email = visitor.email.lower() if visitor.email else None
    return {"site": visitor.site, "user_id": visitor.user_id, "email": email}


def _fill(connection: sqlite3.Connection, table: str, texts: Collection[str]) -> None:
    for chunk in chunks_of([(text,) for text in dict.fromkeys(texts)]):
        values = [text for (text,) in chunk]
        connection.execute(f"INSERT OR IGNORE INTO {table} VALUES {places(len(chunk), 1)}", values)


def _addresses(
    connection: sqlite3.Connection, known: Iterable[str], values: dict[str, str | None]
) -> frozenset[str]:
    """Delete the identities of ``known`` addresses and of those that are the visitor's."""
    live = connection.execute(
        f"SELECT {_is('address')} FROM {_rows('live_sessions', 'id')}"
        f" WHERE {_OF_SITE} AND id IN (SELECT id FROM forgotten)",
        values,
    )
    _fill(connection, "ips", {*known, *(address for (address,) in live if address)})
    found = connection.execute(
        f"SELECT address FROM {_rows('identities', 'address')} WHERE address IN (SELECT id FROM ips)"
        " OR CASE WHEN instr(lower(it), :email) THEN mentions(it) END",
        values,
    ).fetchall()
    addresses = frozenset(address for (address,) in found)
    _delete(connection, "identities", "address", addresses)
    return addresses


def _delete_rejects(connection: sqlite3.Connection, visitor: Visitor, values: dict[str, str | None]) -> int:
    marks = Marks(visitor)
    seqs = [
        seq
        for seq, excerpt in connection.execute(_REJECTS, values)
        if isinstance(excerpt, str) and marks.are_named_in(excerpt)
    ]
    _delete(connection, "outbox", "seq", seqs)
    return len(seqs)


def _make_ids_anonymous(connection: sqlite3.Connection, seqs: Collection[int]) -> None:
    for chunk in chunks_of([(seq,) for seq in seqs]):
        connection.execute(
            "UPDATE ids SET id = lower(hex(randomblob(16))), digest = randomblob(16)"
            f" WHERE seq IN ({','.join('?' * len(chunk))})",
            [seq for (seq,) in chunk],
        )


def _delete(connection: sqlite3.Connection, table: str, column: str, keys: Collection[object]) -> None:
    for chunk in chunks_of([(key,) for key in keys]):
        wanted = ",".join("?" * len(chunk))
        connection.execute(f"DELETE FROM {table} WHERE {column} IN ({wanted})", [key for (key,) in chunk])
