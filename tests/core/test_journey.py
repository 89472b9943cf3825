"""Journeys, and how they are packed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.core.journey import PackedJourney, Step, text_bytes

NOON = 1_790_000_000.0
TIMES = st.floats(0.0, 4e9) | st.integers(0, 4 * 10**12).map(lambda milliseconds: milliseconds / 1000)


def journey(pages: int, apart_s: float) -> list[Step]:
    return [Step(f"/page/{number % pages}", NOON + number * apart_s) for number in range(100)]


@settings(max_examples=50)
@given(st.lists(st.builds(Step, st.sampled_from(("/", "/a", "/ä/b")), TIMES), min_size=1))
def test_what_is_packed_comes_out_exactly_as_it_was(steps: list[Step]) -> None:
    steps.sort(key=lambda step: step.at)
    packed = PackedJourney.of(steps)
    assert packed.steps == steps
    assert packed.last_page == steps[-1].page


def test_more_pages_than_a_byte_can_number_are_no_trouble() -> None:
    steps = [Step(f"/page/{number % 400}", NOON + number) for number in range(1_000)]
    packed = PackedJourney.of(steps)
    assert packed.steps == steps
    assert packed.last_page == "/page/199"


@pytest.mark.parametrize(("apart_s", "bytes_a_step"), [(0.25, 5), (0.2501234, 9)])
def test_a_step_takes_five_bytes_or_nine_when_its_time_is_finer_than_a_millisecond(
    apart_s: float, bytes_a_step: int
) -> None:
    packed = PackedJourney.of(journey(10, apart_s))
    steps_bytes = 100 * bytes_a_step
    of_pages = sum(map(text_bytes, packed.pages))
    assert steps_bytes < packed.size_bytes - of_pages < steps_bytes + 350
