"""Time that stands still or jumps, bounds, waiting: what no single rule is about."""

import pytest

from tests.core.playbook import ACME, CLOUD, GLOBEX, SITE, Playbook, pick, shown
from tests.support.clock import START
from tracker.core.inputs import UpstreamState
from tracker.core.reasons import Drop
from tracker.core.restore import export_session, import_session
from tracker.core.rules import Rules
from tracker.core.session import Visibility

NOW = START.unix_s
HOUR = 3_600.0
YEAR = 365 * 24 * HOUR


@pytest.fixture
def book() -> Playbook:
    return Playbook()


# FAULTS 2d: the process stands still


def test_F2d_04_after_a_stall_nobody_is_evicted_whose_frames_were_queued(book: Playbook) -> None:
    names = [f"s{n}" for n in range(100)]
    for name in names:
        book.opened(name, ip="")
    book.wait(40)
    book.stand_still(30)
    assert pick(book.tick(), "ended") == []
    for name in names:
        book.keep_alive(name, ip="")
    assert pick(book.wait(10), "ended") == []
    assert len(book.rows) == 100


def test_F2d_04_who_was_silent_goes_two_seconds_after_a_stall(book: Playbook) -> None:
    book.opened("a", ip="")
    book.wait(40)
    book.stand_still(30)
    book.tick()
    assert pick(book.wait(1.75), "ended") == []
    assert book.wait(0.25) == [("ended", "a", "expired")]


def test_F2d_04_slow_ticks_are_no_stall(book: Playbook) -> None:
    book.opened("a", ip="")
    for _ in range(30):
        book.stand_still(2)
        book.tick()
    book.stand_still(1)
    assert book.tick() == [("ended", "a", "expired")]


def test_F2d_04_a_leave_in_front_of_a_stall_is_called_off_by_the_page_that_follows(book: Playbook) -> None:
    book.page("a", "/")
    book.event("leave", "a")
    book.stand_still(30)
    book.page("a", "/next")
    assert pick(book.wait(10), "ended") == []


# FAULTS 2d: the wall clock is set


@pytest.mark.parametrize("step", [HOUR, -HOUR, YEAR, -YEAR])
def test_F2d_03_expiry_does_not_look_at_the_wall_clock(book: Playbook, step: float) -> None:
    book.opened("a", ip="")
    book.wait(30)
    book.clock.step_wall(step)
    assert pick(book.at(60), "ended") == []
    assert pick(book.at(61), "ended") == [("ended", "a", "expired")]


@pytest.mark.parametrize("step", [HOUR, -HOUR, YEAR, -YEAR])
def test_F2d_03_no_duration_is_negative(book: Playbook, step: float) -> None:
    for name in "abc":
        book.page(name, "/")
    book.upstream(UpstreamState.CONNECTED)
    book.upstream(UpstreamState.RECONNECTING)
    book.clock.step_wall(step)
    book.wait(1)
    book.page("d", "/")
    book.keep_alive("a", ip="")
    book.event("session_end", "b")
    book.event("leave", "c")
    [gap] = pick(book.upstream(UpstreamState.CONNECTED), "gap")
    assert gap[1] <= gap[2]
    book.wait(10)
    unix_s = book.clock.now().unix_s
    for session in book.site.visible_sessions():
        assert session.duration_s(unix_s) >= 0
        assert session.opened_at <= session.last_activity_at
    assert (book.averages().session_duration_s or 0) >= 0
    assert (book.averages().session_duration_today_s or 0) >= 0
    assert book.averages().session_duration_today_s is not None


@pytest.mark.parametrize("step", [HOUR, -HOUR, YEAR, -YEAR])
def test_F2d_03_delays_do_not_look_at_the_wall_clock(book: Playbook, step: float) -> None:
    book.opened("a", ip=ACME)
    book.page("b", "/")
    book.event("leave", "b")
    book.opened("c", ip=GLOBEX)
    book.failed(GLOBEX, retry_after_s=8)
    book.clock.step_wall(step)
    assert pick(book.wait(1.75), "row") == []
    assert pick(book.wait(0.25), "row") == [("row", "a")]
    assert pick(book.wait(2.75), "ended") == []
    assert pick(book.wait(0.25), "ended") == [("ended", "b", "closed")]
    assert pick(book.wait(2.75), "lookup") == []
    assert pick(book.wait(0.25), "lookup") == [("lookup", GLOBEX)]


