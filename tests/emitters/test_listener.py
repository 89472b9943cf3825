"""Whoever is let in while the door closes is not forgotten."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from emitters.deanonymizer import Deanonymizer
from emitters.door import Door

AT_ONCE = 5


@contextmanager
def knocking(port: int) -> Iterator[None]:
    """Connections that are made, and that nobody has accepted yet."""
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        yield


@pytest.mark.parametrize("turns", range(5))
async def test_a_listener_that_stops_leaves_no_connection_behind(turns: int) -> None:
    """Warnings are errors: a socket that was left open fails the test."""
    before = asyncio.all_tasks()
    listener = Deanonymizer()
    await listener.start()
    with knocking(listener.port):
        for _ in range(turns):
            await asyncio.sleep(0)
        await listener.stop()
        assert asyncio.all_tasks() == before
    gc.collect()


@pytest.mark.parametrize("turns", range(5))
async def test_a_door_that_closes_leaves_no_connection_behind(turns: int) -> None:
    before = asyncio.all_tasks()
    door = Door("127.0.0.1", 0, None, None, "2", 1 << 20)
    await door.open()
    with knocking(door.port):
        for _ in range(turns):
            await asyncio.sleep(0)
        closing = asyncio.ensure_future(door.close())
        # It would wait for the rest of their handshakes.
        await asyncio.sleep(0.1)
    await closing
    assert asyncio.all_tasks() == before
    gc.collect()


async def test_one_that_is_stopped_twice_has_closed_its_port() -> None:
    listener = Deanonymizer()
    await listener.start()
    stopping = asyncio.ensure_future(listener.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.wait({stopping})
    await listener.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", listener.port)
