"""How many examples a property is tried with that needs more of them, or fewer, than others."""

from hypothesis import settings

SUITE = 200
"""Of the profile that the suite runs with: tests/conftest.py."""


def examples(count: int) -> int:
    """Return ``count``, or as many times more as ``HYPOTHESIS_PROFILE`` asks for."""
    return count * settings().max_examples // SUITE
