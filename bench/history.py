"""Questions about 10 million events in 30 days: how long, how large, and while 1,000 a second come in?"""

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import duckdb

from bench.figures import Figure
from tracker.clock import SystemClock
from tracker.core.history import Filter
from tracker.core.inputs import SiteEvent
from tracker.store.database import Database, open_database
from tracker.store.history.database import HistoryDatabase, connect, open_history
from tracker.store.history.history import History
from tracker.store.history.mover import Mover
from tracker.store.history.readers import Readers
from tracker.store.journal import Journal

EVENTS = 10_000_000
DAYS = 30
DAY_S = 86_400
REPEATS = 9
MOVED = 100_000

Question = Callable[[], Awaitable[object]]

# Visits of about eight events, fifty at a time; ids as the door makes them.
FILL = """
INSERT INTO events
SELECT 'default', time, i + 1, time + 35 + hash(i * 3) % 30,
    CASE WHEN hash(i * 7) % 10 < 7 THEN 'pageview' WHEN hash(i * 7) % 10 < 9 THEN 'click'
        ELSE 'signup_' || (hash(i * 7) // 100 % 8) END,
    session, (md5_number_lower(session) >> 1)::BIGINT,
    CASE WHEN hash(s * 5) % 10 < 6 THEN 'user-' || (hash(s * 11) % 300000) END,
    '/p/' || floor(500 * pow((hash(i * 13) % 1000000) / 1e6, 3))::INTEGER,
    ['US', 'DE', 'FR', 'GB', 'CH', 'IN', 'BR', 'JP', 'CA', 'ES'][1 + (hash(s * 17) % 10)::INTEGER],
    ['desktop', 'mobile', 'tablet'][1 + (hash(s * 19) % 3)::INTEGER],
    ['Chrome', 'Safari', 'Firefox', 'Edge'][1 + (hash(s * 23) % 4)::INTEGER],
    ['Windows', 'macOS', 'iOS', 'Android', 'Linux'][1 + (hash(s * 29) % 5)::INTEGER],
    CASE hash(s * 31) % 3 WHEN 0 THEN 'https://www.google.com/'
        WHEN 1 THEN 'https://news.example/' || (hash(s * 37) % 200) END,
    (hash(s * 41) % 223) || '.' || (hash(s * 43) % 256) || '.' || (hash(s * 47) % 256) || '.1',
    (lpad(to_hex(time), 12, '0') || substr(md5(i::VARCHAR), 1, 20))::UUID, NULL,
    CASE WHEN hash(i * 53) % 10 = 0 THEN '{"plan":"pro","value":' || (hash(i * 59) % 1000) || '}' END, false,
    CASE WHEN hash(s * 5) % 10 < 6
        THEN md5_number_lower('user-' || (hash(s * 11) % 300000)) & 65535 ELSE 0 END
FROM (SELECT *, (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-'
        || substr(h, 17, 4) || '-' || substr(h, 21)) AS session
    FROM (SELECT i, s, time, md5(s::VARCHAR) AS h
        FROM (SELECT i, (i // 400) * 50 + hash(i) % 50 AS s,
                ($start + i * ($span / $count))::BIGINT AS time
            FROM range($count) AS numbers(i))))
"""


async def measure(events: int = EVENTS) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracker.duckdb"
        end_s = time.time()
        fill(path, events, end_s)
        size = Figure("history: on disk", path.stat().st_size / events, "bytes/event", "≤ 45")
        clock = SystemClock()
        opened_s = time.monotonic()
        database = open_history(path, clock)
        opened = Figure("history: opening", time.monotonic() - opened_s, "s", "≤ 3")
        journal_file = open_database(Path(folder) / "tracker.journal", clock)
        mover = Mover(journal_file.writer, database, clock)
        readers = Readers(database, limit_s=60)
        history = History(database, readers, mover, clock)
        try:
            quiet = await _ask(history, database, end_s, "")
            moved = await _move(journal_file, mover, clock)
            busy = await _ask_while_events_come(history, journal_file, database, mover, clock, end_s)
        finally:
            readers.close()
            await mover.close()
            database.close()
            await journal_file.close()
        return [size, opened, *quiet, *moved, *busy]


def fill(path: Path, events: int, end_s: float) -> None:
    connect(path).close()
    connection = duckdb.connect(str(path))
    connection.execute("SET enable_progress_bar = false")
    values = {"start": int((end_s - DAYS * DAY_S) * 1000), "span": DAYS * DAY_S * 1000.0, "count": events}
    connection.execute(FILL, values)
    connection.close()


