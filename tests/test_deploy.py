"""What is in deploy/: the programs as they are run, and files that speak only of what is there."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.process import serving
from tests.support.service import until
from tracker import settings

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PATIENCE_S = 90
BATCH = 20


def run(program: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEPLOY / program, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def events(first: int) -> list[dict[str, Any]]:
    return [
        {"type": "pageview", "sessionId": f"s{number % 50}", "page": "/", "id": f"e{number}"}
        for number in range(first, first + BATCH)
    ]


async def post_until(stopped: asyncio.Event, client: httpx.AsyncClient, stored: list[int]) -> None:
    """Store one batch after the other; ``stored`` gets the first number of each that was acknowledged."""
    number = 0
    while not stopped.is_set():
        answer = await client.post("/api/events", json=events(number))
        assert answer.status_code == 201, answer.text
        stored.append(number)
        number += BATCH


async def test_a_backup_of_a_service_under_load_holds_all_that_was_acknowledged(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    stored: list[int] = []
    stopped = asyncio.Event()
    (tmp_path / "data").mkdir()
    with serving(tmp_path / "data", "limits.ingest_per_second=0") as process:
        async with (
            httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=PATIENCE_S) as client,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(post_until(stopped, client, stored), name="load")
            await until(lambda: len(stored) > 50, within_s=PATIENCE_S)
            before = list(stored)
            done = await asyncio.to_thread(run, "backup.py", tmp_path / "data", copy)
            # It goes on.
            await until(lambda: len(stored) > len(before) + 10, within_s=PATIENCE_S)
            stopped.set()
    assert done.returncode == 0, done.stderr
    assert re.search(r"stood still for [\d.]+ s", done.stdout)
    assert {file.name for file in copy.iterdir()} >= {"tracker.journal", "tracker.duckdb"}
    assert {file.suffix for file in copy.iterdir()}.isdisjoint({".operator", ".lock"})
    with serving(copy, "limits.ingest_per_second=0") as process:
        async with httpx.AsyncClient(
            base_url=process.base_url, trust_env=False, timeout=PATIENCE_S
        ) as client:

            async def total() -> int:
                answer = await client.get("/api/analytics/totals?range=hour")
                return int(answer.json()["data"]["totalEvents"])

            async def is_taken_over() -> bool:
                return await total() >= len(before) * BATCH

            await until(is_taken_over, within_s=PATIENCE_S)
            kept = await total()
            for first in before:
                answer = await client.post("/api/events", json=events(first))
                assert answer.json()["data"]["duplicates"] == BATCH, first
            assert kept <= len(stored) * BATCH
            assert await total() == kept


def test_a_backup_of_a_stopped_store_and_what_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    nothing = run("backup.py", data, tmp_path / "copy")
    assert nothing.returncode == 1
    assert "0 stores" in nothing.stderr
    with serving(data) as process:
        httpx.post(f"{process.base_url}/api/events", json=events(0), trust_env=False)
        process.send(signal.SIGTERM)
        process.popen.wait(PATIENCE_S)
    done = run("backup.py", data, tmp_path / "copy")
    assert done.returncode == 0, done.stderr
    assert "was not running" in done.stdout
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700
    again = run("backup.py", data, tmp_path / "copy")
    assert again.returncode == 1
    assert "there already" in again.stderr
    assert (tmp_path / "copy" / "tracker.journal").exists()
    assert run("backup.py").returncode == 2


def test_a_backup_holds_no_process_but_the_one_that_has_the_store(tmp_path: Path) -> None:
    with serving(tmp_path), subprocess.Popen(["sleep", "60"]) as other:
        try:
            # As it looks from outside of a container, where its numbers mean other processes.
            (tmp_path / "tracker.journal.lock").write_text(f"{other.pid}\n")
            done = run("backup.py", tmp_path, tmp_path / "copy")
            assert done.returncode == 1
            assert "inside its container" in done.stderr
            assert Path(f"/proc/{other.pid}/stat").read_text().split()[2] != "T"
            assert not (tmp_path / "copy").exists()
        finally:
            other.kill()


def test_a_service_goes_on_when_the_copy_fails(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        limited = f"ulimit -f 1; exec {sys.executable} {DEPLOY / 'backup.py'} {tmp_path} {tmp_path / 'copy'}"
        done = subprocess.run(["bash", "-c", limited], capture_output=True, timeout=PATIENCE_S, check=False)
        assert done.returncode != 0
        assert httpx.get(f"{process.base_url}/health", trust_env=False).status_code == 200
        assert not (tmp_path / "copy").exists()


def test_the_health_check_tells_a_service_from_none(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        port = process.base_url.rpartition(":")[2]
        assert run("healthcheck.py", TRACKER_SERVER__PORT=port).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    gone = run("healthcheck.py", TRACKER_SERVER__PORT=port)
    assert (gone.returncode, gone.stderr) == (1, "")


def test_every_setting_that_is_named_exists() -> None:
    assigned = re.compile(r"(TRACKER_[A-Z]+__[A-Z_]+)[=:] *(.+?)(?: \\)?$", re.MULTILINE)
    for name in ("Dockerfile", "compose.yaml", "deploy/tracker.service"):
        found = dict(assigned.findall((ROOT / name).read_text()))
        assert found, name
        settings.load(None, environment={key: value.strip("'\"") for key, value in found.items()})


def test_the_image_copies_what_is_there_and_runs_as_nobody() -> None:
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text()
    sources = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert "requirements/run.txt" in sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}\n" in ignored, source
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", base) for base in bases)
    assert "--require-hashes" in text
    last = text.rpartition("\nFROM")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last


@pytest.mark.parametrize(
    "line",
    [
        "read_only: true",
        "tmpfs: [/tmp]",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
        "mem_limit: 1g",
        "init: true",
        '"127.0.0.1:3000:3000"',
    ],
)
def test_the_composed_service_may_do_little(line: str) -> None:
    assert line in (ROOT / "compose.yaml").read_text()


@pytest.mark.parametrize(
    "line", ["DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "TimeoutStopSec=15"]
)
def test_the_unit_may_do_little(line: str) -> None:
    assert line in (DEPLOY / "tracker.service").read_text().splitlines()
