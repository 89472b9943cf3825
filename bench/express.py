"""What the service is compared with: programs of bench/express, installed into a temporary folder."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

PROGRAMS = Path(__file__).parent / "express"
READY = "listening on "


class NodeProgram:
    """A program that runs: where it listens and what it takes of the machine."""

    def __init__(self, base_url: str, process: psutil.Process) -> None:
        self.base_url = base_url
        self._process = process

    @property
    def rss_bytes(self) -> int:
        return int(self._process.memory_info().rss)

    @property
    def cpu_s(self) -> float:
        """Processor time of the process so far, all threads."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def installed_programs() -> AsyncIterator[Path | None]:
    """Give the folder with the programs and what they need; ``None`` without node, npm or a registry."""
    if not (shutil.which("node") and shutil.which("npm")):
        print("node and npm are not there: Express is not measured")
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
        install = await asyncio.create_subprocess_exec(
            *("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"),
            cwd=folder,
            stdout=asyncio.subprocess.DEVNULL,
        )
        if await install.wait():
            print("Express cannot be installed: it is not measured")
            yield None
            return
        yield Path(folder)


@asynccontextmanager
async def node_program(folder: Path, script: str, **environment: str) -> AsyncIterator[NodeProgram]:
    """Run ``script`` of an installed folder; stop it at the end."""
    child = await asyncio.create_subprocess_exec(
        *("node", script),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"NODE_ENV": "production"} | environment,
    )
    try:
        assert child.stdout is not None
        line = (await child.stdout.readline()).decode().strip()
        if not line.startswith(READY):
            raise RuntimeError(f"{script} did not start: {line}")
        yield NodeProgram(line.removeprefix(READY), psutil.Process(child.pid))
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


@asynccontextmanager
async def express_echo() -> AsyncIterator[str | None]:
    """Run a bare Express 4 that echoes events and give its address; ``None`` where it cannot be installed."""
    async with installed_programs() as folder:
        if folder is None:
            yield None
            return
        async with node_program(folder, "echo.mjs") as program:
            yield program.base_url
