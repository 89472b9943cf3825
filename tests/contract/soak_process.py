"""The process that soaks: killed, started again on the same store, and weighed."""

import asyncio
import signal
import statistics
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.contract.process import ServiceProcess, serving
from tests.support.fault_proxy import FaultProxy

SAMPLE_EVERY_S = 2.0


class Sample(NamedTuple):
    life: int
    age_s: float
    rss_bytes: int
    open_files: int


class Lives:
    """The service, started again and again on one store; proxies lead to the one that runs."""

    def __init__(
        self, folder: Path, settings: tuple[str, ...], door: FaultProxy, screens: FaultProxy
    ) -> None:
        self.number = 0
        self.longest_start_s = 0.0
        self.samples: list[Sample] = []
        self.started_s = 0.0
        self._folder = folder
        self._settings = settings
        self._door = door
        self._screens = screens
        self._context: AbstractContextManager[ServiceProcess] | None = None

    @property
    def is_running(self) -> bool:
        return not self._door.resets

    async def start(self) -> None:
        began_s = time.monotonic()
        self._context = serving(self._folder, *self._settings)
        # It waits for the first line that the process says.
        self.process = await asyncio.to_thread(self._context.__enter__)
        self.started_s = time.monotonic()
        self.longest_start_s = max(self.longest_start_s, self.started_s - began_s)
        self.number += 1
        self._door.target = self.process.base_url
        self._screens.target = self.process.socket_url
        self._door.resets = self._screens.resets = False

    async def kill(self) -> None:
        if self._context is None:
            return
        # Another program may get the port that is free now.
        self._door.resets = self._screens.resets = True
        self.process.send(signal.SIGKILL)
        await self.process.exit_status()
        context, self._context = self._context, None
        context.__exit__(None, None, None)

    def sample(self) -> Sample | None:
        """Look at the process; ``None`` when there is none just now."""
        with suppress(psutil.Error):
            process = psutil.Process(self.process.popen.pid)
            age_s = time.monotonic() - self.started_s
            return Sample(self.number, age_s, process.memory_info().rss, process.num_fds())
        return None

    async def watch(self) -> None:
        """Weigh the process again and again, for ever."""
        while True:
            if sample := self.sample():
                self.samples.append(sample)
            await asyncio.sleep(SAMPLE_EVERY_S)

    def memory_mb_per_hour(self) -> float:
        """How fast the last process grew, its first third left out (300 s at the most)."""
        samples = [sample for sample in self.samples if sample.life == self.number]
        warm_s = min(300.0, samples[-1].age_s / 3)
        warm = [sample for sample in samples if sample.age_s >= warm_s]
        line = statistics.linear_regression(
            [sample.age_s for sample in warm], [float(sample.rss_bytes) for sample in warm]
        )
        return line.slope * 3600 / 1e6

    def open_files(self) -> tuple[int, int]:
        """The most in the first half of the last life, and how many there are now."""
        samples = [sample for sample in self.samples if sample.life == self.number]
        now = self.sample()
        assert now is not None
        return max(sample.open_files for sample in samples[: len(samples) // 2 + 1]), now.open_files
