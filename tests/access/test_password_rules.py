"""FAULTS.md 4.5: which passwords are taken."""

import pytest

from tracker.access.password_rules import COMMON, faults_of, normal

EMAIL = "Ann.Miller@example.com"


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short12",
        "x" * 257,
        "password",
        "PassWord",
        "password1",
        "password2026",
        "12345678",
        "qwertyuiop",
        "p@ssw0rd",
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "ann.miller@example.com",
        "ANN.MILLER@EXAMPLE.COM",
        "ann.miller",
        "tracker2026!!",
        "Tracker_1234",
        "with a\nnewline",
        "with a\x00zero",
        "half a pair \ud800",
        "ｐａｓｓｗｏｒｄ",
    ],
)
def test_S4_05_what_is_guessed_first_is_refused(password: str) -> None:
    faults = faults_of(password, EMAIL)
    assert len(faults) == 1
    assert not password or password not in faults[0]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "k3jf82ha",
        "x7" * 4 + "q",
        "x" * 254 + "yz",
        "пароль которого нет",
        "🐎🔋📎 and some words",
        "password of a longer kind",
        "michelle-84712937",
    ],
)
def test_S4_05_what_is_long_or_odd_is_taken(password: str) -> None:
    assert faults_of(password, EMAIL) == []


def test_S4_05_the_list_is_of_use_and_in_the_form_that_it_is_searched_in() -> None:
    words = [line for line in COMMON.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(words) > 10_000
    assert all(word == word.lower() and len(word) >= 8 for word in words)


def test_what_looks_the_same_is_the_same() -> None:
    assert normal("é") == normal("e\u0301")