async def _ask(history: History, database: HistoryDatabase, end_s: float, when: str) -> list[Figure]:
    def over(days: float) -> Filter:
        return Filter("default", end_s - days * DAY_S, end_s)

    questions: dict[str, tuple[Question, str]] = {
        "hour per minute": (lambda: history.timeseries(over(1 / 24)), "≤ 10"),
        "week per hour": (lambda: history.timeseries(over(7)), "≤ 60"),
        "month per 6 hours": (lambda: history.timeseries(over(DAYS)), ""),
        "top 5 types of a week": (lambda: history.top(over(7), "type"), "≤ 60"),
        "top pages with sessions of a day": (lambda: history.top(over(1), "page"), "≤ 60"),
        "users of 30 days": (lambda: history.unique_users(over(DAYS)), "≤ 300"),
        "totals of 30 days": (lambda: history.totals(over(DAYS)), ""),
        "one user": (lambda: history.user_stats(over(DAYS), "user-77"), "≤ 60"),
        "newest 100 events": (lambda: history.events(over(DAYS)), ""),
        "one session": (lambda: history.session_events("default", "nobody"), ""),
        "funnel of a day": (lambda: history.funnel(over(1), ["/p/0", "/p/1", "click"]), ""),
        "retention of 30 days": (lambda: history.retention(over(DAYS)), ""),
    }
    forget = partial(database.answers.changed, 0)
    figures = [
        Figure(f"history: {name}{when}", await _median_ms(question, forget), "ms", target)
        for name, (question, target) in questions.items()
    ]
    # As a dashboard does: the same week, a little later.
    later = itertools.count()
    again = await _median_ms(
        lambda: history.timeseries(
            Filter("default", end_s - 7 * DAY_S + (moved := next(later)), end_s + moved)
        )
    )
    return [*figures, Figure(f"history: week per hour, asked again{when}", again, "ms")]


async def _median_ms(question: Question, before: Callable[[], None] = lambda: None) -> float:
    taken_ms = []
    for _ in range(REPEATS):
        before()
        began_s = time.perf_counter()
        await question()
        taken_ms.append((time.perf_counter() - began_s) * 1000)
    return sorted(taken_ms)[len(taken_ms) // 2]


def _event(clock: SystemClock, number: int) -> SiteEvent:
    now = clock.now()
    return SiteEvent(
        now,
        "default",
        f"{int(now.unix_s * 1000):012x}" + os.urandom(10).hex(),
        "pageview",
        f"d4b3f1c2-1111-4222-8333-{number // 8:012d}",
        now.unix_s,
        page=f"/p/{number % 500}",
        user_id=f"user-{number % 30_000}",
        country="DE",
        device="desktop",
        browser="Chrome",
        os="Windows",
        referrer="https://www.google.com/",
        ip="203.0.113.7",
    )


async def _move(journal_file: Database, mover: Mover, clock: SystemClock) -> list[Figure]:
    journal = Journal(journal_file.writer, clock, lambda event: None)
    for first in range(0, MOVED, 1_000):
        await journal.append("default", [_event(clock, n) for n in range(first, first + 1_000)])
    began_s, cpu_s = time.monotonic(), time.process_time()
    await mover.catch_up()
    took_s = time.monotonic() - began_s
    return [
        Figure("history: events taken over", MOVED / took_s, "events/s", "≥ 25,000"),
        Figure("history: processor time an event", (time.process_time() - cpu_s) / MOVED * 1e6, "µs"),
    ]


async def _ask_while_events_come(
    history: History,
    journal_file: Database,
    database: HistoryDatabase,
    mover: Mover,
    clock: SystemClock,
    end_s: float,
) -> list[Figure]:
    journal = Journal(journal_file.writer, clock, lambda event: None)
    lags_s: list[float] = []
    stalls_s: list[float] = []

    async def come_in() -> None:
        number = 0
        while True:
            began_s = time.monotonic()
            await journal.append("default", [_event(clock, n) for n in range(number, number + 50)])
            number += 50
            lags_s.append(mover.lag_s)
            await asyncio.sleep(max(0.0, began_s + 0.05 - time.monotonic()))

    async def watch_loop() -> None:
        while True:
            began_s = time.monotonic()
            await asyncio.sleep(0.01)
            stalls_s.append(time.monotonic() - began_s - 0.01)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in (come_in(), mover.run(), watch_loop())]
        await asyncio.sleep(2)
        lags_s.clear()
        figures = await _ask(history, database, end_s, ", 1,000 events/s coming in")
        for task in tasks:
            task.cancel()
    return [
        *figures,
        Figure("history: lag at its longest", max(lags_s), "s", "≤ 1"),
        Figure("history: event loop held up, p99", sorted(stalls_s)[len(stalls_s) * 99 // 100] * 1000, "ms"),
        Figure("history: file after it", database.size_bytes / 2**20, "MiB"),
    ]
