"""FAULTS.md 2d: kill -9 at random points. ``python -m bench kills`` does 200 of them and 50 SIGTERM."""

import random
import signal
from pathlib import Path

import pytest

from bench.kills import run


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("number", "rounds"), [(signal.SIGKILL, 20), (signal.SIGTERM, 5)])
async def test_F2d_01_F2d_02_F3_06_ended_again_and_again_under_load(
    tmp_path: Path, number: signal.Signals, rounds: int
) -> None:
    outcome = await run(tmp_path, rounds, number, random.Random(rounds))
    print(outcome)
    assert outcome.acknowledged > 10 * rounds
    assert (outcome.lost, outcome.doubled, outcome.invented) == (0, 0, 0)
    assert outcome.longest_end_s < 20
