"""As many single events as a program answers: wrk, or our own client where wrk is not there."""

import asyncio
import json
import re
import shutil
import time
from itertools import count
from pathlib import Path
from typing import NamedTuple

from bench.posting import CONNECTIONS, post

SCRIPT = Path(__file__).parent / "events.lua"


class Answered(NamedTuple):
    rate: float
    """Requests a second that were answered with success."""
    requests: int
    """Answered so in all; up to one more for each connection was under way at the end."""


async def hammer(base_url: str, seconds: int, connections: int = CONNECTIONS) -> Answered:
    """POST single events, each connection its next one when it has its answer.

    Raises:
        RuntimeError: an answer was no success, or none came.
    """
    if not shutil.which("wrk"):
        return await _own(base_url, seconds, connections)
    wrk = await asyncio.create_subprocess_exec(
        *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=30s", "-s", str(SCRIPT), base_url),
        stdout=asyncio.subprocess.PIPE,
    )
    report = (await wrk.communicate())[0].decode()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    answered = re.search(r"(\d+) requests in ", report)
    if "Non-2xx" in report or "Socket errors" in report or not rate or not answered:
        raise RuntimeError(f"not every POST to {base_url} was answered with success:\n{report}")
    return Answered(float(rate[1]), int(answered[1]))


async def _own(base_url: str, seconds: float, connections: int) -> Answered:
    """The same with our own client, which shares the processor: figures are lower then."""
    began_s = time.monotonic()
    numbers = count()

    async def drive() -> int:
        answered = 0
        async with post(base_url) as send:
            while time.monotonic() < began_s + seconds:
                await send(event(next(numbers)))
                answered += 1
        return answered

    answered = sum(await asyncio.gather(*(drive() for _ in range(connections))))
    return Answered(answered / (time.monotonic() - began_s), answered)


def event(number: int) -> bytes:
    """As events.lua makes them."""
    event = {
        "type": "pageview",
        "sessionId": f"s{number % 500}",
        "page": f"/p{number % 50}",
        "country": "DE",
        "metadata": {"device": "mobile"},
    }
    return json.dumps(event).encode()
