"""CONTRACT.md, section 4, "Identity", and FAULTS.md 2a, reuse of an id from other addresses."""

import pytest

from tests.core.playbook import ACME, GLOBEX, NOBODY, SITE, Playbook, company_of, pick
from tracker.core.clock import Now
from tracker.core.effects import Lookup
from tracker.core.inputs import FrameKind, UpstreamFrame
from tracker.core.session import Enrichment


@pytest.fixture
def book() -> Playbook:
    return Playbook()


def test_C4_identity_one_answer_settles_all_who_wait_for_the_address(book: Playbook) -> None:
    for session_id in "abc":
        book.opened(session_id, ip=ACME)
    book.opened("d", ip=GLOBEX)
    assert book.identified(ACME) == [("row", "a"), ("row", "b"), ("row", "c")]
    assert book.rows == ["c", "b", "a"]


def test_C4_identity_a_miss_is_a_normal_answer(book: Playbook) -> None:
    book.opened("a", ip=NOBODY)
    assert book.unknown(NOBODY) == [("row", "a")]
    assert book.row("a").enrichment is Enrichment.UNKNOWN
    assert pick(book.at(50), "lookup") == []


def test_C4_identity_a_failed_lookup_is_tried_again_while_the_session_lives(book: Playbook) -> None:
    book.opened("a")
    assert book.failed(ACME, retry_after_s=10) == [("row", "a")]
    assert book.row("a").enrichment is Enrichment.FAILED
    assert pick(book.wait(9.75), "lookup") == []
    assert book.wait(0.25) == [("lookup", ACME)]
    assert book.identified(ACME) == [("row", "a")]
    assert book.row("a").enrichment is Enrichment.IDENTIFIED


def test_C4_identity_a_failed_lookup_is_not_tried_for_one_who_left(book: Playbook) -> None:
    book.opened("a")
    book.failed(ACME, retry_after_s=10)
    book.closed("a")
    assert book.wait(20) == []
    assert book.core.sizes["addressesWaiting"] == 0


def test_C4_identity_a_newcomer_at_a_failed_address_waits_for_its_retry(book: Playbook) -> None:
    book.opened("a")
    book.failed(ACME, retry_after_s=10)
    book.wait(5)
    assert book.opened("b") == []
    assert pick(book.wait(5), "lookup") == [("lookup", ACME)]
    assert book.identified(ACME) == [("row", "a"), ("row", "b")]


def test_C4_identity_a_spent_budget_skips_until_it_allows(book: Playbook) -> None:
    book.opened("a")
    assert book.skipped(ACME, retry_after_s=40) == [("row", "a")]
    assert book.row("a").enrichment is Enrichment.SKIPPED
    assert pick(book.wait(40), "lookup") == [("lookup", ACME)]


def test_C4_identity_lookups_that_are_off_are_not_tried_again(book: Playbook) -> None:
    book.opened("a")
    book.skipped(ACME, retry_after_s=None)
    assert pick(book.wait(59), "lookup") == []
    assert book.core.sizes["addressesWaiting"] == 0


def test_C4_identity_an_answer_nobody_waits_for_changes_nothing(book: Playbook) -> None:
    assert book.identified(ACME) == []
    assert book.failed(ACME) == []
    assert book.skipped(ACME) == []
    assert book.wait(60) == []


def test_C4_identity_what_is_asked_for_is_the_address_as_received(book: Playbook) -> None:
    effects = book.core.handle(_frame_from(book.clock.now(), "::ffff:185.242.1.1", ACME))
    assert Lookup(ACME, "::ffff:185.242.1.1") in effects


def test_F2a_16_guid_reuse_asks_anew_and_does_not_keep_the_former_identity(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.identified(ACME)
    assert book.keep_alive("a", ip=GLOBEX) == [("lookup", GLOBEX), ("row", "a")]
    assert (book.row("a").ip, book.row("a").previous_ips) == (GLOBEX, (ACME,))
    assert book.row("a").identity is None
    assert book.row("a").enrichment is Enrichment.PENDING
    assert book.averages().visitors_per_company is None
    assert book.identified(ACME) == [], "a late answer for the old address is not for this session"
    book.identified(GLOBEX, "Globex")
    assert company_of(book.row("a")) == "Globex"
    assert book.figures == (1, 1, {})


def test_F2a_16_guid_reuse_keeps_ten_former_addresses(book: Playbook) -> None:
    for n in range(15):
        book.opened("a", ip=f"not-an-address-{n}")
    assert book.row("a").previous_ips == tuple(f"not-an-address-{n}" for n in range(4, 14))


def test_F2a_15_another_spelling_of_the_address_is_no_other_address(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.identified(ACME)
    book.core.handle(_frame_from(book.clock.now(), "::ffff:185.242.1.1", ACME))
    assert book.row("a").enrichment is Enrichment.IDENTIFIED
    assert book.row("a").previous_ips == ()


def test_F2a_16_the_first_address_of_a_page_session_is_no_former_one(book: Playbook) -> None:
    book.page("a", "/")
    assert pick(book.keep_alive("a", ip=ACME), "lookup") == [("lookup", ACME)]
    assert book.row("a").previous_ips == ()


def test_F2a_16_the_same_id_on_two_sites_are_two_sessions(book: Playbook) -> None:
    book.page("a", "/one", site="one")
    book.page("a", "/two", site="two")
    assert [row.current_page for row in book.core.site("one").visible_sessions()] == ["/one"]
    book.event("session_end", "a", site="two")
    assert [row.id for row in book.core.site("one").visible_sessions()] == ["a"]
    assert book.core.site("two").statistics() == (0, 1, {"/two": 1})


def _frame_from(now: Now, ip: str, address: str) -> UpstreamFrame:
    return UpstreamFrame(now, SITE, FrameKind.KEEP_ALIVE, "a", ip, address, now.unix_s)
