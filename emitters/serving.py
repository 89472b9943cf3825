"""How each program begins and ends: one line when it is ready, a clear word when it cannot be."""

import asyncio
import errno
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn, Protocol


class Stand(Protocol):
    """A server among the emitters."""

    host: str
    port: int

    @property
    def url(self) -> str: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def wait(self) -> None: ...


def say(line: str) -> None:
    """Print a line at once: whoever started this program may wait for it."""
    print(line, flush=True)


async def announce(line: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Say ``line``, then do ``work``: by then a signal, which the reader may send, ends it in good order."""
    say(line)
    await work()


async def serve(name: str, stand: Stand) -> None:
    """Serve until cancelled. The first line on stdout says where."""
    try:
        await stand.start()
    except OSError as error:
        refuse(stand, error)
    try:
        say(f"{name} listening on {stand.url}")
        await stand.wait()
    finally:
        await stand.stop()


def refuse(stand: Stand, error: OSError) -> NoReturn:
    """Say in one line why the address cannot be used, and exit with 1."""
    if error.errno == errno.EADDRINUSE:
        reason = (
            f"Port {stand.port} on {stand.host} is taken: end the program that uses it, "
            "or give another with --port (0 takes any free one)."
        )
    else:
        reason = f"Cannot listen on {stand.host}, port {stand.port}: {error.strerror or error}."
    print(reason, file=sys.stderr)
    raise SystemExit(1)


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` until it ends or SIGINT or SIGTERM arrives, which is a good end."""
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_until_signal(work))


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    # Windows has no signal handlers on loops; there, KeyboardInterrupt ends the run.
    with suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await work
