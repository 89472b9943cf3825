"""A program under measurement: a process of its own that says where it listens."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil


class Program:
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
async def listening(
    *command: str, says: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[str, psutil.Process]]:
    """Run ``command``; give its address and its process; stop it at the end.

    ``says``: what its first line has before the address. ``environment`` goes on top of ours.

    Raises:
        RuntimeError: its first line is another one.
    """
    child = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, env=os.environ | (environment or {})
    )
    try:
        assert child.stdout is not None
        line = (await child.stdout.readline()).decode().strip()
        if not line.startswith(says):
            raise RuntimeError(f"{' '.join(command)} did not start: {line}")
        yield line.removeprefix(says), psutil.Process(child.pid)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()
