"""The table of CONTRACT.md, section 4, row by row.

Rows 13 and 14 (malformed frames, frames over 1 MiB) never reach the core: tests/ingest.
"""

import pytest

from tests.core.playbook import ACME, NOT_AN_ADDRESS, Playbook, company_of, pick
from tests.support.clock import START
from tracker.core.inputs import UpstreamState
from tracker.core.reasons import Drop
from tracker.core.restore import export_session, import_session
from tracker.core.rules import Rules
from tracker.core.session import Enrichment

NOW = START.unix_s


@pytest.fixture
def book() -> Playbook:
    return Playbook()


# 01 session-opened, unknown id


def test_C4_01_opened_unknown_id_opens_and_is_looked_up(book: Playbook) -> None:
    assert book.opened("a", ip=ACME) == [("lookup", ACME)]
    assert book.identified(ACME) == [("row", "a")]
    assert book.rows == ["a"]
    assert book.row("a").opened_at == NOW
    assert book.figures == (1, 1, {})


def test_C4_01_opening_time_is_that_of_the_frame(book: Playbook) -> None:
    book.opened("a", at=-3.5)
    book.wait(2)
    assert book.row("a").opened_at == NOW - 3.5


@pytest.mark.parametrize("at", [-301.0, 301.0, -1e9, 1e9])
def test_C4_01_opening_time_is_the_receipt_when_more_than_five_minutes_apart(
    book: Playbook, at: float
) -> None:
    book.opened("a", at=at)
    book.wait(2)
    assert book.row("a").opened_at == NOW


@pytest.mark.parametrize("at", [-300.0, 300.0])
def test_C4_01_opening_time_is_the_frames_up_to_five_minutes(book: Playbook, at: float) -> None:
    book.opened("a", at=at)
    book.wait(2)
    assert book.row("a").opened_at == NOW + at


# 02 session-opened, live id


