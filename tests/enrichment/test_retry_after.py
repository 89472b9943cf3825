from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.enrichment.retry_after import DEFAULT_S, SHORTEST_S, parse_retry_after
from tracker.retry_after import LONGEST_S

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("1.5", 1.5),
        ("0", SHORTEST_S),
        ("301", LONGEST_S),
        ("9" * 5000, LONGEST_S),
        (formatdate(NOW + 42, usegmt=True), 42),
        (formatdate(NOW + 86_400, usegmt=True), LONGEST_S),
        (formatdate(NOW + 42), 42),
        (formatdate(NOW - 60, usegmt=True), DEFAULT_S),
        (None, DEFAULT_S),
        ("", DEFAULT_S),
        ("-5", DEFAULT_S),
        ("NaN", DEFAULT_S),
        ("inf", DEFAULT_S),
        ("1e3", DEFAULT_S),
        ("soon", DEFAULT_S),
        ("٧", DEFAULT_S),
        ("Wed, 21 Oct 99999 07:28:00 GMT", DEFAULT_S),
    ],
)
def test_F2b_03_every_form_of_retry_after(value: str | None, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == pytest.approx(seconds, abs=1)


@given(st.text() | st.from_regex(r"\A\w{3}, \d{1,2} \w{3} \d{1,6} \d\d:\d\d:\d\d [+-]\d{1,6}\Z"))
def test_F2b_03_anything_gives_a_wait_within_bounds(value: str) -> None:
    assert SHORTEST_S <= parse_retry_after(value, NOW) <= LONGEST_S


@given(st.integers(min_value=1, max_value=300))
def test_seconds_are_taken_as_they_are(seconds: int) -> None:
    assert parse_retry_after(str(seconds), NOW) == seconds
