"""The sender of an open loop, in a process of its own: ``python -m bench.poster``.

It obeys lines of JSON: ``{"url", "rate" (events a second), "seconds", "array" (events a body), "connections",
"first" (number of the first event)}``. The answer is an :class:`Outcome`.
"""

import asyncio
import time
from typing import Any, NamedTuple

import uvloop

from bench.child import answer, orders
from bench.figures import percentile
from bench.posting import post_open_loop

SENT = 0.97
LATE_S = 0.5
VISITORS = 300
PAGES = 40
EVENT = (
    b'{"id":"bench-%d","type":"pageview","sessionId":"visitor-%d","page":"/page/%d","country":"DE",'
    b'"metadata":{"device":"mobile"}}'
)


class Outcome(NamedTuple):
    accepted: int
    """Events whose answer was a success."""
    sent: int
    unknown: int
    """Events on connections that the program ended before it answered."""
    began_s: float
    achieved: float
    """Accepted events a second; to the last answer where it does not keep up."""
    keeps_up: bool
    """Nearly all could be sent in time, and the last answers came soon after."""
    p50_ms: float
    """From due to answered."""
    p99_ms: float
    cpu_us: float
    """Processor time of the sender, an event."""


def event(number: int) -> bytes:
    return EVENT % (number, number % VISITORS, number % PAGES)


async def _obey(order: dict[str, Any]) -> Outcome:
    array, first = order["array"], order["first"]

    def body(number: int) -> bytes:
        if array == 1:
            return event(first + number)
        start = first + number * array
        return b"[" + b",".join(map(event, range(start, start + array))) + b"]"

    cpu_s = time.process_time()
    posted = await post_open_loop(
        order["url"], order["rate"] / array, order["seconds"], body, order["connections"]
    )
    accepted = len(posted.answers_ms) * array
    late_s = max(0.0, posted.took_s - order["seconds"])
    is_complete = accepted >= SENT * order["rate"] * order["seconds"] and not posted.unanswered
    keeps_up = is_complete and late_s <= LATE_S
    return Outcome(
        accepted,
        posted.sent * array,
        posted.unanswered * array,
        posted.began_s,
        accepted / (order["seconds"] + (0.0 if keeps_up else late_s)),
        keeps_up,
        percentile(posted.answers_ms or [0.0], 0.5),
        percentile(posted.answers_ms or [0.0], 0.99),
        (time.process_time() - cpu_s) / max(1, accepted) * 1e6,
    )


async def main() -> None:
    async for order in orders():
        try:
            answer(**(await _obey(order))._asdict())
        except (RuntimeError, OSError) as error:
            answer(failed=f"POST: {error}")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
