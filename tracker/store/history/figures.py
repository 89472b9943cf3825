"""Every figure of the past, as SQL that DuckDB 1.5.5 and 2.0 both understand.

Each function asks one question with a cursor of its caller's thread.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tracker.core.history import (
    DIMENSIONS,
    Cohort,
    EventSummary,
    Filter,
    FunnelStep,
    Point,
    TimeSeries,
    TopItem,
    Totals,
    UserStats,
)
from tracker.store.history import events
from tracker.store.history.answers import Answers
from tracker.store.history.buckets import WEEK_MS, Buckets, choose_width_s, divide
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.errors import QueryRefused
from tracker.store.history.filters import HIDDEN, Where, clean, where

MAX_TOP = 100
MAX_STEPS = 10
MAX_GAPS = 4
MASKED_AT_ONCE = 16
RECENT_EVENTS = 20
MAX_YEARS_S = 100 * 366 * 86_400

# The last company of each session of the site.
_COMPANIES = (
    "(SELECT session_key AS visit, arg_max(company_name, ended) AS company FROM sessions"
    " WHERE site = $site AND company_name IS NOT NULL GROUP BY session_key)"
)


def hides_sessions(cursor: DuckDBPyConnection, site: str) -> bool:
    """Tell whether ``site`` has sessions that count in no figure."""
    return bool(cursor.execute(f"{HIDDEN} LIMIT 1", {"site": clean(site)}).fetchall())


def checked(cursor: DuckDBPyConnection, wanted: Filter) -> bool:
    """Tell whether ``wanted`` is about a site that hides sessions.

    Raises:
        QueryRefused: its time is none, or longer than a century.
    """
    # Written so that NaN is refused too.
    if not 0 <= wanted.start <= wanted.end <= wanted.start + MAX_YEARS_S < 2**40:
        raise QueryRefused("from", "is no time, or not before the end")
    return hides_sessions(cursor, wanted.site)


def condition(cursor: DuckDBPyConnection, wanted: Filter) -> Where:
    return where(wanted, checked(cursor, wanted))


def totals(cursor: DuckDBPyConnection, wanted: Filter) -> Totals:
    sql, values = condition(cursor, wanted)
    row = _row(
        cursor,
        f"SELECT count(*), count(DISTINCT session_key), count(DISTINCT user_id) FROM events WHERE {sql}",
        values,
    )
    return Totals(*row)


def unique_users(cursor: DuckDBPyConnection, wanted: Filter) -> int:
    sql, values = condition(cursor, wanted)
    return int(_row(cursor, f"SELECT count(DISTINCT user_id) FROM events WHERE {sql}", values)[0])


def time_series(
    cursor: DuckDBPyConnection,
    wanted: Filter,
    interval_s: int | None,
    zone: ZoneInfo,
    answers: Answers,
) -> TimeSeries:
    """Return all parts of the time, empty ones too; only those that ``answers`` lacks are counted."""
    with answers.learning() as learning:
        found = condition(cursor, wanted)
        width_s = interval_s or choose_width_s(wanted.start, wanted.end)
        buckets = divide(wanted.start_ms, wanted.end_ms, width_s, zone)
        question = (wanted._replace(start=0, end=0), width_s, zone.key)
        # Companies become known when visits end, and change figures of all times.
        whole = buckets.whole if wanted.company is None else range(0)
        keys = {n: (question, buckets.begin_ms(n)) for n in whole}
        counts = {n: value for n, key in keys.items() if (value := answers.find(key)) is not None}
        for some in _gaps(buckets.numbers, counts):
            counts |= _count_parts(cursor, found, buckets, some)
        for n, key in keys.items():
            learning.keep(key, buckets.begin_ms(n + 1), counts[n])
    return TimeSeries(width_s, [Point(buckets.begin_of(n), *counts[n]) for n in buckets.numbers])


def _gaps(numbers: range, known: Container[int]) -> list[range]:
    missing = [n for n in numbers if n not in known]
    begins = [n for n in missing if n == numbers.start or n - 1 in known]
    ends = [n + 1 for n in missing if n + 1 == numbers.stop or n + 1 in known]
    if len(begins) > MAX_GAPS:
        return [range(begins[0], ends[-1])]
    return [range(*both) for both in zip(begins, ends, strict=True)]


def _count_parts(
    cursor: DuckDBPyConnection, found: Where, buckets: Buckets, some: range
) -> dict[int, tuple[int, int]]:
    start_ms, end_ms = buckets.times_of(some)
    # Two steps took half the time of count(DISTINCT) by group.
    rows = cursor.execute(
        "SELECT bucket, sum(n)::BIGINT, count(*) FROM ("
        f"SELECT {buckets.expression} AS bucket, session_key, count(*) AS n"
        f" FROM events WHERE {found.sql} GROUP BY bucket, session_key) GROUP BY bucket",
        {**found.values, "start": start_ms, "end": end_ms},
    ).fetchall()
    return dict.fromkeys(some, (0, 0)) | {bucket: (count, visitors) for bucket, count, visitors in rows}


def top(cursor: DuckDBPyConnection, wanted: Filter, dimension: str, limit: int) -> list[TopItem]:
    """Return the values with the most events; those events that have none do not count."""
    if dimension not in DIMENSIONS:
        raise QueryRefused("dimension", f"is none of {', '.join(DIMENSIONS)}")
    sql, values = condition(cursor, wanted)
    source = "events"
    if dimension == "company":
        source = f"events JOIN {_COMPANIES} ON session_key = visit"
    limit = max(1, min(limit, MAX_TOP))
    counted = cursor.execute(
        f"SELECT {dimension} AS value, count(*) AS n FROM {source} WHERE {sql} AND {dimension} IS NOT NULL"
        f" GROUP BY value ORDER BY n DESC, value LIMIT {limit}",
        values,
    ).fetchall()
    visitors: list[int] = []
    for first in range(0, len(counted), MASKED_AT_ONCE):
        some = [value for value, _ in counted[first : first + MASKED_AT_ONCE]]
        visitors += _visitors_of(cursor, f"{source} WHERE {sql}", values, dimension, some)
    return [TopItem(value, n, count) for (value, n), count in zip(counted, visitors, strict=True)]


def _visitors_of(
    cursor: DuckDBPyConnection, source: str, values: dict[str, Any], dimension: str, wanted: list[str]
) -> list[int]:
    # One bit for each value: grouping by numbers alone took a third of the time of grouping by texts.
    # What calls one function on the column is worked out once for each entry of its dictionary.
    bits = [1 << place for place in range(len(wanted))]
    rows = cursor.execute(
        "SELECT mask, count(*) FROM ("
        f"SELECT bit_or(map($wanted::VARCHAR[], $bits::INTEGER[])[{dimension}]) AS mask"
        f" FROM {source} GROUP BY session_key) WHERE mask IS NOT NULL GROUP BY mask",
        {**values, "wanted": wanted, "bits": bits},
    ).fetchall()
    return [sum(count for mask, count in rows if mask & bit) for bit in bits]


def event_summary(cursor: DuckDBPyConnection, wanted: Filter, event: str) -> EventSummary:
    found = condition(cursor, wanted._replace(type=event))
    count, users = _row(
        cursor, f"SELECT count(*), count(DISTINCT user_id) FROM events WHERE {found.sql}", found.values
    )
    return EventSummary(event, count, users, _counts(cursor, "coalesce(device, 'unknown')", found))


def user_stats(cursor: DuckDBPyConnection, wanted: Filter, user_id: str) -> UserStats:
    wanted = wanted._replace(user_id=user_id)
    sql, values = condition(cursor, wanted)
    # Finding a user's events means to look at every event, so that is done once. Numbers of
    # rows hold within a transaction only.
    cursor.execute("BEGIN")
    rows = cursor.execute(
        "SELECT device, country, count(*), min(time), max(time),"
        f" max({{t: time, a: arrival, r: rowid}}, {RECENT_EVENTS})"
        f" FROM events WHERE {sql} GROUP BY device, country",
        values,
    ).fetchall()
    if not rows:
        return UserStats(user_id, 0, None, None, {}, {}, [])
    newest = sorted((tuple(one.values()) for row in rows for one in row[5]), reverse=True)[:RECENT_EVENTS]
    recent = events.of_rows(cursor, [row for _, _, row in newest])
    cursor.execute("COMMIT")
    return UserStats(
        user_id,
        sum(row[2] for row in rows),
        min(row[3] for row in rows) / 1000,
        max(row[4] for row in rows) / 1000,
        _sums((row[0], row[2]) for row in rows),
        _sums((row[1], row[2]) for row in rows),
        recent,
    )


def funnel(cursor: DuckDBPyConnection, wanted: Filter, steps: Sequence[str]) -> list[FunnelStep]:
    """Return how many sessions took each step after the one before it.

    A step that begins with ``/`` is a page, any other a type of event.
    """
    if not 1 <= len(steps) <= MAX_STEPS:
        raise QueryRefused("steps", f"must be 1 to {MAX_STEPS}")
    sql, values = condition(cursor, wanted)
    columns = ["page" if step.startswith("/") else "type" for step in steps]
    values |= {f"step{n}": clean(step) for n, step in enumerate(steps)}
    matches = [f"{column} = $step{n}" for n, column in enumerate(columns)]
    flags = ", ".join(f"coalesce({match}, false) AS is{n}" for n, match in enumerate(matches))
    parts = [
        # Time and arrival as one number, which is quicker to compare.
        "steps AS MATERIALIZED (SELECT session_key, time::HUGEINT * 17592186044416 + arrival AS place,"
        f" {flags} FROM events WHERE {sql} AND ({' OR '.join(matches)}))",
        "taken0 AS MATERIALIZED"
        " (SELECT session_key, min(place) AS place FROM steps WHERE is0 GROUP BY session_key)",
    ]
    parts += [
        f"taken{n} AS MATERIALIZED (SELECT steps.session_key, min(steps.place) AS place FROM steps"
        f" JOIN taken{n - 1} AS before ON steps.session_key = before.session_key"
        f" AND steps.place > before.place WHERE is{n} GROUP BY steps.session_key)"
        for n in range(1, len(steps))
    ]
    counts = ", ".join(f"(SELECT count(*) FROM taken{n})" for n in range(len(steps)))
    sessions = _row(cursor, f"WITH {', '.join(parts)} SELECT {counts}", values)
    return [
        FunnelStep(step, count, count / sessions[0] if sessions[0] else 0.0)
        for step, count in zip(steps, sessions, strict=True)
    ]


def retention(cursor: DuckDBPyConnection, wanted: Filter, zone: ZoneInfo) -> list[Cohort]:
    """Return the users of each week, from Monday, by the week in which the range saw them first."""
    sql, values = condition(cursor, wanted)
    weeks = divide(wanted.start_ms, wanted.end_ms, WEEK_MS // 1000, zone)
    rows = cursor.execute(
        f"WITH seen AS MATERIALIZED (SELECT DISTINCT user_id, {weeks.expression} AS week"
        f" FROM events WHERE {sql} AND user_id IS NOT NULL),"
        " came AS (SELECT user_id, min(week) AS first FROM seen GROUP BY user_id)"
        " SELECT first, week, count(*) FROM seen JOIN came USING (user_id) GROUP BY first, week",
        values,
    ).fetchall()
    found = {(first, week): count for first, week, count in rows}
    numbers = weeks.numbers
    return [
        Cohort(
            weeks.begin_of(first),
            found[first, first],
            [found.get((first, week), 0) for week in range(first + 1, numbers.stop)],
        )
        for first in numbers
        if (first, first) in found
    ]


def _counts(cursor: DuckDBPyConnection, value: str, found: Where) -> dict[str, int]:
    rows = cursor.execute(
        f"SELECT {value} AS value, count(*) AS n FROM events WHERE {found.sql} AND {value} IS NOT NULL"
        f" GROUP BY value ORDER BY n DESC, value LIMIT {MAX_TOP}",
        found.values,
    ).fetchall()
    return dict(rows)


def _sums(counted: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for value, count in counted:
        if value is not None:
            sums[value] += count
    return dict(sums.most_common(MAX_TOP))


def _row(cursor: DuckDBPyConnection, sql: str, values: dict[str, Any]) -> tuple[Any, ...]:
    return cursor.execute(sql, values).fetchall()[0]
