import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.enrichment.text import clean, plain


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Acme  GmbH\n", "Acme GmbH"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\x00b\x7f\x85c", "ab c"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("line\u2028separator", "line separator"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Łódź Ærø 東京 😀", "Łódź Ærø 東京 😀"),
    ],
)
def test_F2b_10_control_and_direction_characters_go(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(alphabet=st.characters()))
def test_F2b_10_cleaned_text_is_one_safe_line(text: str) -> None:
    cleaned = clean(text)
    assert {unicodedata.category(character) for character in cleaned}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert clean(cleaned) == cleaned


@given(st.text(alphabet=st.characters()))
def test_plain_text_has_nothing_invisible(text: str) -> None:
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in plain(text))


def test_plain_text_folds_compatibility_forms() -> None:
    assert plain("ｂｏｂ＠ｇｍａｉｌ．ｃｏｍ") == "bob@gmail.com"
