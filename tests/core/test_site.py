"""One site: order, and what is told about it."""

import pytest

from tests.core.playbook import ACME, CLOUD, GLOBEX, Playbook
from tracker.core.effects import EventShown, SessionChanged, SessionDisowned, StatisticsChanged
from tracker.core.filters import SessionFilter
from tracker.core.identity import Identity
from tracker.core.inputs import FrameKind, IdentityResolved, UpstreamFrame


@pytest.fixture
def book() -> Playbook:
    return Playbook()


def test_rows_come_most_recently_active_first(book: Playbook) -> None:
    for name in "abcd":
        book.opened(name, ip="")
    book.wait(35)
    book.keep_alive("c", ip="")
    book.keep_alive("a", ip="")
    assert book.rows == ["a", "c", "d", "b"]
    assert [row.is_idle for row in book.site.visible_sessions()] == [False, False, True, True]


def test_idle_and_active_are_found_and_counted_alike(book: Playbook) -> None:
    book.opened("idle", ip="")
    book.wait(31)
    book.opened("active", ip="")
    assert len(book.site) == 2
    for name in ("idle", "active"):
        found = book.site.find(name)
        assert found is not None
        assert found.id == name
    assert book.site.find("nobody") is None
    assert {session.id for session in book.site.live_sessions()} == {"idle", "active"}


def test_those_who_wait_are_live_and_not_shown(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    assert len(book.site) == 1
    assert book.rows == []
    assert book.figures.total_active == 0


def test_a_revealed_session_is_told_before_its_events(book: Playbook) -> None:
    book.page("a", "/", ip=ACME)
    book.event("click", "a")
    effects = book.core.handle(_identified(book))
    kinds = [type(effect) for effect in effects]
    assert kinds.index(SessionChanged) < kinds.index(EventShown)
    assert [effect.event.type for effect in effects if isinstance(effect, EventShown)] == [
        "pageview",
        "click",
    ]


@pytest.mark.parametrize("kind", list(FrameKind))
def test_the_first_sign_of_the_day_is_told_as_a_figure(book: Playbook, kind: FrameKind) -> None:
    book.opened("a", ip="")
    book.reset()
    now = book.clock.now()
    effects = book.core.handle(UpstreamFrame(now, "default", kind, "a", "", None, None))
    assert StatisticsChanged("default") in effects


def test_hidden_sessions_are_told_as_a_figure(book: Playbook) -> None:
    book.opened("a", ip=CLOUD)
    before = len(book.site.recent_events)
    effects = book.core.handle(_data_center(book))
    assert [type(effect) for effect in effects] == [SessionDisowned, StatisticsChanged]
    assert len(book.site.recent_events) == before


def test_the_feed_forgets_what_a_hidden_session_did(book: Playbook) -> None:
    book.page("a", "/")
    book.page("bot", "/", ip=CLOUD)
    book.wait(3)
    assert [event.session_id for event in book.site.recent_events] == ["a", "bot"]
    book.is_data_center(CLOUD)
    assert [event.session_id for event in book.site.recent_events] == ["a"]


def test_ended_today_are_counted_as_far_as_they_match(book: Playbook) -> None:
    book.page("a", "/", country="DE")
    book.page("b", "/", country="FR")
    book.page("c", "/", country="DE", ip=GLOBEX)
    for name in "abc":
        book.event("session_end", name)
    assert book.site.count_ended_today(SessionFilter()) == 2, "c was not revealed"
    assert book.site.count_ended_today(SessionFilter(country="de")) == 1
    book.reset()
    assert book.site.count_ended_today(SessionFilter()) == 0


def _identified(book: Playbook) -> IdentityResolved:
    return IdentityResolved(book.clock.now(), ACME, None)


def _data_center(book: Playbook) -> IdentityResolved:
    return IdentityResolved(book.clock.now(), CLOUD, Identity(data_center_guid="guid"))
