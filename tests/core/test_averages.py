"""CONTRACT.md, section 4, "Averages"."""

import pytest

from tests.core.playbook import ACME, GLOBEX, NOBODY, Playbook
from tests.support.clock import START
from tracker.core.identity import Company, Identity
from tracker.core.inputs import IdentityResolved
from tracker.core.session import Enrichment

NOW = START.unix_s


@pytest.fixture
def book() -> Playbook:
    return Playbook()


def test_C4_averages_visitors_per_company(book: Playbook) -> None:
    assert book.averages().visitors_per_company is None
    for session_id, ip in (("a", ACME), ("b", ACME), ("c", GLOBEX), ("d", NOBODY)):
        book.opened(session_id, ip=ip)
    assert book.averages().visitors_per_company is None, "those who wait count in no figure"
    book.identified(ACME, "Acme")
    book.identified(GLOBEX, "Globex")
    book.unknown(NOBODY)
    assert book.averages().visitors_per_company == 1.5
    book.closed("c")
    assert book.averages().visitors_per_company == 2
    book.closed("a")
    book.closed("b")
    assert book.averages().visitors_per_company is None


def test_C4_averages_a_contact_without_a_company_counts_for_no_company(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.identified(ACME, company=None, contact="Ada")
    assert book.row("a").enrichment is Enrichment.IDENTIFIED
    assert book.averages().visitors_per_company is None


def test_C4_averages_one_company_behind_two_addresses_is_one(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.opened("b", ip=GLOBEX)
    book.identified(ACME, "Acme")
    book.identified(GLOBEX, "Acme")
    assert book.averages().visitors_per_company == 2


def test_C4_averages_a_company_without_a_guid_is_known_by_its_name(book: Playbook) -> None:
    for address, name in ((ACME, "Acme"), (GLOBEX, "Globex"), (NOBODY, "Acme")):
        book.opened(f"from {address}", ip=address)
        book.feed(IdentityResolved(book.clock.now(), address, Identity(Company("", name))))
    assert book.averages().visitors_per_company == 1.5


def test_C4_averages_session_duration_is_over_the_active(book: Playbook) -> None:
    assert book.averages().session_duration_s is None
    book.opened("a", at=-10, ip="")
    book.opened("b", ip="")
    assert book.averages().session_duration_s == 5
    book.wait(4)
    assert book.averages().session_duration_s == 9
    book.closed("a", ip="")
    assert book.averages().session_duration_s == 4


def test_C4_averages_session_duration_today_is_over_the_ended(book: Playbook) -> None:
    assert book.averages().session_duration_today_s is None
    book.opened("a", at=-10, ip="")
    book.opened("b", ip="")
    book.closed("a", ip="")
    assert book.averages().session_duration_today_s == 10
    book.wait(20)
    book.closed("b", ip="")
    assert book.averages().session_duration_today_s == 15
    assert book.site.averages(NOW).session_duration_s is None


def test_C4_averages_an_expired_session_lasted_until_its_last_activity(book: Playbook) -> None:
    book.opened("a", ip="")
    book.wait(12)
    book.keep_alive("a", ip="")
    book.wait(61)
    assert book.averages().session_duration_today_s == 12
