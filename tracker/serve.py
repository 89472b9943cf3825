"""``tracker serve``: from the settings to a running service and its exit status."""

import asyncio
import gc
import random
import socket
from collections.abc import Callable
from ipaddress import ip_address

import uvloop

from tracker import logs
from tracker.clock import SystemClock
from tracker.server import AddressTaken, Server, listen
from tracker.settings import Settings
from tracker.store.errors import StoreError
from tracker.wiring import running


def serve(settings: Settings, say: Callable[[str], None]) -> int:
    """Run until SIGINT or SIGTERM and return the exit status.

    ``say`` gets the address that it listens on, or why it does not start.
    """
    logs.configure()
    if needs_access_control(settings):
        say(
            "error: auth.mode: access control is not built yet, so the service listens on loopback only;"
            " set server.host=127.0.0.1 and put a proxy with a login in front of it"
        )
        return 2
    try:
        listener = listen(settings.server.host, settings.server.port)
    except AddressTaken as taken:
        say(f"error: {taken}; choose another one with --set server.port=...")
        return 1
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, listener, say))
    except StoreError as error:
        say(f"error: {error}")
        return 1
    finally:
        # What stays frozen at the end of the process is reported as leaked by the store's library.
        gc.unfreeze()
    return 0


async def _serve(settings: Settings, listener: socket.socket, say: Callable[[str], None]) -> None:
    async with running(settings, SystemClock(), random.Random()) as service:
        server = Server(service.app, on_exit=service.stop)
        tune_garbage_collection()
        host, port = listener.getsockname()[:2]
        say(f"tracker listening on http://{f'[{host}]' if ':' in host else host}:{port}")
        await server.serve(sockets=[listener])


def needs_access_control(settings: Settings) -> bool:
    if settings.auth.mode == "auto":
        return not is_loopback(settings.server.host)
    return settings.auth.mode == "required" or not is_loopback(settings.server.host)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def tune_garbage_collection() -> None:
    """Collect the old generation rarely: it holds the live sessions, and walking 100,000 takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
