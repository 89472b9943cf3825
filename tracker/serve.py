"""``tracker serve``: from the settings to a running service and its exit status."""

import asyncio
import ctypes
import gc
import logging
import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import uvloop

from tracker import logs, operator_token
from tracker.accounts import mode_in
from tracker.clock import SystemClock
from tracker.http.access import Gate
from tracker.http.clients import ClientAddresses
from tracker.http.protocol import LimitedProtocol, RequestLimits
from tracker.http.short_way import short_way_protocol
from tracker.open_files import raise_limit
from tracker.server import AddressTaken, Server, listen
from tracker.settings import Settings, SettingsError
from tracker.store.errors import StoreError
from tracker.wiring import Service, running

log = logging.getLogger(__name__)

FOR_THE_OWNER = 0o077

M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
MAPPED_FROM_BYTES = 128 * 1024
HEAPS = 2


def serve(settings: Settings, say: Callable[[str], None]) -> int:
    """Run until SIGINT or SIGTERM and return the exit status.

    ``say`` gets the address that it listens on, or why it does not start.
    """
    logs.configure()
    tune_allocator()
    raise_limit()
    try:
        # Nothing may listen where it would be open to all.
        mode_in(settings)
        listener = listen(settings.server.host, settings.server.port)
    except SettingsError as error:
        return _refuse(error, say)
    except AddressTaken as taken:
        say(f"error: {taken}; choose another one with --set server.port=...")
        return 1
    # The history's library asks for no mode of its own: its log of changes would be readable for all.
    os.umask(FOR_THE_OWNER)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, listener, say))
    except SettingsError as error:
        return _refuse(error, say)
    except StoreError as error:
        say(f"error: {error}")
        return 1
    finally:
        listener.close()
        # What stays frozen at the end of the process is reported as leaked by the store's library.
        gc.unfreeze()
    return 0


async def _serve(settings: Settings, listener: socket.socket, say: Callable[[str], None]) -> None:
    async with running(settings, SystemClock(), random.Random()) as service:
        host, port = listener.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

        def tell_where() -> None:
            say(f"tracker listening on {url}")
            if service.setup_token is not None:
                link = f"{_reachable(host, port)}/#setup={service.setup_token}"
                say(f"make the administrator's account, within 24 hours: {link}")

        server = Server(service.app, tell_where, on_exit=service.stop, http=_protocol(service))
        tune_garbage_collection()
        tune_threads()
        with _commands_welcome(service.gate, settings, url):
            await server.serve(sockets=[listener])


@contextmanager
def _commands_welcome(gate: Gate, settings: Settings, url: str) -> Iterator[None]:
    """Leave the file by which the commands of this machine reach the service."""
    path = operator_token.path_of(settings.store)
    if path is None:
        yield
        return
    try:
        gate.trust_operator(operator_token.make(path, url))
    except OSError as error:
        log.warning(
            "%s cannot be written (%s): the commands will not reach the service", path, error.strerror
        )
    try:
        yield
    finally:
        operator_token.remove(path)


def _refuse(error: SettingsError, say: Callable[[str], None]) -> int:
    for fault in error.faults:
        say(f"error: {fault}")
    return 2


def _protocol(service: Service) -> type[LimitedProtocol]:
    settings = service.settings
    limits = RequestLimits(connections_per_address=settings.limits.connections_per_address)
    is_proxy = ClientAddresses(settings.server.trusted_proxies).is_trusted_proxy
    return short_way_protocol(limits, service.app, is_proxy)


def _reachable(host: str, port: int) -> str:
    """Return an address for a browser on this machine, whose cookies need no HTTPS."""
    name = "localhost" if ip_address(host).is_unspecified else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def tune_allocator(library: object | None = None) -> None:
    """Let glibc give back more of what was freed, where the C library is glibc: 10 MB after 100,000 events.

    Each of a dozen threads would have a heap of its own, with holes of its own; and a large block would be
    cut from a heap, once one as large had been freed. Call it before any thread starts.

    ``library``: the C library; ``None`` takes that of this process.
    """
    set_option = getattr(library or ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(M_ARENA_MAX, HEAPS)
        set_option(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)


def tune_threads() -> None:
    """Let a thread that waits for the interpreter have it sooner than after 5 ms.

    The journal's thread waits for it several times in every commit, and answers wait for the commit.
    """
    sys.setswitchinterval(0.002)


def tune_garbage_collection() -> None:
    """Collect the old generation rarely: it holds the live sessions, and walking 100,000 takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
