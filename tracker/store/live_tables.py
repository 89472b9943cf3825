"""The tables of the checkpoints. Functions for the writer's thread, within its transaction."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from sys import intern
from typing import Any, NamedTuple, TypeVar

from tracker.core.ended import MAX_JOURNEY_BYTES
from tracker.core.journey import PackedJourney, Step
from tracker.core.restore import FiguresRecord, SessionRecord, TimesRecord
from tracker.core.statistics import MinuteFigures, PageFigures, PeriodFigures
from tracker.core.usual import HourFigures
from tracker.store.codec import RecordCodec
from tracker.store.rows import insert_rows, select_matching

Key = tuple[str, str]
"""Site and session id."""


class Cut(NamedTuple):
    """The changes between two checkpoints, all of one moment."""

    written_at: float
    applied_seq: int
    sessions: list[SessionRecord]
    times: list[tuple[Key, TimesRecord]]
    """Of sessions that are not among the ones above."""
    forgotten: list[Key]
    figures: list[FiguresRecord]


class WrittenFigures(NamedTuple):
    """The figures without the pages' visits, which have rows of their own."""

    period: PeriodFigures
    minutes: MinuteFigures
    top_pages: tuple[str, ...] = ()
    usual: tuple[HourFigures, ...] = ()


SESSION = RecordCodec(SessionRecord, replaced={"journey": tuple[Step, ...]})
FIGURES = RecordCodec(WrittenFigures)

MAX_KNOWN_SITES = 100

R = TypeVar("R")


class WrittenPages:
    """What the table of pages holds, so that only visits that changed are written.

    Of at most a hundred sites; those of others are read again when they are needed.
    """

    def __init__(self) -> None:
        self._of_site: dict[str, dict[str, int]] = {}

    def get(self, connection: sqlite3.Connection, site: str) -> dict[str, int]:
        known = self._of_site.get(site)
        return _read_pages(connection, site) if known is None else known

    def keep(self, written: Iterable[FiguresRecord]) -> None:
        """Remember what was committed."""
        for figures in written:
            self._of_site[figures.site] = figures.pages.visits
        if len(self._of_site) > MAX_KNOWN_SITES:
            self.forget()

    def forget(self) -> None:
        self._of_site.clear()


def write(connection: sqlite3.Connection, cut: Cut, pages: WrittenPages) -> None:
    """Write one checkpoint."""
    insert_rows(
        connection,
        "INSERT INTO live_sessions (site, id, ended_at, body)",
        [(one.site, one.id, one.end and one.end.noticed_at, SESSION.encode(one)) for one in cut.sessions],
        "ON CONFLICT (site, id) DO UPDATE SET ended_at = excluded.ended_at, body = excluded.body",
    )
    _delete(connection, "live_sessions", ("site", "id"), cut.forgotten)
    _write_times(connection, cut)
    for figures in cut.figures:
        _write_figures(connection, figures, pages)
    connection.execute(
        "INSERT INTO checkpoint VALUES (1, ?, ?)"
        " ON CONFLICT DO UPDATE SET applied_seq = excluded.applied_seq, written_at = excluded.written_at",
        (cut.applied_seq, cut.written_at),
    )


def read_mark(connection: sqlite3.Connection) -> tuple[float | None, int]:
    """Return when the last checkpoint was written and the number it holds."""
    row = connection.execute("SELECT written_at, applied_seq FROM checkpoint").fetchone()
    return (None, 0) if row is None else row


def read_sessions(
    connection: sqlite3.Connection, max_journey_bytes: int = MAX_JOURNEY_BYTES
) -> tuple[list[SessionRecord], int]:
    """Return the sessions that live or ended lately, and how many rows cannot be read.

    ``max_journey_bytes``: of a site's ended ones the newest whose journeys fit into it.
    """
    found: list[SessionRecord] = []
    unreadable = 0
    taken_bytes: Counter[str] = Counter()
    rows = connection.execute(
        "SELECT site, rowid, ended_at IS NULL FROM live_sessions ORDER BY live_sessions.ended_at DESC"
    )
    for site, number, is_live in rows:
        if not is_live and taken_bytes[site] > max_journey_bytes:
            continue
        # One by one: all of them as they are decoded are several times what they are in the service.
        bodies = connection.execute("SELECT body FROM live_sessions WHERE rowid = ?", (number,)).fetchone()
        decoded, bad = _decode(SESSION, bodies)
        for session in map(_in_less_memory, decoded):
            found.append(session)
            taken_bytes[site] += session.journey_bytes
        unreadable += bad
    times = {number: values for number, *values in connection.execute("SELECT * FROM live_times")}
    for place, session in enumerate(found):
        moved = times.get(_number((session.site, session.id)))
        if moved is not None:
            found[place] = session._replace(**TimesRecord(*moved)._asdict())
    return found, unreadable


