"""Forgetting somebody in the live state, as scripts."""

import pytest

from tests.core.playbook import ACME, CLOUD, GLOBEX, Playbook
from tests.support.clock import START
from tracker.core.erasure import ErasedIds, Marks
from tracker.core.identity import Contact, Identity
from tracker.core.inputs import IdentityResolved
from tracker.core.reasons import Drop
from tracker.core.visitor import Visitor
from tracker.core.watches import WatchKind


@pytest.fixture
def book() -> Playbook:
    return Playbook()


def with_others(book: Playbook) -> tuple[object, ...]:
    """Two other visitors, one of whom left; return all that is shown of them."""
    book.page("other", "/", user_id="bob")
    book.page("left", "/bye")
    book.event("session_end", "left")
    return picture(book)


def picture(book: Playbook) -> tuple[object, ...]:
    feed = [event.session_id for event in book.site.recent_events]
    return book.rows, book.figures, book.averages(), book.visitors_by_minute, feed


@pytest.mark.parametrize(
    "named", [{"session_id": "ann"}, {"user_id": "u-ann"}, {"ip": ACME}, {"email": "Ann@Acme.Example"}]
)
def test_S4_21_a_live_visitor_is_gone_as_if_never_there(book: Playbook, named: dict[str, str]) -> None:
    before = with_others(book)
    book.page("ann", "/", ip=ACME, user_id="u-ann")
    book.page("ann", "/secret")
    contact = Contact("c", "Ann", email_addresses=("ann@acme.example",))
    book.feed(IdentityResolved(book.clock.now(), ACME, Identity(contact=contact)))
    assert book.erased(**named) == [("forgotten", "ann")]
    assert picture(book) == before
    assert book.wait(70) != []
    assert ("default", "ann") not in book.table


def test_S4_21_an_ended_visitor_leaves_the_feed_the_day_and_the_memory(book: Playbook) -> None:
    before = with_others(book)
    book.page("ann", "/a", user_id="u-ann")
    book.event("session_end", "ann")
    assert book.erased(user_id="u-ann") == [("forgotten", "ann")]
    assert picture(book) == before
    assert book.erased(user_id="u-ann") == [("forgotten",)]


def test_S4_21_a_waiting_visitor_is_not_revealed_any_more(book: Playbook) -> None:
    book.page("ann", "/", ip=ACME)
    assert book.erased(ip=ACME) == [("forgotten",)], "dashboards never knew of it"
    assert book.wait(5) == []
    assert book.identified(ACME) == []
    assert book.core.sizes["addressesWaiting"] == 0


def test_S4_21_a_hidden_visitor_is_counted_no_more(book: Playbook) -> None:
    book.page("bot", "/", ip=CLOUD)
    book.is_data_center(CLOUD)
    book.erased(ip=CLOUD)
    assert book.site.hidden_sessions == 0


def test_S4_21_a_leave_that_is_due_finds_nothing(book: Playbook) -> None:
    book.page("ann", "/")
    book.event("leave", "ann")
    book.erased(session_id="ann")
    assert book.wait(6) == []


def test_S4_21_sessions_that_only_the_store_knew_go_too(book: Playbook) -> None:
    book.page("a", "/")
    book.page("b", "/")
    assert book.erased("a", user_id="long ago") == [("forgotten", "a")]
    assert book.rows == ["b"]


def test_S4_21_an_earlier_address_of_a_session_counts(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.keep_alive("a", ip=GLOBEX)
    book.erased(ip=ACME)
    assert len(book.site) == 0


def test_S4_21_frames_that_were_under_way_do_not_bring_it_back(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.erased(session_id="a")
    assert book.keep_alive("a", ip=ACME) == []
    assert book.opened("a", ip=ACME, at=-1) == []
    assert book.dropped(Drop.LATE_FRAME) == 2
    book.wait(1)
    assert book.opened("a", ip=ACME) == [("lookup", ACME)], "a new visit"
    assert book.core.sizes["erasedSessions"] == 1
    book.wait(121)
    assert book.core.sizes["erasedSessions"] == 0


def test_what_is_remembered_of_erased_sessions_is_bounded() -> None:
    erased = ErasedIds(limit=2, remembered_for_s=10.0)
    for session_id in ("a", "b", "c"):
        erased.add(session_id, START)
    at_s = START.monotonic_s
    assert [erased.erased_at(one, at_s) for one in "abc"] == [None, START.unix_s, START.unix_s]
    assert erased.erased_at("c", at_s + 10) is None


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("ann@acme.example", True),
        ('{"mail":"Ann@ACME.example"}', True),
        ("write to ann@acme.example.", True),
        ("joann@acme.example", False),
        ("ann@acme.example.org", False),
        ("ann@acmexexample", False),
        ("ann@acme.examples", False),
    ],
)
def test_an_email_address_is_found_whole_or_not_at_all(text: str, is_there: bool) -> None:
    assert Marks(Visitor("default", email="ann@acme.example")).mentions(text) is is_there


def test_another_site_keeps_its_visitor(book: Playbook) -> None:
    book.opened("a", site="other")
    book.erased(session_id="a")
    assert len(book.core.site("other")) == 1


def test_S4_21_an_alert_that_names_a_session_goes_with_it(book: Playbook) -> None:
    book.watches((WatchKind.COMPANY, "acme"))
    book.opened("a", ip=ACME)
    book.identified(ACME)
    assert len(book.site.alarms.recent) == 1
    book.erased(session_id="a")
    assert not book.site.alarms.recent
