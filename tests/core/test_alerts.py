"""Spikes, milestones, and the feed that is away."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.core.playbook import ACME, SITE, Effects, Playbook, pick
from tracker.core.effects import Alert, AlertKind, Effect
from tracker.core.inputs import (
    FrameKind,
    NoticeRaised,
    Tick,
    UpstreamChanged,
    UpstreamFrame,
    UpstreamState,
)
from tracker.core.restore import export_figures, import_figures
from tracker.core.rules import Rules

SPIKE = ("alert", "warning", "Traffic spike: more than 3 new visitors within a minute")


@pytest.fixture
def book() -> Playbook:
    book = Playbook(Rules(spike_visitors_per_minute=3, milestones=(2, 4), idle_timeout_s=3_000))
    book.wait(60 - book.clock.now().unix_s % 60)
    return book


def arrive(book: Playbook, *session_ids: str) -> Effects:
    return [alert for name in session_ids for alert in pick(book.opened(name, ip=""), "alert")]


def spikes(effects: Effects) -> int:
    return effects.count(SPIKE)


def test_more_visitors_in_a_minute_than_the_threshold_are_a_spike(book: Playbook) -> None:
    assert spikes(arrive(book, "a", "b", "c")) == 0
    assert spikes(arrive(book, "d")) == 1


def test_a_spike_is_told_once_while_it_lasts(book: Playbook) -> None:
    assert spikes(arrive(book, *"abcdefgh")) == 1
    book.wait(60)
    assert spikes(arrive(book, *"ijklmnop")) == 0


def test_a_spike_after_a_calm_minute_is_a_new_one(book: Playbook) -> None:
    arrive(book, *"abcd")
    book.wait(60)
    arrive(book, "e")
    book.wait(60)
    assert spikes(arrive(book, *"fghi")) == 1


def test_a_spike_after_an_empty_minute_is_a_new_one(book: Playbook) -> None:
    arrive(book, *"abcd")
    book.wait(120)
    assert spikes(arrive(book, *"efgh")) == 1


def test_the_same_visitors_over_two_minutes_are_no_spike(book: Playbook) -> None:
    arrive(book, "a", "b")
    book.wait(60)
    assert spikes(arrive(book, "c", "d")) == 0


def test_zero_turns_the_spike_off() -> None:
    book = Playbook(Rules(spike_visitors_per_minute=0, milestones=()))
    assert arrive(book, *map(str, range(100))) == []


def test_only_visible_visitors_count(book: Playbook) -> None:
    for name in "abcdef":
        book.opened(name, ip=ACME)
    assert pick(book.is_data_center(ACME), "alert") == []


def milestones(effects: Effects) -> list[str]:
    return [message for _, level, message in pick(effects, "alert") if level == "milestone"]


def test_a_milestone_is_told_once_in_a_period(book: Playbook) -> None:
    assert milestones(arrive(book, "a", "b", "c", "d")) == ["2 visitors are active", "4 visitors are active"]
    book.closed("d", ip="")
    assert milestones(arrive(book, "e")) == []


def test_a_reset_lets_milestones_count_again(book: Playbook) -> None:
    arrive(book, "a", "b", "c")
    book.reset()
    assert milestones(arrive(book, "d")) == ["4 visitors are active"]
    book.closed("c", ip="")
    book.closed("d", ip="")
    book.closed("b", ip="")
    assert milestones(arrive(book, "e")) == ["2 visitors are active"]


def test_midnight_lets_milestones_count_again(book: Playbook) -> None:
    assert milestones(arrive(book, "a", "b")) == ["2 visitors are active"]
    book.stand_still(86_400)
    book.wait(3)
    assert book.rows == []
    assert milestones(arrive(book, "c", "d")) == ["2 visitors are active"]


def test_a_milestone_reached_by_one_who_returns_is_told_too(book: Playbook) -> None:
    book.page("a", "/")
    book.event("session_end", "a")
    arrive(book, "b")
    assert milestones(book.page("a", "/")) == ["2 visitors are active"]


def test_an_alert_says_how_many() -> None:
    book = Playbook(Rules(spike_visitors_per_minute=1, milestones=()))
    book.opened("a", ip="")
    effects = book.core.handle(_opened(book, "b"))
    alert = next(effect for effect in effects if isinstance(effect, Alert))
    assert alert.kind is AlertKind.SPIKE
    assert alert.details == {"kind": "spike", "visitorsPerMinute": 2, "threshold": 1, "usualPerMinute": None}
    assert alert.at == book.clock.now().unix_s


# The usual level


def minutes(book: "LearningBook", arrivals: Iterable[int]) -> Effects:
    """Let each minute have so many new visitors, at its beginning; return the alerts."""
    alerts: Effects = []
    for count in arrivals:
        book.people += count
        alerts += arrive(book, *(f"p{book.people - number}" for number in range(count)))
        book.wait_a_minute()
    return alerts


class LearningBook(Playbook):
    """A site whose visitors leave at once. Ticks are rare here, but none is missing in a minute."""

    people = 0

    def __init__(self, **rules: Any) -> None:
        rules = {"spike_visitors_per_minute": 0, "milestones": (), "idle_timeout_s": 60.0, **rules}
        super().__init__(Rules(**rules))
        assert len(self.site) == 0, "it is there"
        # What is learnt in one hour says nothing of the next: begin with a whole one.
        self.stand_still(3_600 - self.clock.now().unix_s % 3_600 - 60)
        self.tick()
        self.wait_a_minute()

    def wait_a_minute(self) -> None:
        for _ in range(4):
            self.clock.advance(15)
            self.tick()


def unusual(effects: Effects) -> list[str]:
    return [message for _, _, message in effects if "usual at this hour" in message]


def test_many_times_the_usual_level_of_the_hour_is_a_spike() -> None:
    book = LearningBook()
    assert minutes(book, [5] * 40) == []
    assert minutes(book, [15]) == [], "three times as many are none yet"
    assert unusual(minutes(book, [40])) == [
        "Traffic spike: 16 new visitors within a minute; 5.2 are usual at this hour"
    ]


def test_the_details_of_an_unusual_spike_tell_what_is_usual() -> None:
    book = LearningBook()
    minutes(book, [5] * 40)
    raised = [
        effect
        for number in range(16)
        for effect in book.core.handle(_opened(book, f"x{number}"))
        if isinstance(effect, Alert)
    ]
    assert [(alert.kind, alert.details) for alert in raised] == [
        (
            AlertKind.SPIKE,
            {"kind": "spike", "visitorsPerMinute": 16, "threshold": 15.0, "usualPerMinute": 5.0},
        )
    ]


def test_on_a_quiet_site_a_handful_is_no_spike() -> None:
    book = LearningBook()
    minutes(book, [0] * 40)
    assert minutes(book, [10]) == []
    assert len(unusual(minutes(book, [11]))) == 1


def test_what_is_usual_is_not_known_before_half_an_hour_was_seen() -> None:
    book = LearningBook()
    assert minutes(book, [1] * 29 + [50]) == []
    book = LearningBook()
    assert len(minutes(book, [1] * 30 + [50])) == 1


def test_a_level_that_goes_up_and_down_bears_more() -> None:
    calm, restless = LearningBook(), LearningBook()
    minutes(calm, [10] * 40)
    minutes(restless, [0, 20] * 20)
    assert len(minutes(calm, [35])) == 1
    assert minutes(restless, [35]) == []


def test_the_level_of_another_hour_does_not_count() -> None:
    book = LearningBook()
    minutes(book, [5] * 60)
    assert minutes(book, [50]) == []


def test_an_unusual_spike_is_told_once_and_ends_with_a_calm_minute() -> None:
    book = LearningBook(idle_timeout_s=600.0)
    minutes(book, [2] * 31)
    assert len(minutes(book, [30, 30, 12, 30])) == 1, "12 of 10 are not calm"
    assert len(minutes(book, [2, 30])) == 1


def test_minutes_around_the_limit_are_one_spike() -> None:
    book = LearningBook(spike_visitors_per_minute=20)
    assert len(minutes(book, [21, 19, 21, 18, 21, 16, 21])) == 1
    assert len(minutes(book, [15, 21])) == 1


def test_who_was_told_that_it_is_unusual_is_not_told_of_the_fixed_limit() -> None:
    book = LearningBook(spike_visitors_per_minute=20)
    assert minutes(book, [2] * 31) == []
    assert len(minutes(book, [60])) == len(unusual(minutes(book, [2, 60]))) == 1


def test_on_a_site_that_is_always_above_the_fixed_limit_an_unusual_minute_is_told() -> None:
    book = LearningBook(spike_visitors_per_minute=20)
    assert len(minutes(book, [30] * 31)) == 1
    assert len(unusual(minutes(book, [100]))) == 1


def test_a_factor_of_zero_turns_the_usual_level_off() -> None:
    book = LearningBook(spike_factor=0.0)
    assert minutes(book, [1] * 40 + [200]) == []


def test_minutes_in_which_the_feed_was_away_teach_nothing() -> None:
    book = LearningBook(upstream_down_s=0.0)
    minutes(book, [5] * 31)
    book.upstream(UpstreamState.CONNECTED)
    book.upstream(UpstreamState.DOWN)
    minutes(book, [0] * 25)
    book.upstream(UpstreamState.CONNECTED)
    book.wait_a_minute()
    assert minutes(book, [15]) == []
    assert len(minutes(book, [16])) == 1


def test_minutes_of_a_stand_still_teach_nothing() -> None:
    book = LearningBook()
    minutes(book, [5] * 31)
    assert learnt_minutes(book) == 31
    book.wait(10)
    book.stand_still(25 * 60)
    book.tick()
    assert learnt_minutes(book) == 31, "neither those that were missed nor the one before"
    book.wait_a_minute()
    assert learnt_minutes(book) == 31, "nor the one after"
    book.wait_a_minute()
    assert learnt_minutes(book) == 32


def test_what_was_learnt_survives_a_restart() -> None:
    before = LearningBook()
    minutes(before, [5] * 31)
    after = Playbook(Rules(spike_visitors_per_minute=0), start=before.clock.now())
    import_figures(after.site, export_figures(before.site))
    assert len(unusual(arrive(after, *map(str, range(16))))) == 1


def learnt_minutes(book: Playbook) -> int:
    return sum(hour.minutes for hour in export_figures(book.site).usual)


# The feed


def test_the_feed_has_to_be_away_for_long_before_anyone_is_told() -> None:
    book = Playbook(Rules(upstream_down_s=30.0))
    book.upstream(UpstreamState.CONNECTED)
    book.upstream(UpstreamState.RECONNECTING)
    book.wait(4.5)
    book.upstream(UpstreamState.DOWN)
    assert pick(book.wait(25.25), "alert") == []
    assert pick(book.wait(0.25), "alert") == [("alert", "warning", "The session feed is down")]
    assert pick(book.wait(3_600), "alert") == [], "once"
    assert pick(book.upstream(UpstreamState.CONNECTED), "alert") == [
        ("alert", "info", "The session feed is back")
    ]
    assert pick(book.wait(60), "alert") == []


def test_a_feed_that_flaps_is_not_told_of() -> None:
    book = Playbook(Rules(upstream_down_s=30.0))
    for _ in range(5):
        assert pick(book.upstream(UpstreamState.CONNECTED), "alert") == []
        book.upstream(UpstreamState.RECONNECTING)
        assert pick(book.wait(29), "alert") == []


def test_a_feed_that_never_came_is_told_of() -> None:
    book = Playbook(Rules(upstream_down_s=30.0))
    book.upstream(UpstreamState.RECONNECTING)
    assert len(pick(book.wait(31), "alert")) == 1


def test_zero_turns_the_alerts_of_the_feed_off() -> None:
    book = Playbook(Rules(upstream_down_s=0.0))
    book.upstream(UpstreamState.DOWN)
    assert pick(book.wait(100), "alert") == []
    assert pick(book.upstream(UpstreamState.CONNECTED), "alert") == []


def test_alerts_of_the_feed_say_since_when() -> None:
    book = Playbook(Rules(upstream_down_s=30.0))
    book.upstream(UpstreamState.RECONNECTING)
    lost_at = book.clock.now().unix_s
    book.stand_still(31)
    (down,) = _alerts(book.core.handle(Tick(book.clock.now())))
    book.stand_still(9)
    (back,) = _alerts(book.core.handle(UpstreamChanged(book.clock.now(), SITE, UpstreamState.CONNECTED)))
    assert down.details == {"kind": "upstream_down", "downS": 31, "since": lost_at}
    assert back.details == {"kind": "upstream_back", "downS": 40}
    assert (down.site, down.kind, back.kind) == (SITE, AlertKind.UPSTREAM_DOWN, AlertKind.UPSTREAM_BACK)


def test_a_notice_becomes_an_alert_of_its_kind_on_every_site() -> None:
    book = Playbook()
    book.opened("a", ip="")
    book.opened("b", ip="", site="other")
    notice = NoticeRaised(book.clock.now(), "warning", "budget", "spent", {"calls": 5})
    assert [(alert.site, alert.kind, alert.details) for alert in _alerts(book.core.handle(notice))] == [
        (site, AlertKind.BUDGET, {"kind": "budget", "calls": 5}) for site in (SITE, "other")
    ]


def _alerts(effects: Iterable[Effect]) -> list[Alert]:
    return [effect for effect in effects if isinstance(effect, Alert)]


def _opened(book: Playbook, session_id: str) -> UpstreamFrame:
    return UpstreamFrame(book.clock.now(), SITE, FrameKind.OPENED, session_id, "", None, None)
