"""Section 2c of docs/faults.md, with the whole service as a process of its own and its files on a real disk.

``LOCKED_S=30 pytest`` of this file holds the file as long as the catalogue says.
"""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.process import ServiceProcess, command, environment, serving
from tests.contract.rig import told
from tests.support.dashboard import DashboardClient, open_dashboard
from tests.support.service import run_service, settings_for_tests, until

LOCKED_S = float(os.environ.get("LOCKED_S", "1.5"))
PATIENCE_S = 30.0
TEXT = {"text": "x" * 1_500}
NO_END = resource.RLIM_INFINITY
FLUSH_S = 0.6
PAGE_BYTES = 4096


@asynccontextmanager
async def asking(process: ServiceProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=process.base_url, trust_env=False, timeout=LOCKED_S + PATIENCE_S
    ) as http:
        yield http


def clicks(prefix: str, count: int) -> list[dict[str, Any]]:
    return [
        {"type": "click", "sessionId": "s", "id": f"{prefix}-{n}", "page": f"/{prefix}", "metadata": TEXT}
        for n in range(count)
    ]


async def answers(http: httpx.AsyncClient, path: str, status: int) -> bool:
    return (await http.get(path)).status_code == status


def let_files_grow_to(process: ServiceProcess, size_bytes: int) -> None:
    """Let no file of the process become larger: for it the disk is full."""
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (size_bytes, NO_END))


async def test_F2c_01_F3_05_a_full_disk_is_503_and_told_and_is_over_without_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, "limits.ingest_per_second=0") as process:
        async with asking(process) as http, open_dashboard(process.socket_url) as dashboard:
            kept = [clicks("before", 20)]
            assert (await http.post("/api/events", json=kept[0])).status_code == 201
            log_bytes = (tmp_path / "tracker.journal-wal").stat().st_size
            let_files_grow_to(process, log_bytes + 200_000)
            for number in range(1_000):
                events = clicks(f"n{number}", 20)
                answer = await http.post("/api/events", json=events)
                if answer.status_code != 201:
                    break
                kept.append(events)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1
            # A log that begins anew finds some space in its own file; from now on it does not.
            let_files_grow_to(process, PAGE_BYTES)
            refused = [events]
            for number in range(15):
                refused.append(clicks(f"r{number}", 1))
                assert (await http.post("/api/events", json=refused[-1])).status_code == 503
            ready = await http.get("/ready")
            assert ready.status_code == 503
            assert "store" in {fault["field"] for fault in ready.json()["errors"]}
            assert await told(http, "store_commit_failures_total") >= 1
            assert (await http.get("/health")).status_code == 200
            assert set(await rows(http)) == {"s"}, "the table goes on"
            await dashboard.wait_for(partial(shows, kept[-1][0]["page"]), PATIENCE_S)
            let_files_grow_to(process, NO_END)
            freed_s = time.monotonic()
            after = clicks("after", 1)

            async def is_taken() -> bool:
                return (await http.post("/api/events", json=after)).status_code in (200, 201)

            await until(is_taken, PATIENCE_S)
            await until(partial(answers, http, "/ready", 200), PATIENCE_S)
            print(f"{len(kept)} arrays were stored; ready {time.monotonic() - freed_s:.1f} s after the disk")
            for events in [*kept, after]:
                data = (await http.post("/api/events", json=events)).json()["data"]
                assert (data["duplicates"], data["accepted"]) == (len(events), 0), (
                    "what was answered is there"
                )
            for events in refused:
                data = (await http.post("/api/events", json=events)).json()["data"]
                assert (data["duplicates"], data["accepted"]) == (0, len(events)), "and nothing else"
            await until(partial(history_has, http, sum(map(len, [*kept, after, *refused]))), PATIENCE_S)
            await dashboard.wait_for(partial(shows, "/r14"), PATIENCE_S)
    text = process.log.read_text()
    assert "Traceback" not in text
    assert text.count("the journal cannot be written") == text.count("the journal can be written again") > 0
    assert text.count("the journal cannot be written") <= 10, "said when it changes, not at each request"


def shows(path: str, seen: DashboardClient) -> bool:
    return seen.rows.get("s", {}).get("currentPage") == path


async def rows(http: httpx.AsyncClient) -> dict[str, Any]:
    data = (await http.get("/api/visitors")).json()["data"]
    return {row["sessionId"]: row for row in data["visitors"]}


async def history_has(http: httpx.AsyncClient, count: int) -> bool:
    answer = await http.get("/api/analytics/totals")
    return answer.status_code == 200 and answer.json()["data"]["totalEvents"] == count


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("service")) as started:
        yield started