def _in_less_memory(session: SessionRecord) -> SessionRecord:
    # Each page is a text of its own, as often as it was visited, until they are made one.
    steps = tuple([Step(intern(page), at) for page, at in session.steps])
    return session._replace(journey=steps if len(steps) < 2 else PackedJourney.of(steps))


def read_figures(connection: sqlite3.Connection) -> tuple[list[FiguresRecord], int]:
    """Return the figures of every site, and how many rows cannot be read."""
    found: list[FiguresRecord] = []
    unreadable = 0
    for site, body in connection.execute("SELECT site, body FROM live_figures").fetchall():
        decoded, bad = _decode(FIGURES, [body])
        unreadable += bad
        for figures in decoded:
            visits = PageFigures(_read_pages(connection, site), figures.top_pages)
            found.append(FiguresRecord(site, figures.period, figures.minutes, visits, figures.usual))
    return found, unreadable


def prune_ended(connection: sqlite3.Connection, before: float, keep: int, limit: int) -> int:
    """Delete at most ``limit`` ended sessions: older than ``before``, or more than ``keep``."""
    (ended,) = connection.execute("SELECT count(*) FROM live_sessions WHERE ended_at IS NOT NULL").fetchone()
    oldest = "SELECT rowid FROM live_sessions WHERE ended_at IS NOT NULL"
    return connection.execute(
        f"DELETE FROM live_sessions WHERE rowid IN ({oldest} AND ended_at < ? ORDER BY ended_at LIMIT ?)"
        f" OR rowid IN ({oldest} ORDER BY ended_at LIMIT ?)",
        (before, limit, min(limit, max(0, ended - keep))),
    ).rowcount


def _write_times(connection: sqlite3.Connection, cut: Cut) -> None:
    outdated = [(one.site, one.id) for one in cut.sessions] + cut.forgotten
    _delete(connection, "live_times", ("number",), [(_number(key),) for key in outdated])
    insert_rows(
        connection,
        "INSERT INTO live_times",
        # In the order of the table each of its pages is written once.
        sorted((_number(key), *times) for key, times in cut.times),
        "ON CONFLICT (number) DO UPDATE SET last_activity_at = excluded.last_activity_at,"
        " last_receipt_at = excluded.last_receipt_at, last_minute = excluded.last_minute,"
        " counted_minutes = excluded.counted_minutes",
    )


def _number(key: Key) -> int:
    digest = hashlib.blake2b("\0".join(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _write_figures(connection: sqlite3.Connection, figures: FiguresRecord, pages: WrittenPages) -> None:
    written = WrittenFigures(figures.period, figures.minutes, figures.pages.top, figures.usual)
    connection.execute(
        "INSERT INTO live_figures VALUES (?, ?) ON CONFLICT (site) DO UPDATE SET body = excluded.body",
        (figures.site, FIGURES.encode(written)),
    )
    before = pages.get(connection, figures.site)
    now = figures.pages.visits
    gone = [(figures.site, page) for page in before if page not in now]
    _delete(connection, "live_pages", ("site", "page"), gone)
    insert_rows(
        connection,
        "INSERT INTO live_pages (site, page, visits)",
        [(figures.site, page, visits) for page, visits in now.items() if before.get(page) != visits],
        "ON CONFLICT (site, page) DO UPDATE SET visits = excluded.visits",
    )


def _read_pages(connection: sqlite3.Connection, site: str) -> dict[str, int]:
    rows = connection.execute("SELECT page, visits FROM live_pages WHERE site = ? ORDER BY position", (site,))
    return dict(rows.fetchall())


def _delete(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], keys: Sequence[Sequence[Any]]
) -> None:
    on = " AND ".join(f"{name} = key.column{place}" for place, name in enumerate(columns, 1))
    matching = select_matching(connection, f"{table}.rowid", table, on, keys)
    connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", matching)


def _decode(codec: RecordCodec[R], bodies: Iterable[Any]) -> tuple[list[R], int]:
    found: list[R] = []
    unreadable = 0
    for body in bodies:
        try:
            found.append(codec.decode(body))
        except (ValueError, TypeError):
            unreadable += 1
    return found, unreadable
