"""Lines about a connection that flaps."""

from tracker.core.inputs import UpstreamState
from tracker.ingest.state_log import LOG_LINES_PER_MINUTE, LogAllowance


def test_log_lines_are_limited_for_each_state_and_the_left_out_are_counted() -> None:
    allowance = LogAllowance()
    taken = [allowance.take(UpstreamState.CONNECTED, 1.0) for _ in range(LOG_LINES_PER_MINUTE + 3)]
    assert taken == [0] * LOG_LINES_PER_MINUTE + [None] * 3
    assert allowance.take(UpstreamState.DOWN, 2.0) == 3
    assert allowance.take(UpstreamState.CONNECTED, 61.5) == 0
