"""What the memory of the process that soaks may do.

Two things are told apart. The heap is what the program itself holds, since the process is started with
``PYTHONMALLOC=malloc``: it may grow by the visits that it remembers and the addresses that it knows, and by
what the history's engine keeps of each batch that it takes. What the engine has for tables lies beside the
heap: it rises and falls with its log of 16 MiB and keeps parts of the file up to a limit, so only the whole
of it can be judged, and the slope of all memory says nothing: it was -49 MB an hour with a leak of 20.
"""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

VISIT_BYTES = 1_500
"""A visit that is remembered: 100 steps on ten pages for three of five, none for those of the feed."""
ADDRESS_BYTES = 1_100
"""An address whose answer is known."""
ENGINE_BYTES_A_SECOND = 10_000
"""Measured: 36 MB an hour. Of each batch of visits, two a second, DuckDB keeps 4 KB on the heap until it is
closed, as ``loading.apply`` alone shows; which is once in 20 minutes."""
WARM_AFTER_S = 300.0
"""What comes back at a start and what is made once; a third of a shorter life."""


class Sample(NamedTuple):
    life: int
    age_s: float
    rss_bytes: int
    heap_bytes: int
    open_files: int
    visits: int
    """Remembered ones, which are over."""
    addresses: int

    @property
    def unexplained_bytes(self) -> int:
        remembered = self.visits * VISIT_BYTES + self.addresses * ADDRESS_BYTES
        return self.heap_bytes - remembered - round(self.age_s * ENGINE_BYTES_A_SECOND)


class Growth(NamedTuple):
    """Megabytes, of one life."""

    rss_mb_per_hour: float
    heap_mb_per_hour: float
    unexplained_mb_per_hour: float
    """Of the heap: what is neither remembered visits, nor known addresses, nor the engine's."""
    most_beside_heap_mb: float
    """The history's engine, its program and all others, threads."""


def growth(samples: Sequence[Sample]) -> Growth:
    """``samples``: of one life, in their order."""
    warm_s = min(WARM_AFTER_S, samples[-1].age_s / 3)
    warm = [sample for sample in samples if sample.age_s >= warm_s]
    ages = [sample.age_s for sample in warm]

    def mb_per_hour(sizes: list[int]) -> float:
        return statistics.linear_regression(ages, sizes).slope * 3600 / 1e6

    return Growth(
        mb_per_hour([sample.rss_bytes for sample in warm]),
        mb_per_hour([sample.heap_bytes for sample in warm]),
        mb_per_hour([sample.unexplained_bytes for sample in warm]),
        max(sample.rss_bytes - sample.heap_bytes for sample in warm) / 1e6,
    )
