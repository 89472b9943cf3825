"""Parts of a time as the clock on the wall shows them."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.store.history.buckets import LADDER_S, Buckets, choose_width_s, divide, zone_of
from tracker.store.history.errors import QueryRefused

ZURICH = ZoneInfo("Europe/Zurich")


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def walls(buckets: Buckets) -> list[str]:
    return [
        datetime.fromtimestamp(buckets.begin_of(n), buckets.zone).strftime("%m-%d %H:%M")
        for n in buckets.numbers
    ]


def test_days_begin_at_midnight_when_the_clocks_change() -> None:
    days = divide(at("2026-03-28T12:00"), at("2026-03-30T12:00"), 86_400, ZURICH)
    assert walls(days) == ["03-28 00:00", "03-29 00:00", "03-30 00:00"]
    begins = [days.begin_of(n) for n in days.numbers]
    assert [b - a for a, b in pairwise(begins)] == [86_400, 82_800]
    assert days.number_of(at("2026-03-29T21:59:59")) == days.numbers[1]
    assert days.number_of(at("2026-03-29T22:00:00")) == days.numbers[2]


def test_six_hours_keep_their_times_on_the_wall() -> None:
    parts = divide(at("2026-10-24T22:00"), at("2026-10-26T00:00"), 21_600, ZURICH)
    assert walls(parts) == [f"10-25 {hour:02}:00" for hour in (0, 6, 12, 18)] + ["10-26 00:00"]


def test_hours_are_never_longer_or_shorter() -> None:
    hours = divide(at("2026-10-25T00:00"), at("2026-10-25T03:00"), 3_600, ZURICH)
    assert walls(hours) == ["10-25 02:00", "10-25 02:00", "10-25 03:00"]


def test_weeks_begin_on_monday() -> None:
    weeks = divide(at("2026-09-16T12:00"), at("2026-09-22T00:00", "Asia/Kathmandu"), 604_800, ZURICH)
    assert walls(weeks) == ["09-14 00:00", "09-21 00:00"]


def test_hours_of_zones_that_are_shifted_by_less() -> None:
    hours = divide(at("2026-01-01T00:20"), at("2026-01-01T01:20"), 3_600, ZoneInfo("Asia/Kathmandu"))
    assert walls(hours) == ["01-01 06:00", "01-01 07:00"]


def test_an_empty_time_has_no_parts() -> None:
    assert list(divide(5_000, 5_000, 60, ZURICH).numbers) == []


@given(
    start_s=st.integers(1_500_000_000, 1_900_000_000),
    span_s=st.integers(1, 40_000_000),
    width_s=st.sampled_from(LADDER_S),
    zone=st.sampled_from(["UTC", "Europe/Zurich", "America/St_Johns", "Australia/Lord_Howe", "Asia/Beirut"]),
    part=st.floats(0, 1),
)
def test_every_moment_lies_in_its_part(
    start_s: int, span_s: int, width_s: int, zone: str, part: float
) -> None:
    span_s = min(span_s, width_s * 5_000)
    buckets = divide(start_s * 1000, (start_s + span_s) * 1000, width_s, ZoneInfo(zone))
    moment_ms = start_s * 1000 + int(part * (span_s * 1000 - 1))
    number = buckets.number_of(moment_ms)
    assert number in buckets.numbers
    assert buckets.begin_of(number) * 1000 <= moment_ms
    if number + 1 in buckets.numbers:
        assert moment_ms < buckets.begin_of(number + 1) * 1000


@given(
    start=st.floats(0, 2e9),
    span=st.floats(0, 250 * 4 * 604_800 * 0.7),
)
def test_the_chosen_interval_gives_at_most_200_points(start: float, span: float) -> None:
    width_s = choose_width_s(start, start + span)
    assert len(divide(int(start * 1000), int((start + span) * 1000), width_s, ZoneInfo("UTC")).numbers) <= 201


@pytest.mark.parametrize(
    ("span_s", "width_s"), [(3_600, 60), (86_400, 900), (604_800, 3_600), (2_592_000, 21_600)]
)
def test_the_named_ranges(span_s: int, width_s: int) -> None:
    assert choose_width_s(1e9, 1e9 + span_s) == width_s


def test_refused() -> None:
    with pytest.raises(QueryRefused):
        divide(0, 1, 61, ZURICH)
    with pytest.raises(QueryRefused):
        divide(0, 10_001_000, 1, ZURICH)
    assert zone_of("Europe/Zurich") == ZURICH
    with pytest.raises(QueryRefused, match="timezone"):
        zone_of("Europe/Nowhere")
