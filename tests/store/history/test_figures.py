"""60,000 random events: every figure equals the one that plain Python works out."""

import asyncio
from collections.abc import AsyncIterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from tests.store.history.ledger import Ledger, begin_of_part, ms
from tests.store.history.opened import START_S, OpenStore, event, open_store, random_events
from tracker.core.history import DIMENSIONS, Filter, StoredEvent
from tracker.core.identity import Company
from tracker.store.history.errors import QueryRefused
from tracker.store.history.outbox import EndedVisit, HiddenSession

EVENTS = 60_000
DAYS = 45.0
BEGIN_S = START_S - DAYS * 86_400
RANGES_S = {"hour": 3_600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "all": 400 * 86_400}
ZONES = ("UTC", "Europe/Zurich", "Asia/Kathmandu")
# 2026-09-21 less two days: inside the events, so that every range holds some.
END_S = START_S - 2 * 86_400 + 0.007


class Filled(NamedTuple):
    store: OpenStore
    ledger: Ledger


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Filled]:
    folder: Path = tmp_path_factory.mktemp("history")
    events = list(random_events(EVENTS, seed=7, days=DAYS))
    ids = sorted({one.session_id for one in events})
    companies = {session: ("Acme", "Börse AG", "Zeta")[n % 3] for n, session in enumerate(ids) if n % 4 == 0}
    hidden = set(ids[::50])
    async with open_store(folder, max_rows=1_700) as store:
        for session, name in companies.items():
            visit = EndedVisit("default", session, "events", "192.0.2.1", 1.0, 2.0, "closed")
            store.outbox.put(visit._replace(company=Company(f"guid-{name}", name, f"{name}.example")))
        for session in hidden:
            store.outbox.put(HiddenSession("default", session))
        await store.store(events)
        yield Filled(store, Ledger([_shown(one, hidden) for one in events], companies))


def _shown(one: Any, hidden: set[str]) -> Any:
    # What is hidden keeps its place in the order of arrival.
    return one._replace(site="(hidden)") if one.site == "default" and one.session_id in hidden else one


def filter_over(range_s: int, **fields: Any) -> Filter:
    return Filter("default", END_S - range_s, END_S, **fields)


VALUES: dict[str, str] = {
    "type": "click",
    "page": "/pricing",
    "country": "FR",
    "device": "mobile",
    "browser": "Chrome",
    "os": "Linux",
    "referrer": "https://news.example/",
    "company": "bör",
    "user_id": "user-17",
}
ALONE_AND_IN_PAIRS = [
    {},
    *({name: VALUES[name]} for name in VALUES),
    *({a: VALUES[a], b: VALUES[b]} for a, b in combinations(VALUES, 2)),
]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("name", RANGES_S)
async def test_totals_with_filters_alone_and_in_pairs(filled: Filled, name: str) -> None:
    nonzero = 0
    for fields in ALONE_AND_IN_PAIRS:
        wanted = filter_over(RANGES_S[name], **fields)
        expected = filled.ledger.totals(wanted)
        nonzero += expected[0] > 0
        assert await filled.store.history.totals(wanted) == expected, fields
    assert nonzero > 5
    assert await filled.store.history.unique_users(wanted) == expected[2]


@pytest.mark.parametrize("name", ["hour", "week", "month"])
async def test_every_figure_with_every_filter(filled: Filled, name: str) -> None:
    history, ledger = filled.store.history, filled.ledger
    for number, fields in enumerate(ALONE_AND_IN_PAIRS[:: 5 if name == "month" else 1]):
        wanted = filter_over(RANGES_S[name], **fields)
        # All dimensions without a filter; with filters they take turns.
        for dimension in DIMENSIONS if not fields else DIMENSIONS[number % 4 :: 4]:
            items = await history.top(wanted, dimension, 4)
            assert [tuple(item) for item in items] == ledger.top(wanted, dimension, 4), (dimension, fields)
        series = await history.timeseries(wanted)
        assert len(series.points) <= 201
        assert {one.time: one[1:] for one in series.points if one.events} == ledger.series(
            wanted, begin_of_part(series.interval_s, ZoneInfo("UTC"))
        )


