"""Journeys, and what a session learns."""

import sys
import tracemalloc

import pytest

from tests.core.playbook import ACME, NOBODY, Playbook
from tests.support.clock import START
from tracker.core.core import Core
from tracker.core.inputs import SiteEvent
from tracker.core.journey import PackedJourney, Step
from tracker.core.rules import Rules
from tracker.core.session import Session, Source


def session(*steps: tuple[str, float], journey_length: int = 100) -> Session:
    made = Session("default", "a", Source.EVENTS, "", None, 0.0)
    for page, at in steps:
        made.visit_page(page, at, journey_length)
    return made


def journey(made: Session) -> list[tuple[str, float]]:
    return [(step.page, step.at) for step in made.steps]


def test_pages_in_order_make_steps() -> None:
    made = session(("/", 1), ("/a", 2), ("/", 3))
    assert journey(made) == [("/", 1), ("/a", 2), ("/", 3)]
    assert (made.current_page, made.page_count) == ("/", 3)


def test_the_same_page_again_is_no_step() -> None:
    made = session(("/", 1), ("/", 2))
    assert journey(made) == [("/", 1)]
    assert not made.visit_page("/", 3, 100)
    assert made.page_count == 1


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (("/x", 0), [("/x", 0), ("/a", 1), ("/b", 3), ("/c", 5)]),
        (("/x", 2), [("/a", 1), ("/x", 2), ("/b", 3), ("/c", 5)]),
        (("/x", 3), [("/a", 1), ("/b", 3), ("/x", 3), ("/c", 5)]),
        (("/x", 4), [("/a", 1), ("/b", 3), ("/x", 4), ("/c", 5)]),
        (("/x", 5), [("/a", 1), ("/b", 3), ("/c", 5), ("/x", 5)]),
    ],
)
def test_a_late_page_goes_where_its_time_belongs(
    late: tuple[str, float], expected: list[tuple[str, float]]
) -> None:
    assert journey(session(("/a", 1), ("/b", 3), ("/c", 5), late)) == expected


def test_a_late_page_that_is_the_one_before_it_is_no_step() -> None:
    assert journey(session(("/a", 1), ("/b", 3), ("/a", 2))) == [("/a", 1), ("/b", 3)]


def test_a_late_page_that_is_the_one_after_it_moves_that_one_earlier() -> None:
    made = session(("/a", 1), ("/b", 3))
    assert not made.visit_page("/b", 2, 100)
    assert journey(made) == [("/a", 1), ("/b", 2)]
    assert made.page_count == 2


def test_a_journey_keeps_the_last_pages() -> None:
    made = session(*((f"/{n}", n) for n in range(10)), journey_length=3)
    assert journey(made) == [("/7", 7), ("/8", 8), ("/9", 9)]
    assert made.page_count == 10


def test_a_page_from_before_a_full_journey_is_counted_and_not_kept() -> None:
    made = session(*((f"/{n}", n) for n in range(5)), journey_length=3)
    assert made.visit_page("/late", 0.5, 3)
    assert journey(made) == [("/2", 2), ("/3", 3), ("/4", 4)]
    assert made.page_count == 6


def test_a_late_page_inside_a_full_journey_pushes_the_first_out() -> None:
    made = session(*((f"/{n}", n) for n in range(5)), journey_length=3)
    made.visit_page("/late", 3.5, 3)
    assert journey(made) == [("/3", 3), ("/late", 3.5), ("/4", 4)]


def test_late_events_are_put_in_by_their_own_time() -> None:
    book = Playbook()
    book.page("a", "/second")
    book.page("a", "/first", at=-10)
    book.page("a", "/third", at=10)
    assert book.pages("a") == ["/first", "/second", "/third"]
    assert book.row("a").current_page == "/third"


def test_a_session_learns_and_silence_keeps_what_was_known() -> None:
    book = Playbook()
    book.page("a", "/", country="DE", referrer="https://one.example", user_id="u1", browser="Firefox")
    book.page("a", "/next", country="FR", referrer="https://two.example", device="mobile", os="iOS")
    row = book.row("a")
    assert (row.country, row.user_id, row.device, row.browser, row.os) == (
        "FR",
        "u1",
        "mobile",
        "Firefox",
        "iOS",
    )
    assert row.referrer == "https://one.example", "where the visit came from does not change"


