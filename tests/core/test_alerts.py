"""Spikes and milestones."""

import pytest

from tests.core.playbook import ACME, SITE, Effects, Playbook, pick
from tracker.core.effects import Alert
from tracker.core.inputs import FrameKind, UpstreamFrame
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
    assert alert.details == {"visitorsPerMinute": 2, "threshold": 1}
    assert alert.at == book.clock.now().unix_s


def _opened(book: Playbook, session_id: str) -> UpstreamFrame:
    return UpstreamFrame(book.clock.now(), SITE, FrameKind.OPENED, session_id, "", None, None)
