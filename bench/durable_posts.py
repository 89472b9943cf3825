"""How many events a second are taken in, stored before each answer, and what one costs."""

import asyncio
import tempfile
import time
from statistics import median

from bench.express import express_echo
from bench.figures import Figure, percentile
from bench.posting import CONNECTIONS, post, post_evenly
from bench.process import MeasuredService, measured_service
from bench.wrk import event, hammer

ROUNDS = 5
ROUND_S = 4
ARRAY = 500
ARRAY_CALLERS = 4
ARRAYS_S = 10.0
OPEN_RATE = 1_000.0
OPEN_S = 15.0
STORED = 2_000_000
COST_EVENTS = 5_000


async def measure(stored: int = STORED) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        store = f"store.url=duckdb:{folder}/tracker.duckdb"
        async with measured_service(store, "limits.ingest_per_second=0") as service:
            figures = await _against_express(service)
            figures += await _arrays(service)
            figures += await _open_loop(service)
    with tempfile.TemporaryDirectory() as folder:
        store = f"store.url=duckdb:{folder}/tracker.duckdb"
        async with measured_service(store, "limits.ingest_per_second=0") as service:
            figures += await _growth(service, stored)
    return figures


async def _against_express(service: MeasuredService) -> list[Figure]:
    """Rounds of both in turn, since a shared machine is not equally fast for long."""
    ours, theirs, costs_us = [], [], []
    async with express_echo() as express:
        for url in filter(None, (service.base_url, express)):
            await hammer(url, 2)
        for _ in range(ROUNDS):
            cpu_s = service.cpu_s
            ours.append((await hammer(service.base_url, ROUND_S)).rate)
            costs_us.append((service.cpu_s - cpu_s) / (ours[-1] * ROUND_S) * 1e6)
            if express:
                theirs.append((await hammer(express, ROUND_S)).rate)
    target = f"{CONNECTIONS} connections"
    figures = [
        Figure("posting: durable events, one a request", median(ours), "events/s", target),
        Figure("posting: processor time an event", median(costs_us), "µs"),
    ]
    if theirs:
        ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
        figures += [
            Figure("posting: Express 4 that stores nothing", median(theirs), "requests/s", target),
            Figure("posting: the service over Express, median", median(ratios), "×", "≥ 1"),
        ]
    return figures


async def _arrays(service: MeasuredService) -> list[Figure]:
    rate, cost_us = await _post_arrays(service, int(ARRAYS_S * 25_000))
    return [
        Figure(f"posting: events in arrays of {ARRAY}", rate, "events/s", "≥ 25,000"),
        Figure(f"posting: processor time an event in arrays of {ARRAY}", cost_us, "µs"),
    ]


async def _post_arrays(service: MeasuredService, events: int) -> tuple[float, float]:
    """Return events a second and microseconds of the service's processor time an event."""
    bodies = [
        b"[" + b",".join(event(first + number) for number in range(ARRAY)) + b"]"
        for first in range(0, 40 * ARRAY, ARRAY)
    ]
    numbers = iter(range(events // ARRAY))
    began_s, cpu_s = time.monotonic(), service.cpu_s

    async def drive() -> None:
        async with post(service.base_url) as send:
            for number in numbers:
                await send(bodies[number % len(bodies)])

    await asyncio.gather(*(drive() for _ in range(ARRAY_CALLERS)))
    return events / (time.monotonic() - began_s), (service.cpu_s - cpu_s) / events * 1e6


async def _open_loop(service: MeasuredService) -> list[Figure]:
    _, answers_ms = await post_evenly(service.base_url, OPEN_RATE, OPEN_S, event)
    name = f"posting: due to answered at {OPEN_RATE:,.0f} events/s"
    return [
        Figure(f"{name}, p50", percentile(answers_ms, 0.5), "ms"),
        Figure(f"{name}, p99", percentile(answers_ms, 0.99), "ms", "≤ 50"),
    ]


async def _growth(service: MeasuredService, stored: int) -> list[Figure]:
    await _cost_us(service)
    before_us = [await _cost_us(service) for _ in range(3)]
    await _post_arrays(service, stored)
    await _cost_us(service)
    after_us = [await _cost_us(service) for _ in range(3)]
    return [
        Figure("posting: processor time an event, empty store", median(before_us), "µs"),
        Figure(f"posting: the same with {stored:,} events", median(after_us), "µs"),
        Figure("posting: growth of the cost", median(after_us) / median(before_us), "×", "≤ 1.3"),
    ]


async def _cost_us(service: MeasuredService) -> float:
    cpu_s = service.cpu_s
    await post_evenly(service.base_url, OPEN_RATE, COST_EVENTS / OPEN_RATE, event)
    return (service.cpu_s - cpu_s) / COST_EVENTS * 1e6