def test_a_duration_is_never_negative() -> None:
    assert session().duration_s(-5.0) == 0
    assert session().duration_s(5.0) == 5


def test_only_a_lookup_that_is_not_done_may_identify() -> None:
    book = Playbook()
    book.opened("known", ip=ACME)
    book.opened("nobody", ip=NOBODY)
    book.opened("none", ip="")
    assert [session.may_be_identified for session in book.site.live_sessions()] == [True, True, False]
    book.failed(ACME)
    assert [session.may_be_identified for session in book.site.live_sessions()] == [True, True, False]
    book.identified(ACME)
    book.unknown(NOBODY)
    assert [session.may_be_identified for session in book.site.live_sessions()] == [False, False, False]


def test_a_session_tells_no_more_than_its_id_when_it_is_logged() -> None:
    made = session(("/secret?token=1", 1))
    made.steps.append(Step("/more", 2))
    assert repr(made) == "<Session a of default: waiting, pending>"


def test_a_packed_journey_is_the_same_and_goes_on() -> None:
    made = session(("/a", 1), ("/b", 2.5))
    made.pack()
    assert isinstance(made.journey, PackedJourney)
    assert (made.current_page, journey(made)) == ("/b", [("/a", 1.0), ("/b", 2.5)])
    made.pack()
    assert not made.visit_page("/b", 3, 100)
    assert made.visit_page("/c", 2, 100)
    assert journey(made) == [("/a", 1.0), ("/c", 2), ("/b", 2.5)]


def test_a_packed_journey_needs_a_sixth_of_the_memory() -> None:
    made = session(*((f"/{number}", float(number)) for number in range(100)))
    plain_bytes = sum(map(sys.getsizeof, [made.steps, *made.steps, *(step.at for step in made.steps)]))
    made.pack()
    assert isinstance(made.journey, PackedJourney)
    assert sum(map(sys.getsizeof, [made.journey, *made.journey])) < plain_bytes / 5


def test_who_saw_no_page_has_nothing_to_pack() -> None:
    made = session()
    made.pack()
    assert (made.current_page, made.steps) == (None, [])


def test_a_journey_of_one_page_is_its_text_alone() -> None:
    made = session(("/a", 2))
    made.visit_page("/a", 3, 100)
    assert (made.journey, made.page_count, made.current_page) == ("/a", 1, "/a")
    assert journey(made) == [("/a", 2)]
    made.visit_page("/a", 1, 100)
    assert (journey(made), made.page_count) == ([("/a", 1)], 1), "a late event tells when it was reached"
    made.visit_page("/b", 5, 100)
    assert journey(made) == [("/a", 1), ("/b", 5)]


def test_a_session_is_packed_while_it_is_idle() -> None:
    book = Playbook()
    book.page("a", "/")
    book.page("a", "/next")
    book.wait(31)
    assert isinstance(book.row("a").journey, PackedJourney)
    book.page("a", "/last")
    assert book.pages("a") == ["/", "/next", "/last"]


def test_visitors_of_whom_the_same_is_known_share_it() -> None:
    book = Playbook()
    for name in "ab":
        book.page(name, "/", country="".join(["D", "E"]), device="".join(["mob", "ile"]))
    book.page("c", "/", country="FR", device="mobile")
    assert book.row("a").traits is book.row("b").traits
    assert (book.row("c").country, book.row("c").device) == ("FR", "mobile")
    book.row("c").country = "DE"
    assert book.row("c").traits is book.row("a").traits


def test_a_live_session_of_one_page_costs_less_than_400_bytes() -> None:
    core, now = Core(Rules(), START), START
    tracemalloc.start()
    for number in range(2_000):
        session_id = f"6f0d9b1e-7c1a-4b6e-9d55-{number:012d}"
        core.handle(SiteEvent(now, "s", "", "pageview", session_id, now.unix_s, "/"))
    (used_bytes, _) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(core.site("s")) == 2_000
    assert used_bytes / 2_000 < 400
