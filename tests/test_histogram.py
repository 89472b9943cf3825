from math import inf
from random import Random

import pytest

from tracker.histogram import COMMIT_BOUNDS_S, Histogram


def test_buckets_hold_all_up_to_their_bound() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 99.0):
        histogram.add(value)
    assert list(histogram.buckets()) == [(1.0, 2), (2.0, 4), (inf, 5)]
    assert (histogram.count, histogram.sum) == (5, 104.0)


def test_it_agrees_with_counting_every_value() -> None:
    rng = Random(1)
    values = [rng.expovariate(20) for _ in range(2_000)]
    histogram = Histogram(COMMIT_BOUNDS_S)
    for value in values:
        histogram.add(value)
    counted = [(bound, sum(value <= bound for value in values)) for bound in (*COMMIT_BOUNDS_S, inf)]
    assert list(histogram.buckets()) == counted
    assert histogram.sum == pytest.approx(sum(values))
