"""FAULTS.md 2c and 2d, against the operating system itself."""

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.events import event, open_journal
from tracker.core.inputs import SiteEvent
from tracker.store.errors import JournalUnavailable, Trouble
from tracker.store.journal import MAX_GROUP_IN_LOOP

CHILD = [sys.executable, "-m", "tests.store.child"]


async def answered_before_kill(path: Path, after_s: float) -> list[str]:
    child = await asyncio.create_subprocess_exec(
        *CHILD, "append", str(path), "8", stdout=subprocess.PIPE, limit=1 << 20
    )
    assert child.stdout is not None
    ids = (await child.stdout.readline()).decode().split()
    await asyncio.sleep(after_s)
    child.kill()
    rest = await child.stdout.read()
    await child.wait()
    # Without its line feed the last line may be cut short.
    for line in rest.decode().split("\n")[:-1]:
        ids += line.split()
    return ids


@pytest.mark.parametrize("at", range(10))
async def test_F2c_03_F2d_02_kill_9_loses_and_doubles_nothing_that_was_answered(
    tmp_path: Path, at: int
) -> None:
    path = tmp_path / "t.journal"
    answered = await answered_before_kill(path, random.Random(at).uniform(0.0, 0.3))
    if at % 5 == 0:
        # Again upon what the first kill left.
        answered += await answered_before_kill(path, 0.05)
    assert len(answered) == len(set(answered)) > 0
    async with open_journal(path) as opened:
        replayed: list[SiteEvent] = []
        await opened.journal.replay(0, replayed.append)
        stored = [one.id for one in replayed]
        assert len(stored) == len(set(stored))
        assert set(answered) <= set(stored)
        # Appends are all or nothing.
        calls = {one.rpartition("-")[0] for one in stored}
        sizes = {call: sum(one.rpartition("-")[0] == call for one in stored) for call in list(calls)[:50]}
        assert all(size == 1 + int(call.rpartition("-")[2]) % 3 for call, size in sizes.items())
        again = await opened.append(event(answered[0]))
        assert again[0].duplicate or again[0].conflict


async def test_F2c_01_a_disk_that_ends_and_gets_space_again(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    child = await asyncio.create_subprocess_exec(*CHILD, "full", str(path), stdout=subprocess.PIPE)
    output, _ = await child.communicate()
    lines = output.decode().splitlines()
    assert child.returncode == 0
    stored = [line.split()[1] for line in lines if line.startswith("stored")]
    assert len(stored) > 5
    assert lines[-3:] == ["unavailable io", f"readable {len(stored) - 1}", "stored after"]
    async with open_journal(path) as opened:
        assert await opened.stored_ids() == stored


@pytest.mark.skipif(not shutil.which("strace"), reason="strace shows what reaches the disk")
async def test_F2d_02_F3_06_every_answer_comes_after_a_flush(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    tracer = ["strace", "-f", "-e", "trace=fdatasync,fsync,write", "-o", str(trace)]
    child = await asyncio.create_subprocess_exec(
        *tracer, *CHILD, "append", str(tmp_path / "t.journal"), "1", stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    answers = [await child.stdout.readline() for _ in range(5)]
    if not all(answers):
        pytest.skip("this machine lets nobody be traced")
    traced = int(trace_text(trace).split(maxsplit=1)[0])
    os.kill(traced, signal.SIGKILL)
    await child.communicate()
    flushed = 0
    order = []
    for line in trace_text(trace).splitlines():
        if "sync(" in line or "sync resumed" in line:
            flushed += line.rstrip().endswith("= 0")
        elif 'write(1, "' in line:
            order.append(flushed)
            flushed = 0
    assert len(order) >= len(answers)
    assert all(order)


def trace_text(trace: Path) -> str:
    return trace.read_text()


@pytest.mark.parametrize("events", [1, MAX_GROUP_IN_LOOP + 1], ids=["in the loop", "in the thread"])
async def test_F2c_02_a_transaction_that_cannot_begin_keeps_nobody_waiting(
    tmp_path: Path, events: int
) -> None:
    may_begin = True

    def allow(action: int, what: str | None, *_: str | None) -> int:
        is_denied = action == sqlite3.SQLITE_TRANSACTION and what == "BEGIN" and not may_begin
        return sqlite3.SQLITE_DENY if is_denied else sqlite3.SQLITE_OK

    async with open_journal(tmp_path / "t.journal") as opened, asyncio.timeout(30):
        await opened.database.writer.run(lambda connection: connection.set_authorizer(allow))
        may_begin = False
        with pytest.raises(JournalUnavailable):
            await opened.append(*(event(f"no{n}") for n in range(events)))
        assert opened.journal.waiting_events == 0
        may_begin = True
        assert (await opened.append(event("yes")))[0].seq == 1


async def test_F2c_02_locked_by_another_process_waits_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_journal(path) as opened, asyncio.TaskGroup() as group:
        await opened.append(event("before"))
        # The five seconds are SQLite's; they need not pass here.
        await opened.database.writer.run(lambda connection: connection.execute("PRAGMA busy_timeout = 100"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        task = group.create_task(opened.append(event("waits")))
        turns = 0
        while opened.database.writer.failures[Trouble.LOCKED] < 3:
            await asyncio.sleep(0.005)
            turns += 1
        assert turns > 10, "who waited on the loop's thread would leave it one turn a failure"
        assert not task.done()
        assert opened.database.writer.trouble is Trouble.LOCKED
        other.execute("ROLLBACK")
        other.close()
        assert (await task)[0].seq == 2
        assert await opened.stored_ids() == ["before", "waits"]