async def test_long_tops_have_the_right_visitors(filled: Filled) -> None:
    wanted = filter_over(RANGES_S["week"])
    for limit in (1, 16, 17, 100):
        items = await filled.store.history.top(wanted, "page", limit)
        assert [tuple(item) for item in items] == filled.ledger.top(wanted, "page", limit)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("range_s", "interval_s"),
    [
        (3_600, 10),
        (3_600, 60),
        (86_400, 900),
        (604_800, 3_600),
        (2_592_000, 21_600),
        (3_456_000, 86_400),
        (3_456_000, 604_800),
    ],
)
async def test_time_series_in_every_zone(filled: Filled, zone: str, range_s: int, interval_s: int) -> None:
    wanted = filter_over(range_s)
    series = await filled.store.history.timeseries(wanted, interval_s, zone)
    begin = begin_of_part(interval_s, ZoneInfo(zone))
    assert {one.time: one[1:] for one in series.points if one.events} == filled.ledger.series(wanted, begin)
    times = [one.time for one in series.points]
    assert times[0] == begin(wanted.start)
    assert times[-1] == begin(wanted.end - 0.001)
    assert times == sorted(set(times))


@pytest.mark.parametrize("zone", ["Europe/Zurich", "America/New_York"])
@pytest.mark.parametrize("end", [1_774_828_800.0 + 86_400 * 3, 1_792_886_400.0 + 86_400 * 9])
async def test_days_of_the_clock_change(tmp_path: Path, zone: str, end: float) -> None:
    """Around 2026-03-29 and 2026-10-25 (Zurich), 2026-03-08 and 2026-11-01 (New York)."""
    start = end - 30 * 86_400
    events = [
        event(f"e{n}", start + n * 1_800, session_id=f"s{n // 5}", user_id=f"u{n % 9}")
        for n in range(48 * 30)
    ]
    ledger = Ledger(events, {})
    wanted = Filter("default", start, end)
    async with open_store(tmp_path) as store:
        await store.store(events)
        for interval_s in (3_600, 21_600, 86_400, 604_800):
            series = await store.history.timeseries(wanted, interval_s, zone)
            assert {one.time: one[1:] for one in series.points if one.events} == ledger.series(
                wanted, begin_of_part(interval_s, ZoneInfo(zone))
            )
            lengths = {b.time - a.time for a, b in zip(series.points, series.points[1:], strict=False)}
            assert len(lengths) == (1 if interval_s == 3_600 else 2), "the clocks change within the range"
        cohorts = await store.history.retention(wanted, zone)
        assert [tuple(one) for one in cohorts] == ledger.retention(wanted, ZoneInfo(zone))


@pytest.mark.parametrize("steps", [["/"], ["/", "/pricing", "click"], ["click", "click", "click"], ["no"]])
@pytest.mark.parametrize("fields", [{}, {"device": "mobile"}, {"company": "acme", "country": "de"}])
async def test_funnels(filled: Filled, steps: list[str], fields: dict[str, str]) -> None:
    for range_s in RANGES_S.values():
        wanted = filter_over(range_s, **fields)
        found = await filled.store.history.funnel(wanted, steps)
        expected = filled.ledger.funnel(wanted, steps)
        assert [one.sessions for one in found] == expected
        assert [one.rate for one in found] == [n / expected[0] if expected[0] else 0.0 for n in expected]


async def test_funnel_order_is_time_then_arrival(tmp_path: Path) -> None:
    events = [
        event("late", START_S + 1, page="/a", session_id="x"),
        event("early", START_S, page="/b", session_id="x"),
        event("1", START_S, page="/a", session_id="same time"),
        event("2", START_S, page="/b", session_id="same time"),
        event("3", START_S, page="/b", session_id="same time, other way"),
        event("4", START_S, page="/a", session_id="same time, other way"),
    ]
    async with open_store(tmp_path) as store:
        await store.store(events)
        steps = await store.history.funnel(Filter("default", START_S, START_S + 2), ["/a", "/b"])
    assert [(one.sessions, one.rate) for one in steps] == [(3, 1.0), (1, 1 / 3)]


