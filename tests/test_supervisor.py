import asyncio

import pytest

from tests.support.clock import FakeClock
from tracker.supervisor import (
    FAILING_RESTARTS,
    FAILING_WITHIN_S,
    Part,
    Supervisor,
)


async def run_until(over: asyncio.Event, supervisor: Supervisor, **parts: Part) -> None:
    async with asyncio.timeout(15), asyncio.TaskGroup() as group:
        running = group.create_task(supervisor.run(parts))
        await over.wait()
        running.cancel()


class Pauses:
    """Stands in for sleeping: keeps how long it should have been."""

    def __init__(self) -> None:
        self.lengths_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.lengths_s.append(seconds)
        await asyncio.sleep(0)


async def test_F2d_05_a_part_that_dies_is_started_again_within_a_second_and_the_others_run_on() -> None:
    supervisor = Supervisor(FakeClock())
    again = asyncio.Event()
    steady_runs = 0
    broken_runs = 0

    async def steady() -> None:
        nonlocal steady_runs
        steady_runs += 1
        await asyncio.Event().wait()

    async def broken() -> None:
        nonlocal broken_runs
        broken_runs += 1
        if broken_runs == 1:
            raise ValueError("injected")
        again.set()
        await asyncio.Event().wait()

    await run_until(again, supervisor, steady=steady, broken=broken)
    assert (steady_runs, broken_runs) == (1, 2)
    assert supervisor.restarts == {"broken": 1}
    assert supervisor.failing == []


async def test_F2d_05_however_often_a_part_dies_it_is_started_within_a_second_and_not_at_once() -> None:
    pauses = Pauses()
    supervisor = Supervisor(FakeClock(), pauses)
    enough = asyncio.Event()

    async def broken() -> None:
        if len(pauses.lengths_s) == 3 * FAILING_RESTARTS:
            enough.set()
            await asyncio.Event().wait()
        raise ValueError("injected")

    await run_until(enough, supervisor, broken=broken)
    assert pauses.lengths_s == sorted(pauses.lengths_s)
    assert 0.05 <= pauses.lengths_s[0] < pauses.lengths_s[-1] <= 1


async def test_F2d_05_five_deaths_within_a_minute_make_the_part_failing_until_they_are_old() -> None:
    clock = FakeClock()
    supervisor = Supervisor(clock, Pauses())
    enough = asyncio.Event()

    async def broken() -> None:
        if supervisor.restarts["broken"] == FAILING_RESTARTS:
            enough.set()
            await asyncio.Event().wait()
        raise ValueError("injected")

    await run_until(enough, supervisor, broken=broken)
    assert supervisor.failing == ["broken"]
    clock.advance(FAILING_WITHIN_S + 1)
    assert supervisor.failing == []


async def test_a_part_that_returns_is_started_again() -> None:
    supervisor = Supervisor(FakeClock(), Pauses())
    second = asyncio.Event()

    async def short() -> None:
        if supervisor.restarts["short"]:
            second.set()

    await run_until(second, supervisor, short=short)
    assert supervisor.restarts["short"] >= 1


async def test_cancelling_stops_every_part() -> None:
    stopped: list[str] = []

    async def part() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append("part")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await Supervisor(FakeClock()).run({"one": part, "two": part})
    assert stopped == ["part", "part"]
