"""What a measurement gives: named figures with their units."""

from collections.abc import Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    name: str
    value: float
    unit: str
    target: str = ""
    """What was promised, for the reader; nothing is judged here."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie; the largest for 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(figures: Sequence[Figure]) -> str:
    lines = ["| figure | measured | target |", "|---|---|---|"]
    lines += [f"| {one.name} | {one.value:,.4g} {one.unit} | {one.target} |" for one in figures]
    return "\n".join(lines)
