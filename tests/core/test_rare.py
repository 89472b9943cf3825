"""What few sessions have takes no place in the others, nor in those that have it no longer."""

import sys

from tests.core.playbook import ACME, Playbook
from tracker.core.inputs import SiteEvent
from tracker.core.rare import NOTHING
from tracker.core.session import Enrichment, Session, Source, Visibility


def _new() -> Session:
    return Session("default", "a", Source.EVENTS, "", None, 0.0)


def test_each_field_is_kept_beside_the_others() -> None:
    made, held = _new(), list[SiteEvent]()
    assert (made.previous_ips, made.leaving_since_s) == ((), None)
    assert (made.counted_pages, made.held_events) == (None, None)
    made.previous_ips = ("1.2.3.4",)
    made.leaving_since_s = 0.0
    made.counted_pages = {"/": 1}
    made.held_events = held
    assert (made.previous_ips, made.leaving_since_s, made.counted_pages) == (("1.2.3.4",), 0.0, {"/": 1})
    assert made.held_events is held
    made.leaving_since_s = None
    assert (made.previous_ips, made.leaving_since_s, made.counted_pages) == (("1.2.3.4",), None, {"/": 1})


def test_a_session_that_has_none_of_it_any_more_is_as_small_as_before() -> None:
    book = Playbook()
    book.page("a", "/", ip=ACME)
    session = book.site.find("a")
    assert session is not None
    assert session.held_events, "it waits for its lookup"
    book.identified(ACME)
    assert session.visibility is Visibility.VISIBLE
    assert session._rare is NOTHING


def test_states_are_kept_once_for_all_sessions() -> None:
    one, other = _new(), _new()
    for session in (one, other):
        session.enrichment = Enrichment.SKIPPED
        session.visibility = Visibility.VISIBLE
        session.is_announced = session.is_idle = True
    assert one._standing is other._standing
    assert (one.enrichment, one.visibility) == (Enrichment.SKIPPED, Visibility.VISIBLE)
    assert (one.is_visible, one.is_announced, one.is_idle) == (True, True, True)
    one.visibility = Visibility.HIDDEN
    assert (one.is_visible, one.is_announced, one.is_idle) == (False, True, True)
    assert other.is_visible


def test_a_session_itself_takes_208_bytes() -> None:
    assert sys.getsizeof(_new()) <= 208
