import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.ingest.timestamps import END_OF_TIME_S, MAX_DISTANCE_S, history_time, parse

MOMENT = 1_740_974_643.489


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-03-03T04:04:03.489Z", MOMENT),
        ("2025-03-03t04:04:03.489z", MOMENT),
        ("2025-03-03T05:04:03.489+01:00", MOMENT),
        ("2025-03-03T05:04:03.489+0100", MOMENT),
        ("2025-03-03T05:04:03,489+01", MOMENT),
        ("2025-03-03 04:04:03.489", MOMENT),
        ("2025-03-03T04:04:03.489000999Z", MOMENT),
        ("20250303T040403.489Z", MOMENT),
        ("2025-03-03T04:04Z", 1_740_974_640.0),
        ("2025-03-03", 1_740_960_000.0),
        ("1970-01-01T00:00:00Z", 0.0),
        (1_740_974_643_489, MOMENT),
        (1_740_974_643_489.0, MOMENT),
        (1_740_974_643, 1_740_974_643.0),
        (MOMENT, MOMENT),
        (0, 0.0),
        (99_999_999_999, 99_999_999_999.0),
        (100_000_000_000, 100_000_000.0),
    ],
)
def test_times_are_read(value: object, expected: float) -> None:
    assert parse(value) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "0000-00-00",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "1969-12-31T23:59:59Z",
        "2025-13-01T00:00:00Z",
        "2025-02-30",
        "2025-03-03T24:00:01Z",
        "2025-03-03T04:04:60Z",
        "2025-03-03x04:04:03Z",
        "2025-W10-1",
        "2025-03-03T04:04:03+25:00",
        "٢٠٢٥-03-03",
        "2025-03-03T04:04:03Z\n",
        "2025-03-03T04:04:03.Z",
        "1740974643",
        "9" * 1_000_000,
        "\ud800",
        -1,
        -0.5,
        1e18,
        10**400,
        -(10**400),
        math.nan,
        math.inf,
        -math.inf,
        True,
        None,
        b"2025-03-03",
        [],
        {},
    ],
)
def test_F2a_13_F2f_08_what_is_no_time_is_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(ValueError, match=r"^must (be an ISO 8601 time like|lie between)"):
        parse(value)


@settings(max_examples=2000, deadline=None)
@given(
    st.one_of(
        st.text(max_size=45),
        st.text("0123456789-:.,+TZ ", max_size=45),
        st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        st.integers(),
        st.floats(),
        st.none() | st.booleans() | st.binary() | st.lists(st.integers()),
    )
)
def test_nothing_but_a_value_error_is_raised(value: object) -> None:
    try:
        seconds = parse(value)
    except ValueError:
        return
    assert 0 <= seconds < END_OF_TIME_S


@pytest.mark.parametrize(
    ("ahead_s", "expected"),
    [
        (0.0, (MOMENT, False)),
        (60.0, (MOMENT + 60, False)),
        (60.001, (MOMENT, True)),
        (MAX_DISTANCE_S - 1, (MOMENT, True)),
        (-5 * 86_400.0, (MOMENT - 5 * 86_400, False)),
        (-MAX_DISTANCE_S + 1, (MOMENT - MAX_DISTANCE_S + 1, False)),
    ],
)
def test_F2f_08_a_time_in_the_future_is_taken_as_the_receipt(
    ahead_s: float, expected: tuple[float, bool]
) -> None:
    assert history_time(MOMENT + ahead_s, MOMENT) == expected


@pytest.mark.parametrize("occurred_at", [MOMENT + MAX_DISTANCE_S + 1, MOMENT - MAX_DISTANCE_S - 1, math.nan])
def test_F2f_08_a_time_ten_years_away_is_refused(occurred_at: float) -> None:
    with pytest.raises(ValueError, match="10 years"):
        history_time(occurred_at, MOMENT)
