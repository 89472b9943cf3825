"""The process that soaks: killed, started again on the same store, and weighed."""

import asyncio
import signal
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import httpx
import psutil

from tests.contract.process import ServiceProcess, serving
from tests.contract.soak_memory import Growth, Sample, growth
from tests.support.fault_proxy import FaultProxy

SAMPLE_EVERY_S = 2.0


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
        self._context = serving(self._folder, *self._settings, PYTHONMALLOC="malloc")
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

    async def sample(self, http: httpx.AsyncClient) -> Sample | None:
        """Look at the process; ``None`` when there is none just now."""
        life, age_s = self.number, time.monotonic() - self.started_s
        with suppress(psutil.Error, httpx.TransportError):
            answer = await http.get(f"{self.process.base_url}/api/status")
            status = answer.raise_for_status().json()["data"]
            process = psutil.Process(self.process.popen.pid)
            return Sample(
                life,
                age_s,
                process.memory_info().rss,
                sum(part.rss for part in process.memory_maps() if part.path == "[heap]"),
                process.num_fds(),
                status["core"]["endedSessions"],
                status["lookups"]["cached"],
            )
        return None

    async def watch(self) -> None:
        """Weigh the process again and again, for ever."""
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                sample = await self.sample(http)
                if sample is not None and sample.life == self.number:
                    self.samples.append(sample)
                await asyncio.sleep(SAMPLE_EVERY_S)

    def growth(self) -> Growth:
        """Of the last process."""
        return growth([sample for sample in self.samples if sample.life == self.number])

    def open_files(self) -> tuple[int, int]:
        """The most in the first half of the last life, and how many there are now."""
        samples = [sample for sample in self.samples if sample.life == self.number]
        most = max(sample.open_files for sample in samples[: len(samples) // 2 + 1])
        return most, psutil.Process(self.process.popen.pid).num_fds()
