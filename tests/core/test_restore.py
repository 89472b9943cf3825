"""A process that takes over goes on as the one before would have."""

from collections.abc import Callable

import pytest

from tests.core.playbook import ACME, CLOUD, GLOBEX, NOBODY, SITE, Effects, Playbook, pick, shown
from tests.support.clock import START
from tracker.core.clock import Now
from tracker.core.journey import PackedJourney, Step
from tracker.core.restore import (
    SessionRecord,
    export_figures,
    export_session,
    find_record,
    import_ended,
    import_figures,
    import_session,
)
from tracker.core.session import Session, Source


def crowd() -> Playbook:
    """Someone in every state that a session can be in."""
    book = Playbook()
    book.page("expired", "/old")
    book.opened("idle", ip=GLOBEX, at=-9)
    book.identified(GLOBEX, "Globex", contact="Ada")
    book.wait(30)
    book.page("idle-page", "/", country="DE", device="mobile", browser="Firefox", os="iOS", user_id="u")
    book.page("idle-page", "/two", referrer="https://example.com")
    book.opened("failed", ip=NOBODY)
    book.failed(NOBODY, retry_after_s=500)
    book.opened("bot", ip=CLOUD)
    book.is_data_center(CLOUD)
    book.keep_alive("idle", ip="not an address")
    book.page("ended", "/")
    book.wait(4)
    book.event("session_end", "ended")
    book.wait(28)
    book.page("leaving", "/bye")
    book.event("leave", "leaving")
    book.wait(1)
    book.page("waiting", "/", ip=ACME)
    return book


def successor(book: Playbook, monotonic_s: float = 5.0, away_s: float = 0.0) -> Playbook:
    """Return the core of the next process, ``away_s`` later, with the state of ``book``."""
    now = book.clock.now()
    records = [export_session(session, now) for session in book.site.live_sessions()]
    records.sort(key=lambda record: record.last_receipt_at)
    ended = [export_session(entry.session, now, entry) for entry in book.site.ended.sessions()]
    figures = export_figures(book.site)

    later = Now(monotonic_s, now.unix_s + away_s)
    after = Playbook(start=later)
    import_figures(after.site, figures)
    for record in ended:
        session = import_session(record, later)
        assert record.end is not None
        after.site.ended.add(import_ended(session, record.end, later))
        after.core.put_back(session, later)
    for record in records:
        after.core.put_back(import_session(record, later), later)
    after.table = {(SITE, row.id): shown(row) for row in after.site.visible_sessions()}
    return after


def test_the_table_and_every_figure_come_back() -> None:
    book = crowd()
    after = successor(book)
    assert after.rows == book.rows
    assert after.table == book.table
    assert after.figures == book.figures
    assert after.averages() == book.averages()
    assert after.visitors_by_minute == book.visitors_by_minute
    assert after.site.hidden_sessions == book.site.hidden_sessions == 1
    assert after.core.sizes == {**book.core.sizes, "revealsWaiting": 1, "retriesWaiting": 0}


SCRIPTS: dict[str, Callable[[Playbook], Effects]] = {
    "silence": lambda book: book.wait(100),
    "events": lambda book: (
        book.page("idle-page", "/three") + book.page("leaving", "/") + book.page("ended", "/back")
    ),
    "returns": lambda book: book.page("expired", "/new") + book.keep_alive("bot", ip=CLOUD),
    "late frames": lambda book: book.keep_alive("ended", ip="") + book.closed("idle", ip=""),
    "moves": lambda book: pick(book.keep_alive("bot", ip=ACME), "lookup") + book.identified(ACME),
    "a reset": lambda book: book.reset() + book.page("idle-page", "/three"),
    "a data centre": lambda book: book.wait(3) + book.is_data_center(ACME) + book.is_data_center(NOBODY),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_goes_on_as_the_one_before_would_have(script: str) -> None:
    book = crowd()
    after = successor(book)
    assert _comparable(SCRIPTS[script](after)) == _comparable(SCRIPTS[script](book))
    assert after.rows == book.rows
    assert after.table == book.table
    assert after.figures == book.figures
    assert after.averages() == pytest.approx(book.averages())
    assert after.visitors_by_minute == book.visitors_by_minute
    assert after.site.hidden_sessions == book.site.hidden_sessions


def test_the_time_away_counts_as_silence() -> None:
    book = crowd()
    after = successor(book, away_s=61)
    assert pick(after.wait(1), "ended") != []
    assert after.rows == []


def test_a_wall_clock_that_was_set_back_meanwhile_makes_nobody_live_longer() -> None:
    book = Playbook()
    book.page("a", "/")
    after = successor(book, away_s=-3_600)
    assert pick(after.wait(60), "ended") == []
    assert pick(after.wait(1), "ended") == [("ended", "a", "expired")]


def test_a_day_that_ended_meanwhile_is_over_with_the_first_tick() -> None:
    book = Playbook()
    book.page("a", "/")
    after = successor(book, away_s=86_400)
    assert after.figures.total_today == 1
    after.tick()
    assert after.figures.total_today == 0


def test_a_record_is_found_for_the_live_and_the_ended() -> None:
    book = crowd()
    now = book.clock.now()
    live = find_record(book.site, "idle-page", now)
    assert live is not None
    assert [step.page for step in live.steps] == ["/", "/two"]
    assert live.end is None
    gone = find_record(book.site, "ended", now)
    assert gone is not None
    assert gone.end is not None
    assert gone.end.reason == "closed"
    assert find_record(book.site, "nobody", now) is None


def test_no_field_of_a_session_is_forgotten() -> None:
    book = crowd()
    book.page("one-page", "/")
    for name in ("idle-page", "one-page"):
        again = import_session(export_session(book.row(name), book.clock.now()), book.clock.now())
        for field in {*Session.__slots__} - {"held_events", "earlier", "later"}:
            assert getattr(again, field) == getattr(book.row(name), field), field
        assert START.unix_s < again.opened_at


def _comparable(effects: Effects) -> Effects:
    """Without what is not taken over: the times of retries, and events that waited for their session."""
    return [told for told in effects if told not in (("lookup", NOBODY), ("event", "waiting", "pageview"))]


def test_a_journey_may_be_packed_when_it_is_taken_back() -> None:
    steps = tuple(Step(f"/page/{number}", float(number)) for number in range(3))
    record = SessionRecord("default", "a", Source.EVENTS, "", None, 0.0, 0.0, 0.0, journey=steps)
    packed = record._replace(journey=PackedJourney.of(steps))
    assert packed.steps == [*record.steps]
    taken_back = [import_session(one, START) for one in (packed, record, record._replace(journey=steps[:1]))]
    assert [one.steps for one in taken_back] == [[*steps], [*steps], [steps[0]]]
    assert isinstance(taken_back[0].journey, PackedJourney)
    assert taken_back[0].visit_page("/next", 9.0, 100)
    assert taken_back[0].current_page == "/next"
