"""Which rows a filter of the table keeps."""

import pytest

from tests.core.playbook import ACME, Playbook
from tracker.core.filters import SessionFilter
from tracker.core.identity import Company, Identity
from tracker.core.inputs import IdentityResolved


@pytest.fixture
def book() -> Playbook:
    book = Playbook()
    book.page("a", "/", ip=ACME, country="DE")
    book.page("a", "/prices")
    company = Company("11111111-aaaa", "Straße & Söhne", "soehne.example")
    book.feed(IdentityResolved(book.clock.now(), ACME, Identity(company)))
    return book


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (SessionFilter(), True),
        (SessionFilter(country="de"), True),
        (SessionFilter(country="FR"), False),
        (SessionFilter(page="/prices"), True),
        (SessionFilter(page="/"), False),
        (SessionFilter(page="/PRICES"), False),
        (SessionFilter(company="STRASSE"), True),
        (SessionFilter(company="soehne.example"), True),
        (SessionFilter(company="11111111-AAAA"), True),
        (SessionFilter(company="1111"), False),
        (SessionFilter(country="DE", page="/prices", company="söhne"), True),
        (SessionFilter(country="DE", page="/", company="söhne"), False),
    ],
)
def test_a_filter_keeps_what_matches_all_of_it(book: Playbook, wanted: SessionFilter, matches: bool) -> None:
    assert wanted.matches(book.row("a")) is matches


def test_who_is_unknown_is_of_no_company_and_no_country() -> None:
    book = Playbook()
    book.opened("a", ip="")
    assert not SessionFilter(company="a").matches(book.row("a"))
    assert not SessionFilter(country="DE").matches(book.row("a"))
    assert not SessionFilter(page="/").matches(book.row("a"))


def test_an_empty_filter_knows_that_it_is() -> None:
    assert SessionFilter().is_empty
    assert not SessionFilter(page="").is_empty
