"""How long changes are gathered before they are flushed."""

LEAST_S = 0.03
MOST_S = 0.05
FLUSH_SHARE = 0.2
"""So much of the time may go into flushing before changes are gathered for longer. Most of a large flush is
its bytes, which are no fewer for gathering longer; only its writes are."""
USUAL_LAG_S = 0.03
MAX_LAG_S = 0.45


def time_to_gather_s(flush_s: float) -> float:
    """Return how long to wait after a flush that took ``flush_s``.

    From flush to flush 30 to 50 ms. Where flushing would take more than a quarter of that the wait itself
    becomes as long.
    """
    from_flush_to_flush_s = min(MOST_S, max(LEAST_S, flush_s / FLUSH_SHARE))
    return max(from_flush_to_flush_s - flush_s, min(MOST_S, 3 * flush_s))


def time_to_catch_up_s(lag_s: float) -> float:
    """Return how long to wait further when the loop was late by ``lag_s``.

    One that is later than others make it is busy writing: fewer, larger flushes let it catch up.
    """
    return min(MAX_LAG_S, lag_s) if lag_s > USUAL_LAG_S else 0.0
