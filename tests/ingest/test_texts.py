import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.timing import best_thread_s
from tracker.ingest.texts import clean, identifier_problem, is_identifier


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Über uns – Preise 😀", "Über uns – Preise 😀"),
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("a\tb\r\nc\u2028d", "a b  c d"),
        ("a\x1b[31mred", "a[31mred"),
        ("a\x7f\x80b", "ab"),
        ("in\u202evoice\u2066", "invoice"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_F2f_06_free_text_is_repaired(text: str, expected: str) -> None:
    assert clean(text, 100) == expected


def test_F2f_06_text_is_clamped_to_what_was_sent_first() -> None:
    assert clean("abc", 2) == "ab"
    assert clean("\u202e" * 10 + "abc", 10) == ""
    assert len(clean("e" + "\u0301" * 10_000, 2000)) == 2000


def test_F2f_06_a_megabyte_costs_no_more_than_the_limit() -> None:
    hostile = "\x00\u202e\ud800" * 350_000

    def clean_often() -> None:
        for _ in range(100):
            clean(hostile, 2000)

    assert best_thread_s(clean_often, 0.5) < 2


@settings(max_examples=2000, deadline=None)
@given(st.text(st.characters(), max_size=300), st.integers(0, 200))
def test_clean_text_can_be_stored_and_stays_as_it_is(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert clean(cleaned, limit) == cleaned
    cleaned.encode()
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("text", ["a", "ddace2a5-ec53-428f-985d-952fa09e7f27", "Jürgen Ä", "x" * 200, "用户"])
def test_an_identifier_is_kept_as_it_is(text: str) -> None:
    assert is_identifier(text, 200)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must not be empty"),
        ("x" * 201, "must have at most 200 characters"),
        ("a\x00", "must not hold control"),
        ("a\nb", "must not hold control"),
        ("a\ud800", "must not hold control"),
        ("gu\u200bid", "must not hold control"),
        ("\ufeffa", "must not hold control"),
        ("a\u202eb", "must not hold control"),
        ("a\u2066b", "must not hold control"),
        ("a\u00a0b", "must not hold control"),
        (" ", "must not begin or end with a space"),
        ("a ", "must not begin or end with a space"),
        ("e\u0301", "must be in Unicode normal form C"),
    ],
)
def test_F2f_07_what_looks_like_another_identifier_is_refused_by_reason(text: str, problem: str) -> None:
    assert not is_identifier(text, 200)
    assert (identifier_problem(text, 200) or "").startswith(problem)


@settings(max_examples=2000, deadline=None)
@given(st.text(st.characters(), max_size=50), st.integers(0, 60))
def test_an_accepted_identifier_needs_no_repair(text: str, limit: int) -> None:
    if is_identifier(text, limit):
        assert clean(text, limit) == text.strip() == unicodedata.normalize("NFC", text)
        assert 0 < len(text) <= limit
