from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.retry_after import LONGEST_S, wanted_s

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("301", 300.0),
        ("9" * 5_000, 300.0),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True), 90.0),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC)).replace("+0000", "-0000"), 90.0),
        (format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True), -90.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 300.0),
    ],
)
def test_F2a_01_retry_after_seconds_or_date_at_most_300(value: str, seconds: float) -> None:
    assert wanted_s(value, NOW) == seconds


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "NaN", "inf", "1e3", "1.5", "٣", "Fri, 99 Foo 2025 99:99:99 GMT", "0x10"]
)
def test_F2a_01_retry_after_garbage_is_ignored(value: str) -> None:
    assert wanted_s(value, NOW) is None


@given(st.text() | st.from_regex(r"\w{3}, \d{1,3} [A-Z][a-z]{2} \d{1,9} \d\d:\d\d:\d\d( [-+]?\w+)?"))
def test_retry_after_never_raises_and_never_leaves_its_bounds(value: str) -> None:
    seconds = wanted_s(value, NOW)
    assert seconds is None or seconds <= LONGEST_S