async def test_F2c_02_a_file_that_another_process_holds_is_waited_for_and_nothing_is_lost(
    process: ServiceProcess,
) -> None:
    async with asking(process) as http, asyncio.TaskGroup() as tasks:
        assert (await http.post("/api/events", json=clicks("free", 1))).status_code == 201
        with holding(process.log.parent / "tracker.journal"):
            held_s = time.monotonic()
            posts = [
                tasks.create_task(http.post("/api/events", json=clicks(f"held{n}", 1))) for n in range(9)
            ]
            slowest_s = 0.0
            while time.monotonic() - held_s < LOCKED_S:
                began_s = time.monotonic()
                assert (await http.get("/health")).status_code == 200
                assert set(await rows(http)) == {"s"}
                assert (await http.get("/api/analytics/events")).status_code == 200
                slowest_s = max(slowest_s, time.monotonic() - began_s)
                await asyncio.sleep(0.05)
            assert not any(post.done() for post in posts), "nothing is answered that is not stored"
        assert [(await post).status_code for post in posts] == [201] * 9
        await until(partial(history_has_pages, http, {"/free", *(f"/held{n}" for n in range(9))}), PATIENCE_S)
        await until(partial(answers, http, "/ready", 200), PATIENCE_S)
    # The lock is waited for 5 s at a time; who asks does not wait for it.
    assert slowest_s < 4
    assert "Traceback" not in process.log.read_text()


@contextmanager
def holding(file: Path) -> Iterator[None]:
    """Keep others from writing to the database, as a backup program or a shell may."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read(); c.execute('ROLLBACK')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.communicate("", timeout=PATIENCE_S)


async def history_has_pages(http: httpx.AsyncClient, pages: set[str]) -> bool:
    """Whether each of ``pages`` has been seen exactly once."""
    items = (await http.get("/api/analytics/top/page", params={"limit": 100})).json()["data"]["items"]
    counts = {item["value"]: item["events"] for item in items if item["value"] in pages}
    return counts == dict.fromkeys(pages, 1)


async def used_store(folder: Path) -> None:
    """Leave in ``folder`` the files of a service that has run."""
    url = f"duckdb:{folder / 'tracker.duckdb'}"
    async with run_service(settings_for_tests(store__url=url)) as service:
        for number in range(10):
            assert (await service.post(clicks(f"e{number}", 20))).status_code == 201


async def test_F2c_04_a_damaged_file_ends_the_start_and_stays_as_it_is(tmp_path: Path) -> None:
    await used_store(tmp_path / "used")
    whole = (tmp_path / "used" / "tracker.journal").read_bytes()
    damages = {
        "tracker.journal": whole[:4096] + b"\xa5" * 4096 + whole[8192:],
        "tracker.duckdb": b"",
    }
    async with asyncio.TaskGroup() as tasks:
        for name, content in damages.items():
            folder = tmp_path / name.replace(".", "-")
            shutil.copytree(tmp_path / "used", folder)
            (folder / name).write_bytes(content)
            tasks.create_task(asyncio.to_thread(is_refused, folder / name))


def is_refused(damaged: Path) -> None:
    before = damaged.read_bytes()
    ended = subprocess.run(
        command("server.port=0", f"store.url=duckdb:{damaged.parent / 'tracker.duckdb'}"),
        capture_output=True,
        text=True,
        cwd=damaged.parent,
        env=environment(),
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout.startswith("error: ")
    assert damaged.name in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert damaged.read_bytes() == before


async def test_F2c_05_a_disk_that_flushes_slowly_delays_answers_and_nothing_else(
    process: ServiceProcess,
) -> None:
    with slow_flushes(process):
        async with asking(process) as http, asyncio.TaskGroup() as tasks:
            began_s = time.monotonic()
            posts = [
                tasks.create_task(http.post("/api/events", json=clicks(f"slow{n}", 1))) for n in range(40)
            ]
            await asyncio.sleep(0.05)
            asked_s = time.monotonic()
            assert (await http.get("/health")).status_code == 200
            assert (await http.get("/ready")).status_code == 200
            assert (await http.get("/api/visitors")).status_code == 200
            asked_s = time.monotonic() - asked_s
            assert {(await post).status_code for post in posts} == {201}
            took_s = time.monotonic() - began_s
    async with asking(process) as http:
        await until(partial(history_has_pages, http, {f"/slow{n}" for n in range(40)}), PATIENCE_S)
    print(f"40 events at {FLUSH_S} s a flush: {took_s:.1f} s; others waited {asked_s:.3f} s")
    assert took_s > FLUSH_S
    assert took_s < 40 * FLUSH_S / 2, "who waits together shares a flush"
    assert asked_s < PATIENCE_S / 3


@contextmanager
def slow_flushes(process: ServiceProcess) -> Iterator[None]:
    """Let every flush of the process take ``FLUSH_S`` longer, as on a disk in trouble."""
    if not shutil.which("strace"):
        pytest.skip("strace is what makes the disk slow")
    late = f"inject=fsync,fdatasync:delay_enter={int(FLUSH_S * 1e6)}"
    words = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", late, "-o", "/dev/null"]
    with subprocess.Popen([*words, "-p", str(process.popen.pid)], stderr=subprocess.PIPE) as tracer:
        try:
            while not is_traced(process):
                if tracer.poll() is not None:
                    pytest.skip("this machine lets nobody be traced")
                time.sleep(0.01)
            yield
        finally:
            tracer.terminate()


def is_traced(process: ServiceProcess) -> bool:
    tasks = Path(f"/proc/{process.popen.pid}/task")
    return all("TracerPid:\t0\n" not in (task / "status").read_text() for task in tasks.iterdir())
