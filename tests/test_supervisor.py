import asyncio

import pytest

from tests.support.clock import FakeClock
from tracker.supervisor import (
    FAILING_RESTARTS,
    FAILING_WITHIN_S,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    Supervisor,
)


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

    async with asyncio.timeout(15), asyncio.TaskGroup() as group:
        running = group.create_task(supervisor.run({"steady": steady, "broken": broken}))
        await again.wait()
        running.cancel()
    assert (steady_runs, broken_runs) == (1, 2)
    assert supervisor.restarts == {"broken": 1}
    assert supervisor.failing == []
    assert FIRST_PAUSE_S <= LONGEST_PAUSE_S <= 1


async def test_F2d_05_five_deaths_within_a_minute_make_the_part_failing_until_they_are_old() -> None:
    clock = FakeClock()
    supervisor = Supervisor(clock, longest_pause_s=0.001)
    enough = asyncio.Event()

    async def broken() -> None:
        if supervisor.restarts["broken"] == FAILING_RESTARTS:
            enough.set()
            await asyncio.Event().wait()
        raise ValueError("injected")

    async with asyncio.timeout(15), asyncio.TaskGroup() as group:
        running = group.create_task(supervisor.run({"broken": broken}))
        await enough.wait()
        running.cancel()
    assert supervisor.failing == ["broken"]
    clock.advance(FAILING_WITHIN_S + 1)
    assert supervisor.failing == []


async def test_a_part_that_returns_is_started_again() -> None:
    supervisor = Supervisor(FakeClock(), longest_pause_s=0.001)
    second = asyncio.Event()

    async def short() -> None:
        if supervisor.restarts["short"]:
            second.set()

    async with asyncio.timeout(15), asyncio.TaskGroup() as group:
        running = group.create_task(supervisor.run({"short": short}))
        await second.wait()
        running.cancel()
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