@pytest.mark.parametrize("zone", ZONES)
async def test_retention(filled: Filled, zone: str) -> None:
    for range_s in RANGES_S.values():
        for fields in ({}, {"browser": "Safari"}):
            wanted = filter_over(range_s, **fields)
            cohorts = await filled.store.history.retention(wanted, zone)
            assert [tuple(one) for one in cohorts] == filled.ledger.retention(wanted, ZoneInfo(zone))


async def test_event_summary_and_user_stats(filled: Filled) -> None:
    history, ledger = filled.store.history, filled.ledger
    for name, range_s in RANGES_S.items():
        for type_ in ("click", "Ünïcode ☃", "never"):
            wanted = filter_over(range_s, country="us")
            summary = await history.event_summary(wanted, type_)
            typed = wanted._replace(type=type_)
            assert summary == (
                type_,
                ledger.totals(typed)[0],
                ledger.totals(typed)[2],
                ledger.devices(typed),
            )
        for user in ("user-3", "user-44", "nobody"):
            stats = await history.user_stats(filter_over(range_s), user)
            theirs = ledger.matching(filter_over(range_s, user_id=user))
            assert stats.total_events == len(theirs), name
            assert stats.first_seen == (ms(theirs[0].occurred_at) / 1000 if theirs else None)
            assert stats.last_seen == (ms(theirs[-1].occurred_at) / 1000 if theirs else None)
            assert sum(stats.countries.values()) == sum(one.country is not None for one in theirs)
            assert sum(stats.devices.values()) == sum(one.device is not None for one in theirs)
            assert [one.id for one in stats.recent_events] == [one.id for one in reversed(theirs)][:20]


async def test_single_events_come_back_as_they_were(filled: Filled) -> None:
    wanted = filter_over(RANGES_S["day"])
    expected = filled.ledger.matching(wanted)
    found: list[StoredEvent] = []
    cursor = None
    while True:
        page = await filled.store.history.events(wanted, 333, cursor)
        found += page.events
        cursor = page.next
        if cursor is None:
            break
    assert len(found) == len(expected) > 1_000
    for one, other in zip(reversed(found), expected, strict=True):
        assert one.occurred_at == ms(other.occurred_at) / 1000
        assert one.received_at == ms(other.now.unix_s) / 1000
        for name in set(StoredEvent._fields) - {"occurred_at", "received_at", "arrival"}:
            assert getattr(one, name) == getattr(other, name), name


async def test_export_is_everything_in_order(filled: Filled) -> None:
    for fields in ({}, {"type": "click", "os": "iOS"}):
        wanted = filter_over(RANGES_S["all"], **fields)
        chunks = [chunk async for chunk in filled.store.history.export(wanted, rows=500)]
        assert max(map(len, chunks)) <= 500
        expected = [one.id for one in filled.ledger.matching(wanted)]
        assert [one.id for chunk in chunks for one in chunk] == expected


async def test_sites_see_nothing_of_each_other(filled: Filled) -> None:
    other = filter_over(RANGES_S["all"])._replace(site="other")
    assert await filled.store.history.totals(other) == filled.ledger.totals(other)
    assert (await filled.store.history.totals(other))[0] > 1_000
    assert (await filled.store.history.totals(other._replace(site="none"))) == (0, 0, 0)


async def test_questions_that_make_no_sense_are_refused(filled: Filled) -> None:
    history = filled.store.history
    good = filter_over(3_600)
    refused = [
        history.totals(good._replace(end=good.start - 1)),
        history.totals(good._replace(start=float("nan"))),
        history.totals(good._replace(start=-1.0)),
        history.totals(good._replace(end=1e18)),
        history.timeseries(good, 7),
        history.timeseries(filter_over(RANGES_S["all"]), 1),
        history.top(good, "session_id; DROP TABLE events"),
        history.funnel(good, []),
        history.funnel(good, ["/"] * 11),
        history.events(good, 10, "no cursor"),
    ]
    for answer in await asyncio.gather(*refused, return_exceptions=True):
        assert isinstance(answer, QueryRefused), answer
    for zone in ("Mars/Olympus", "../../etc/passwd", "", "\0"):
        with pytest.raises(QueryRefused):
            await history.timeseries(good, None, zone)
