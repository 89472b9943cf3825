"""Answers are remembered for as long as they hold."""

import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.store.history.ledger import Ledger, begin_of_part
from tests.store.history.opened import FOR_EVER, START_S, OpenStore, event, open_store, random_events
from tracker.core.history import Filter, Totals
from tracker.store.history.answers import Answers
from tracker.store.history.outbox import HiddenSession

HOUR_S = 3_600


def learn(answers: Answers, key: str, end_ms: int, weight: int = 1) -> None:
    with answers.learning() as learning:
        learning.keep(key, end_ms, key.upper(), weight)


def test_a_change_forgets_what_ends_after_it() -> None:
    answers = Answers()
    for key, end_ms in (("past", 100), ("open", 101)):
        learn(answers, key, end_ms)
    answers.changed(100)
    assert (answers.find("past"), answers.find("open")) == ("PAST", None)
    answers.changed(0)
    assert answers.find("past") is None
    assert answers.weight == 0


def test_what_changed_while_it_was_worked_out_is_not_kept() -> None:
    answers = Answers()

    def question(cursor: None, wanted: Filter, rest: str) -> str:
        answers.changed(wanted.end_ms - 1 if rest == "spoilt" else wanted.end_ms)
        return rest

    for rest in ("spoilt", "good"):
        assert answers.answer(question, FOR_EVER, (rest,), None) == rest
    assert answers.find((question, FOR_EVER, ("spoilt",))) is None
    assert answers.find((question, FOR_EVER, ("good",))) == "good"


def test_those_not_asked_for_the_longest_go_first() -> None:
    answers = Answers(max_weight=10)
    for key in ("a", "b", "c"):
        learn(answers, key, 1, 3)
    assert answers.find("a") == "A"
    learn(answers, "d", 1, 4)
    assert [answers.find(key) for key in "abcd"] == ["A", None, "C", "D"]
    learn(answers, "d", 1, 1)
    assert answers.weight == 7
    learn(answers, "too large", 1, 11)
    assert answers.weight == 0


async def ask(store: OpenStore, wanted: Filter) -> tuple[Any, ...]:
    history = store.history
    return (
        (await history.timeseries(wanted, HOUR_S)).points,
        await history.totals(wanted),
        await history.unique_users(wanted),
        await history.top(wanted, "page"),
        await history.event_summary(wanted, "pageview"),
        await history.funnel(wanted, ["/", "click"]),
        await history.retention(wanted),
    )


async def test_late_events_and_deletions_are_in_the_next_answer(tmp_path: Path) -> None:
    wanted = Filter("default", START_S - 48 * HOUR_S, START_S)
    events = [
        event(f"e{n}", START_S - n * 600, session_id=f"s{n}", user_id=f"u{n}", page="/") for n in range(100)
    ]
    late = event("late", START_S - 10 * HOUR_S, session_id="s1", page="/late", user_id="late")
    async with open_store(tmp_path) as store:

        async def is_fresh() -> bool:
            remembered = await ask(store, wanted)
            assert remembered == await ask(store, wanted)
            store.database.answers.changed(0)
            return remembered == await ask(store, wanted)

        await store.store(events)
        before = await ask(store, wanted)
        assert store.database.answers.weight > 48
        await store.store([late])
        assert await ask(store, wanted) != before
        assert await is_fresh()
        store.outbox.put(HiddenSession("default", "s1"))
        await store.store([])
        assert (await store.history.totals(wanted)).unique_sessions == before[1].unique_sessions - 1
        assert await is_fresh()
        await store.mover.write(lambda lent: lent.execute("DELETE FROM events"))
        assert (await store.history.totals(wanted)) == Totals(0, 0, 0)
        assert await is_fresh()


async def test_what_goes_on_keeps_the_past(tmp_path: Path) -> None:
    wanted = Filter("default", START_S - 48 * HOUR_S, START_S + HOUR_S)
    async with open_store(tmp_path) as store:
        await store.store([event("e1", START_S - 5 * HOUR_S)])
        await store.history.timeseries(wanted, HOUR_S)
        parts = store.database.answers.weight
        await store.store([event("e2")])
        assert parts - 3 <= store.database.answers.weight < parts
        series = await store.history.timeseries(wanted, HOUR_S)
        assert sum(point.events for point in series.points) == 2


@pytest.mark.parametrize("zone", ["UTC", "Europe/Zurich", "Asia/Kathmandu", "Australia/Lord_Howe"])
async def test_series_of_any_time_while_events_come(tmp_path: Path, zone: str) -> None:
    chance = random.Random(zone)
    # 2026-09-21 and before; Lord Howe's clocks change on 2026-10-04.
    events = list(random_events(4_000, seed=5, days=20))
    shift_s = 15 * 86_400 if zone == "Australia/Lord_Howe" else 0
    moved = [one._replace(occurred_at=one.occurred_at + shift_s) for one in events]
    async with open_store(tmp_path) as store:
        for upto in range(1_000, 4_001, 1_000):
            await store.store(moved[upto - 1_000 : upto])
            ledger = Ledger(moved[:upto], {})
            for _ in range(15):
                width_s = chance.choice((900, HOUR_S, 6 * HOUR_S, 86_400))
                start = START_S + shift_s - chance.randint(0, 20 * 86_400)
                wanted = Filter("default", start, start + chance.randint(0, 4 * 86_400))
                wanted = wanted._replace(type=chance.choice((None, "click")))
                series = await store.history.timeseries(wanted, width_s, zone)
                found = {one.time: one[1:] for one in series.points if one.events}
                if zone == "Australia/Lord_Howe":
                    # The ledger knows no shift of half an hour.
                    store.database.answers.changed(0)
                    assert series == await store.history.timeseries(wanted, width_s, zone)
                else:
                    assert found == ledger.series(wanted, begin_of_part(width_s, ZoneInfo(zone)))
        assert store.database.answers.weight > 50 or zone == "Australia/Lord_Howe"
