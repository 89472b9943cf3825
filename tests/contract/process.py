"""The service as a process of its own, for what only a signal can show."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0


class ServiceProcess(NamedTuple):
    """One running ``tracker serve``."""

    popen: subprocess.Popen[str]
    base_url: str
    log: Path

    @property
    def socket_url(self) -> str:
        return self.base_url.replace("http", "ws", 1) + "/ws"

    def send(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    async def exit_status(self, within_s: float = DEADLINE_S) -> int:
        """Wait until it has ended; -9 for one that was killed."""
        return await asyncio.to_thread(self.popen.wait, within_s)


def command(*settings: str) -> list[str]:
    assignments = [argument for setting in settings for argument in ("--set", setting)]
    return [sys.executable, "-m", "tracker", "serve", *assignments]


def environment(**variables: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    return clean | {"PYTHONPATH": str(ROOT)} | variables


@contextmanager
def serving(folder: Path, *settings: str, **variables: str) -> Iterator[ServiceProcess]:
    """Start the service on a free port with its store in ``folder``; kill it at the end if it lives.

    ``variables``: of its environment.
    """
    defaults = (
        "server.port=0",
        f"store.url=duckdb:{folder / 'tracker.duckdb'}",
        *(f"{part}.enabled=false" for part in ("upstream", "deanonymizer") if not _names(part, settings)),
    )
    log = folder / "service.log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            command(*defaults, *settings),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            env=environment(**variables),
        ) as popen,
    ):
        assert popen.stdout is not None
        try:
            first_line = popen.stdout.readline()
            assert first_line.startswith("tracker listening on http://"), first_line + log.read_text()
            yield ServiceProcess(popen, first_line.split()[-1], log)
        finally:
            popen.kill()


def _names(part: str, settings: tuple[str, ...]) -> bool:
    return any(setting.startswith(f"{part}.url=") for setting in settings)