def test_C4_02_opened_live_id_is_a_refresh_without_a_second_row_or_lookup(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(10)
    assert book.opened("a") == [("row", "a")]
    assert book.rows == ["a"]
    assert book.figures == (1, 1, {})
    assert book.row("a").opened_at == NOW
    assert book.row("a").last_activity_at == NOW + 10


def test_C4_02_opening_time_may_only_move_earlier(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.opened("a", at=-20)
    assert book.row("a").opened_at == NOW - 20
    book.opened("a", at=-10)
    assert book.row("a").opened_at == NOW - 20
    assert book.averages().session_duration_s == 20


def test_C4_02_a_second_opening_in_the_waiting_time_does_not_look_up_again(book: Playbook) -> None:
    assert book.opened("a") == [("lookup", ACME)]
    assert book.opened("a") == []


# 03 keep-alive, unknown id


def test_C4_03_keep_alive_unknown_id_opens_implicitly_and_is_looked_up(book: Playbook) -> None:
    assert book.keep_alive("a") == [("lookup", ACME)]
    book.identified(ACME)
    assert book.rows == ["a"]
    assert book.figures == (1, 1, {})


def test_C4_03_a_later_opened_completes_it(book: Playbook) -> None:
    book.keep_alive("a")
    book.identified(ACME)
    book.wait(1)
    assert book.opened("a", at=-30) == [("row", "a")]
    assert book.row("a").opened_at == NOW + 1 - 30
    assert book.row("a").last_activity_at == NOW
    assert book.figures == (1, 1, {})


# 04 keep-alive, live id


def test_C4_04_keep_alive_moves_the_last_activity(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(7)
    assert book.keep_alive("a", at=-1) == [("row", "a")]
    assert book.row("a").last_activity_at == NOW + 6


def test_C4_04_a_keep_alive_that_was_overtaken_moves_nothing_back(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.keep_alive("a", at=5)
    book.keep_alive("a", at=-5)
    assert book.row("a").last_activity_at == NOW + 5
    assert book.row("a").opened_at == NOW


def test_C4_04_keep_alive_makes_an_idle_session_active(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    assert book.wait(30) == [("row", "a")]
    assert book.row("a").is_idle
    assert book.keep_alive("a") == [("row", "a")]
    assert not book.row("a").is_idle


# 05 session-closed, live id


def test_C4_05_closed_takes_the_row_at_once(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(10)
    assert book.closed("a") == [("ended", "a", "closed")]
    assert book.rows == []
    assert book.figures == (0, 1, {})
    assert book.averages().session_duration_today_s == 10


def test_C4_05_a_visit_lasts_until_its_last_activity_when_the_close_is_older(book: Playbook) -> None:
    book.opened("a", ip="")
    book.keep_alive("a", ip="", at=5)
    book.closed("a", ip="", at=-5)
    assert book.averages().session_duration_today_s == 5


def test_C4_05_an_idle_session_closes_too(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(45)
    assert book.closed("a") == [("ended", "a", "closed")]


def test_C4_05_a_waiting_session_closes_without_having_been_seen(book: Playbook) -> None:
    book.opened("a")
    assert book.closed("a") == []
    assert book.rows == []
    assert book.figures == (0, 0, {})


def test_C4_05_who_closed_while_waiting_counts_when_the_answer_is_there(book: Playbook) -> None:
    book.opened("a", at=-4)
    book.closed("a")
    assert book.identified(ACME) == []
    assert book.figures == (0, 1, {})
    assert book.averages().session_duration_today_s == 4


# 06 session-closed, unknown or closed id


def test_C4_06_closed_unknown_id_is_counted_and_nothing_else(book: Playbook) -> None:
    assert book.closed("ghost") == []
    assert book.dropped(Drop.ORPHAN_CLOSE) == 1
    assert len(book.site) == 0
    assert book.figures == (0, 0, {})


def test_C4_06_closed_closed_id_is_counted_and_nothing_else(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.closed("a")
    assert book.closed("a") == []
    assert book.dropped(Drop.ORPHAN_CLOSE) == 1
    assert book.figures == (0, 1, {})


def test_C4_06_closed_expired_id_is_counted_and_it_can_still_come_back(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(61)
    assert book.closed("a") == []
    assert book.dropped(Drop.ORPHAN_CLOSE) == 1
    assert book.keep_alive("a") == [("row", "a")]


# 07 an upstream frame for a closed id


@pytest.mark.parametrize("seconds", [0.0, 30.0, 119.0])
def test_C4_07_late_keep_alive_does_not_bring_a_closed_session_back(book: Playbook, seconds: float) -> None:
    book.opened("a")
    book.identified(ACME)
    book.closed("a")
    book.wait(seconds)
    assert book.keep_alive("a") == []
    assert book.dropped(Drop.LATE_FRAME) == 1
    assert book.rows == []


def test_C4_07_after_twice_the_idle_timeout_it_is_a_new_visit(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.closed("a")
    book.wait(120)
    assert book.keep_alive("a") == [("lookup", ACME)]
    book.identified(ACME)
    assert book.row("a").opened_at == NOW + 120
    assert book.figures == (1, 1, {}), "the same session is counted once a day"


def test_C4_07_the_window_outlives_the_memory_of_an_hour() -> None:
    book = Playbook(Rules(idle_timeout_s=3_600))
    book.opened("a")
    book.identified(ACME)
    book.closed("a")
    for _ in range(7_190):
        book.stand_still(1)
        book.tick()
    assert book.keep_alive("a") == []
    assert book.dropped(Drop.LATE_FRAME) == 1


def test_C4_07_a_late_opened_from_before_the_close_is_dropped(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(10)
    book.closed("a")
    book.wait(5)
    assert book.opened("a", at=-6) == []
    assert book.opened("a", at=-5) == []
    assert book.opened("a", at=None) == []
    assert book.dropped(Drop.LATE_FRAME) == 3


def test_C4_07_an_opened_from_after_the_close_is_a_new_visit(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(10)
    book.closed("a")
    book.wait(5)
    assert book.opened("a", at=-1) == [("lookup", ACME)]
    assert book.identified(ACME) == [("row", "a")]
    assert book.row("a").opened_at == NOW + 14
    assert book.figures == (1, 1, {})
    assert book.averages().session_duration_today_s == 10, "the first visit stays ended"


# 08 silence


def test_C4_08_silence_ends_a_session_within_a_second(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    assert pick(book.at(60), "ended") == []
    assert book.rows == ["a"]
    assert book.wait(1) == [("ended", "a", "expired")]
    assert book.figures == (0, 1, {})


def test_C4_08_one_that_speaks_stays(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    for _ in range(5):
        assert pick(book.wait(59), "ended") == []
        book.keep_alive("a")
    assert book.rows == ["a"]


def test_C4_08_idling_counts_from_the_receipt_whatever_the_frame_says(book: Playbook) -> None:
    book.opened("a", at=-299)
    book.opened("b", at=299)
    book.identified(ACME)
    assert pick(book.at(60), "ended") == []
    assert pick(book.wait(1), "ended") == [("ended", "a", "expired"), ("ended", "b", "expired")]


@pytest.mark.parametrize("silence", [61.0, 300.0, 3_000.0])
def test_C4_08_activity_brings_the_same_session_back_with_its_first_opening(
    book: Playbook, silence: float
) -> None:
    book.opened("a")
    book.identified(ACME)
    book.wait(silence)
    assert book.rows == []
    assert book.keep_alive("a") == [("row", "a")], "and it is not looked up again"
    assert book.row("a").opened_at == NOW
    assert book.row("a").enrichment is Enrichment.IDENTIFIED
    assert book.figures == (1, 1, {})
    assert book.averages().session_duration_today_s is None, "its end is taken back"


def test_C4_08_a_session_whose_lookup_failed_is_asked_for_again_when_it_comes_back(book: Playbook) -> None:
    book.opened("a")
    book.failed(ACME, retry_after_s=30)
    book.keep_alive("a")
    book.wait(62)
    book.identified(ACME)
    assert book.rows == []
    book.wait(30)
    assert book.keep_alive("a") == [("lookup", ACME), ("row", "a")]
    book.identified(ACME)
    assert book.row("a").enrichment is Enrichment.IDENTIFIED


@pytest.mark.parametrize("kind", ["pageview", "keep_alive"])
def test_C4_08_a_posted_event_brings_it_back_too(book: Playbook, kind: str) -> None:
    book.page("a", "/")
    book.wait(200)
    assert book.rows == []
    assert pick(book.event(kind, "a"), "row") == [("row", "a")]
    assert book.row("a").opened_at == NOW


# 09 the service restarts


def test_C4_09_the_table_comes_back_with_openings_journeys_and_identities(book: Playbook) -> None:
    book.page("a", "/", ip=ACME)
    book.page("a", "/prices")
    book.identified(ACME)
    book.wait(20)
    record = export_session(book.row("a"), book.clock.now())

    after = Playbook(start=book.clock.now()._replace(monotonic_s=5.0, unix_s=NOW + 30))
    after.site.put_back(import_session(record, after.clock.now()))
    assert after.rows == ["a"]
    assert after.row("a").opened_at == NOW
    assert after.pages("a") == ["/", "/prices"]
    assert company_of(after.row("a")) == "Acme"
    assert pick(after.wait(30), "ended") == [], "30 s of silence were before it"
    assert pick(after.wait(1), "ended") == [("ended", "a", "expired")]


# 10 the upstream goes away


def test_C4_10_sessions_stay_and_keep_idling_while_the_upstream_is_away(book: Playbook) -> None:
    book.opened("a")
    book.identified(ACME)
    book.upstream(UpstreamState.CONNECTED)
    book.wait(10)
    assert book.upstream(UpstreamState.RECONNECTING) == [("upstream", "reconnecting", 10)]
    assert book.rows == ["a"]
    book.wait(5)
    assert book.upstream(UpstreamState.DOWN) == [("upstream", "down", 10)]
    assert book.rows == ["a"]
    assert pick(book.wait(24), "alert") == []
    assert pick(book.wait(2), "alert") == [("alert", "warning", "The session feed is down")]
    assert pick(book.at(61), "ended") == [("ended", "a", "expired")]
    assert book.upstream(UpstreamState.CONNECTED) == [
        ("upstream", "connected", 61),
        ("gap", 10, 61),
        ("alert", "info", "The session feed is back"),
    ]


def test_C4_10_a_short_absence_is_a_gap_without_an_alert(book: Playbook) -> None:
    book.upstream(UpstreamState.CONNECTED)
    book.upstream(UpstreamState.RECONNECTING)
    book.wait(1)
    assert book.upstream(UpstreamState.CONNECTED) == [("upstream", "connected", 1), ("gap", 0, 1)]


def test_C4_10_trying_again_while_down_is_the_same_absence(book: Playbook) -> None:
    book.upstream(UpstreamState.CONNECTED)
    book.wait(1)
    book.upstream(UpstreamState.RECONNECTING)
    book.wait(5)
    book.upstream(UpstreamState.DOWN)
    book.wait(5)
    assert book.upstream(UpstreamState.RECONNECTING) == [("upstream", "reconnecting", 1)]
    book.wait(5)
    assert ("gap", 1, 16) in book.upstream(UpstreamState.CONNECTED)


def test_C4_10_the_same_state_again_is_no_news(book: Playbook) -> None:
    book.upstream(UpstreamState.CONNECTED)
    assert book.upstream(UpstreamState.CONNECTED) == []


# 11 POSTed events


def test_C4_11_an_event_opens_its_session_and_is_shown(book: Playbook) -> None:
    happened = book.page("a", "/", country="DE", device="desktop")
    assert happened == [("row", "a"), ("event", "a", "pageview"), ("row", "a")]
    row = book.row("a")
    assert (row.current_page, row.country, row.device) == ("/", "DE", "desktop")
    assert book.figures == (1, 1, {"/": 1})


def test_C4_11_an_event_refreshes_its_session(book: Playbook) -> None:
    book.page("a", "/")
    book.wait(50)
    assert book.event("click", "a") == [("event", "a", "click"), ("row", "a")]
    assert pick(book.at(110), "ended") == []
    assert book.row("a").last_activity_at == NOW + 50


def test_C4_11_page_is_appended_to_the_journey_when_it_changes(book: Playbook) -> None:
    for page in ("/", "/", "/prices", "/", "/"):
        book.page("a", page)
        book.wait(1)
    assert book.pages("a") == ["/", "/prices", "/"]
    assert book.row("a").page_count == 3
    assert book.figures == (1, 1, {"/": 2, "/prices": 1})


def test_C4_11_an_event_of_ones_own_may_carry_a_page_too(book: Playbook) -> None:
    book.page("a", "/")
    book.event("signup", "a", page="/welcome")
    book.event("signup", "a")
    assert book.pages("a") == ["/", "/welcome"]


def test_C4_11_session_end_closes_at_once(book: Playbook) -> None:
    book.page("a", "/")
    assert book.event("session_end", "a") == [
        ("event", "a", "session_end"),
        ("ended", "a", "closed"),
    ]
    assert book.rows == []


def test_C4_11_leave_closes_after_the_grace(book: Playbook) -> None:
    book.page("a", "/")
    book.wait(10)
    assert book.event("leave", "a") == [("row", "a")]
    assert book.wait(4.75) == []
    assert book.wait(0.25) == [("ended", "a", "closed")]
    assert book.averages().session_duration_today_s == 10, "the grace is no part of the visit"


@pytest.mark.parametrize("kind", ["pageview", "click", "keep_alive"])
def test_C4_11_another_event_calls_leave_off(book: Playbook, kind: str) -> None:
    book.page("a", "/")
    book.event("leave", "a")
    book.wait(3)
    book.event(kind, "a")
    assert pick(book.wait(55), "ended") == []
    assert book.figures.total_today == 1


def test_C4_11_a_second_leave_begins_the_grace_anew(book: Playbook) -> None:
    book.page("a", "/")
    book.event("leave", "a")
    book.wait(1)
    book.page("a", "/next")
    book.wait(2)
    book.event("leave", "a")
    assert book.wait(4.75) == []
    assert book.wait(0.25) == [("ended", "a", "closed")]


@pytest.mark.parametrize("end", ["session_end", "leave"])
def test_C4_11_an_event_after_the_close_continues_the_same_visit(book: Playbook, end: str) -> None:
    book.page("a", "/")
    book.event(end, "a")
    book.wait(30)
    assert book.rows == []
    assert book.page("a", "/back") == [("event", "a", "pageview"), ("row", "a")]
    assert book.row("a").opened_at == NOW
    assert book.pages("a") == ["/", "/back"]
    assert book.figures == (1, 1, {"/": 1, "/back": 1})


def test_C4_11_after_the_idle_timeout_it_is_a_new_visit(book: Playbook) -> None:
    book.page("a", "/")
    book.event("session_end", "a")
    book.wait(60)
    book.stand_still(0.5)
    book.page("a", "/")
    assert book.row("a").opened_at == NOW + 60.5
    assert book.pages("a") == ["/"]
    assert book.figures == (1, 1, {"/": 2})


def test_C4_11_keep_alive_only_refreshes(book: Playbook) -> None:
    assert book.event("keep_alive", "nobody") == []
    assert book.dropped(Drop.ORPHAN_SIGNAL) == 1
    book.page("a", "/")
    book.wait(20)
    assert book.event("keep_alive", "a", page="/other") == [("row", "a")]
    assert book.row("a").last_activity_at == NOW + 20
    assert book.pages("a") == ["/"]
    book.event("session_end", "a")
    assert book.event("keep_alive", "a") == [], "it does not undo a close"


@pytest.mark.parametrize("kind", ["keep_alive", "leave"])
def test_C4_11_signals_are_not_counted_as_events(book: Playbook, kind: str) -> None:
    book.page("a", "/")
    assert pick(book.event(kind, "a"), "event") == []
    assert book.row("a").event_count == 1
    assert len(book.site.recent_events) == 1


@pytest.mark.parametrize("kind", ["leave", "session_end"])
def test_C4_11_an_end_of_nothing_is_counted_and_opens_nothing(book: Playbook, kind: str) -> None:
    assert book.event(kind, "nobody") == []
    assert book.dropped(Drop.ORPHAN_SIGNAL) == 1
    assert book.figures == (0, 0, {})


def test_C4_11_a_leave_that_wakes_an_idle_session_is_told(book: Playbook) -> None:
    book.page("a", "/")
    book.wait(40)
    assert book.row("a").is_idle
    assert book.event("leave", "a") == [("row", "a")]
    assert not book.row("a").is_idle


# 12 upstream frames make sessions, not events


def test_C4_12_frames_are_no_events(book: Playbook) -> None:
    happened = book.opened("a") + book.identified(ACME) + book.keep_alive("a") + book.closed("a")
    assert pick(happened, "event") == []
    assert list(book.site.recent_events) == []
    assert book.figures == (0, 1, {})


# 15 an IP that is none


@pytest.mark.parametrize("ip", [NOT_AN_ADDRESS, "", "x" * 64])
def test_C4_15_a_session_without_an_address_is_shown_and_never_looked_up(book: Playbook, ip: str) -> None:
    assert book.opened("a", ip=ip) == [("row", "a"), ("row", "a")]
    assert book.row("a").ip == ip
    assert book.row("a").enrichment is Enrichment.SKIPPED
    assert pick(book.keep_alive("a", ip=ip) + book.at(61), "lookup") == []
    assert pick(book.keep_alive("a", ip=ip), "lookup") == []
