"""Section 3 of docs/faults.md: whichever write fails, an append is stored whole or not at all."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.store.events import open_journal

TIMES = 400
AT_LEAST = 200


async def test_F2c_03_F3_06_whichever_write_fails_nothing_is_lost_and_nothing_is_there_by_halves(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.journal"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.failing", str(path), str(TIMES)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = await child.communicate()
    assert child.returncode == 0, errors.decode()
    outcomes = [line.split() for line in output.decode().splitlines()]
    assert len(outcomes) == TIMES
    failures = sum(what == "failed" for what, *_ in outcomes)
    print(f"{failures} of {TIMES} appends failed")
    assert AT_LEAST <= failures < TIMES, "the last ones had room"
    async with open_journal(path) as opened:
        stored = await opened.stored_ids()
    expected = [name for what, *names in outcomes if what == "stored" for name in names]
    assert stored == ["first", *expected]