def test_F2d_03_late_frames_stay_late_after_the_wall_clock_was_set(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.closed("a")
    book.clock.step_wall(YEAR)
    assert book.keep_alive("a") == []
    assert book.dropped(Drop.LATE_FRAME) == 1


@pytest.mark.parametrize("occurred_at", [-1e18, 0.0, 1e18])
def test_F2a_13_absurd_timestamps_never_raise(book: Playbook, occurred_at: float) -> None:
    at = occurred_at - book.clock.now().unix_s
    for name in ("a", "b"):
        book.opened(name, ip="", at=at)
        book.keep_alive(name, ip="", at=at)
    book.page("c", "/", at=at)
    book.closed("b", ip="", at=at)
    assert book.row("a").opened_at == NOW
    assert book.averages() == (None, 0, 0)


# Bounds


def test_a_full_table_evicts_the_longest_silent() -> None:
    book = Playbook(Rules(max_live_sessions=3))
    for name in "abc":
        book.opened(name, ip="")
        book.wait(1)
    book.keep_alive("a", ip="")
    assert book.opened("d", ip="")[0] == ("ended", "b", "expired")
    assert book.rows == ["d", "a", "c"]
    assert book.dropped(Drop.EVICTED) == 1


def test_a_full_table_evicts_an_idle_one_first() -> None:
    book = Playbook(Rules(max_live_sessions=2))
    book.opened("idle", ip="")
    book.wait(40)
    book.opened("a", ip="")
    assert book.opened("b", ip="")[0] == ("ended", "idle", "expired")


def test_those_who_come_back_do_not_pass_the_bound() -> None:
    book = Playbook(Rules(max_live_sessions=3))
    for n in range(9):
        book.opened(f"s{n}", ip="")
    for n in range(9):
        book.keep_alive(f"s{n}", ip="")
        assert len(book.site) == 3
    assert book.rows == ["s8", "s7", "s6"]
    assert book.figures == (3, 9, {})


def test_hidden_and_waiting_sessions_count_towards_the_bound() -> None:
    book = Playbook(Rules(max_live_sessions=2))
    book.opened("hidden", ip=CLOUD)
    book.is_data_center(CLOUD)
    book.opened("waiting", ip=ACME)
    book.opened("a", ip="")
    book.opened("b", ip="")
    assert len(book.site) == 2
    assert book.site.hidden_sessions == 0


def test_ended_sessions_are_bounded_and_a_forgotten_one_is_a_new_visit() -> None:
    book = Playbook(Rules(max_ended_sessions=2))
    for name in "abc":
        book.page(name, "/")
        book.event("session_end", name)
    assert book.core.sizes["endedSessions"] == 2
    book.wait(1)
    book.page("a", "/")
    assert book.row("a").opened_at == NOW + 1
    book.page("c", "/")
    assert book.row("c").opened_at == NOW


def test_ended_sessions_are_forgotten_after_an_hour(book: Playbook) -> None:
    book.opened("a", ip="")
    book.closed("a", ip="")
    book.stand_still(3_599)
    book.tick()
    assert book.core.sizes["endedSessions"] == 1
    book.stand_still(1)
    book.tick()
    assert book.core.sizes["endedSessions"] == 0


def test_nothing_is_left_when_everyone_has_gone(book: Playbook) -> None:
    for n in range(50):
        book.opened(f"u{n}", ip=[ACME, GLOBEX, CLOUD, ""][n % 4])
        book.page(f"p{n}", "/", ip=[ACME, GLOBEX, CLOUD, ""][n % 4])
        book.event("leave", f"p{n}")
    book.failed(ACME, retry_after_s=5)
    book.skipped(GLOBEX, retry_after_s=4_000)
    book.is_data_center(CLOUD)
    book.wait(62)
    book.stand_still(2 * HOUR)
    book.tick()
    assert set(book.core.sizes.values()) == {0}
    assert book.table == {}


def test_events_that_wait_are_bounded_and_the_newest_are_shown(book: Playbook) -> None:
    for _ in range(30):
        book.event("click", "a", ip=ACME)
    assert book.dropped(Drop.HELD_EVENT) == 10
    assert len(pick(book.identified(ACME), "event")) == 20


def test_recent_events_are_bounded(book: Playbook) -> None:
    for _ in range(80):
        book.event("click", "a")
    assert [event.id for event in book.site.recent_events] == [f"e{n}" for n in range(31, 81)]


# Sites and notices


def test_a_notice_is_told_on_every_site(book: Playbook) -> None:
    book.page("a", "/", site="one")
    book.page("a", "/", site="two")
    assert book.notice("warning", "The budget is spent") == [
        ("alert", "warning", "The budget is spent"),
        ("alert", "warning", "The budget is spent"),
    ]


def test_time_passes_on_every_site(book: Playbook) -> None:
    book.opened("a", ip="", site="one")
    book.opened("a", ip="", site="two")
    assert pick(book.at(61), "ended") == [("ended", "a", "expired")] * 2


def test_an_answer_settles_sessions_of_every_site(book: Playbook) -> None:
    book.opened("a", ip=ACME, site="one")
    book.opened("b", ip=ACME, site="two")
    assert book.identified(ACME) == [("row", "a"), ("row", "b")]


# A session goes on while its lookup is on its way


def test_who_closed_and_came_back_while_waiting_is_one_visit(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.closed("a")
    book.wait(1)
    book.opened("a", at=0)
    assert book.identified(ACME) == [("row", "a")]
    assert book.row("a").opened_at == NOW
    assert book.figures == (1, 1, {})


def test_a_new_visit_while_the_lookup_is_on_its_way_is_counted_once(book: Playbook) -> None:
    book.opened("a", ip=CLOUD)
    book.wait(2.5)
    book.closed("a", ip=CLOUD)
    book.wait(1)
    book.opened("a", ip=CLOUD)
    assert book.figures == (0, 1, {})
    assert book.is_data_center(CLOUD) == []
    assert book.figures == (0, 0, {})
    assert sum(book.visitors_by_minute) == 0


# An earlier run


def test_what_waited_for_its_lookup_in_an_earlier_run_is_looked_up_again(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    record = export_session(next(book.site.live_sessions()), book.clock.now())
    assert record.visibility is Visibility.WAITING

    after = Playbook(start=book.clock.now()._replace(monotonic_s=7.0))
    effects = after.core.put_back(import_session(record, after.clock.now()), after.clock.now())
    assert [type(effect).__name__ for effect in effects] == ["Lookup"]
    assert after.rows == []
    assert after.identified(ACME) == [("row", "a")]
    assert shown(after.row("a")).opened_at == NOW


def test_a_leave_of_an_earlier_run_still_closes(book: Playbook) -> None:
    book.page("a", "/")
    book.event("leave", "a")
    book.wait(2)
    record = export_session(book.row("a"), book.clock.now())
    after = Playbook(start=book.clock.now()._replace(monotonic_s=7.0))
    after.core.put_back(import_session(record, after.clock.now()), after.clock.now())
    after.table[SITE, "a"] = shown(after.row("a"))
    assert pick(after.wait(2.75), "ended") == []
    assert pick(after.wait(0.25), "ended") == [("ended", "a", "closed")]


def test_a_flood_of_random_ids_stays_within_the_bounds() -> None:
    book = Playbook(Rules(max_live_sessions=50, max_ended_sessions=20))
    for n in range(2_000):
        book.opened(f"flood-{n}", ip=ACME)
    book.wait(3)
    sizes = book.core.sizes
    assert sizes["liveSessions"] == 50
    assert sizes["endedSessions"] == 20
    assert len(book.table) == 50
    assert len(book.rows) == 50
