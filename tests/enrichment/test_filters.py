import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.core.identity import Company, Contact, Identity
from tracker.enrichment.filters import LONG_TEXT_CHARACTERS, AnswerFilter, Outdated
from tracker.enrichment.wire import Answer, WireCompany, WireContact, WireData
from tracker.settings import Filters

DATA_CENTER = "b8e8879e-3382-4908-8f1e-7638473d0913"
FILTER = AnswerFilter(Filters())


def identity(company: WireCompany | None = None, contact: WireContact | None = None) -> Identity | None:
    return FILTER.identity(Answer(WireData(company, contact)))


def test_personal_addresses_are_cut_off_and_work_addresses_stay() -> None:
    found = identity(
        contact=WireContact("c", "Bob", "CEO", ["bob@gmail.com", "Bob <Bob@Acme.com>", None, "x"], ["+49 1"])
    )
    assert found == Identity(None, Contact("c", "Bob", "CEO", ("Bob@acme.com",), ("+49 1",)))


def test_addresses_in_names_titles_and_numbers_are_cut_too() -> None:
    found = identity(
        WireCompany("g bob@aol.com", "Acme bob@gmail.com", "bob@yahoo.fr"),
        WireContact("c", "bob@hotmail.de", "CEO bob@gmx.net", [], ["tel bob@live.nl"]),
    )
    assert found == Identity(Company("g", "Acme"), Contact("c", "", "CEO", (), ("tel",)))


def test_of_a_data_centre_only_the_guid_is_left() -> None:
    found = identity(
        WireCompany(DATA_CENTER.upper() + " ", "Big Cloud", "cloud.com"), WireContact("c", "Bob")
    )
    assert found == Identity(data_center_guid=DATA_CENTER)


def test_F2b_06_company_or_contact_alone() -> None:
    assert identity(WireCompany("g", "Acme")) == Identity(Company("g", "Acme", None), None)
    assert identity(contact=WireContact("c", "Bob")) == Identity(None, Contact("c", "Bob"))


def test_F2b_06_a_company_without_a_name_is_called_by_its_domain() -> None:
    assert identity(WireCompany("g", None, "acme.com")) == Identity(Company("g", "acme.com", "acme.com"))


def test_an_empty_answer_is_nobody() -> None:
    assert FILTER.identity(Answer(None)) is None
    assert identity() is None
    assert identity(WireCompany(None, " ", "\x00"), WireContact("c", "", None, ["bob@gmail.com"], [])) is None


def test_F2b_10_texts_and_lists_are_bounded() -> None:
    found = identity(
        WireCompany("g", "x" * 200_000, "d"),
        WireContact("c", "Bob", None, [f"a{n}@acme.com" for n in range(99)], ["1", "1", "2"] * 99),
    )
    assert found is not None
    assert found.company is not None
    assert found.contact is not None
    assert len(found.company.name) == 512
    assert len(found.contact.email_addresses) == 20
    assert found.contact.phone_numbers == ("1", "2")


@pytest.mark.parametrize("filler", [" ", "\u200b", "\u202e"])
@pytest.mark.parametrize("room", range(24))
def test_F2b_10_no_length_leaves_half_an_address(filler: str, room: int) -> None:
    text = "Acme" + filler * (LONG_TEXT_CHARACTERS - 4 - room) + " bob.secret@gmail.com"
    found = identity(WireCompany("g", text, "d"))
    assert found is not None
    assert found.company is not None
    assert "secret@" not in found.company.name


def test_again_applies_newer_settings_to_what_was_kept() -> None:
    stricter = AnswerFilter(Filters(("acme.com",), ("GUID-1",)))
    kept = Identity(Company("guid-1", "Acme", "acme.com"), Contact("c", "Bob"))
    assert stricter.again(kept) == Identity(data_center_guid="guid-1")
    mails = Identity(None, Contact("c", "Bob", None, ("bob@acme.com", "bob@work.com")))
    assert stricter.again(mails) == Identity(None, Contact("c", "Bob", None, ("bob@work.com",)))
    assert stricter.again(None) is None


def test_again_asks_anew_for_what_is_no_data_centre_any_more() -> None:
    kept = Identity(data_center_guid=DATA_CENTER)
    assert FILTER.again(kept) == kept
    assert AnswerFilter(Filters((), ())).again(kept) is Outdated.ASK_ANEW


WIRE_TEXT = st.none() | st.text(max_size=40)


@given(
    st.builds(WireCompany, WIRE_TEXT, WIRE_TEXT, WIRE_TEXT),
    st.builds(WireContact, WIRE_TEXT, WIRE_TEXT, WIRE_TEXT, st.lists(WIRE_TEXT, max_size=4)),
)
def test_filtering_twice_changes_nothing(company: WireCompany, contact: WireContact) -> None:
    once = identity(company, contact)
    assert FILTER.again(once) == once
