"""When a message that was not taken is sent again."""

from random import Random

PAUSES_S = (5.0, 60.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 28_800.0, 28_800.0)
"""After the first try, the second, …: 24 hours in all."""
MAX_TRIES = len(PAUSES_S) + 1
JITTER = (0.8, 1.2)
LONGEST_RETRY_AFTER_S = 3_600.0

FIRST_LULL_S = 1.0
LONGEST_LULL_S = 60.0


def pause_s(tries: int, wanted_s: float | None, random: Random) -> float | None:
    """Return how long to wait after ``tries`` that failed; ``None``: it is given up.

    ``wanted_s``: what the receiver asked for.
    """
    if tries >= MAX_TRIES:
        return None
    return max(PAUSES_S[tries - 1] * random.uniform(*JITTER), wanted_s or 0.0)


def lull_s(failures: int, wanted_s: float | None, random: Random) -> float:
    """Return how long a receiver that failed so often in a row is left alone by all that is for it."""
    grown = min(FIRST_LULL_S * 2.0 ** min(failures - 1, 16), LONGEST_LULL_S)
    return max(grown * random.uniform(*JITTER), wanted_s or 0.0)
