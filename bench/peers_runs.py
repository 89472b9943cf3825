"""The runs of ``bench peers``: programs take turns, since a shared machine is not equally fast for long."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.child import Child, child
from bench.peers_programs import EVERYONE, TRACKERS, Program, started
from bench.poster import Outcome
from bench.posting import post
from bench.watchers import Report
from bench.wrk import hammer

CONNECTIONS = (1, 32, 128)
CONNECTIONS_WATCHED = 32
DASHBOARDS = 50
OPEN_CONNECTIONS = 64
HOPELESS = 0.5
SESSIONS = 100_000
SESSIONS_AN_ARRAY = 500
SESSION = b'{"type":"pageview","sessionId":"6f0d9b1e-7c1a-4b6e-9d55-%012d","page":"/page/%d","country":"DE"}'
RATES = {500: 1, 2_000: 1, 5_000: 20, 10_000: 20}
"""Events a second, and how many of them a request brings."""


class Plan(NamedTuple):
    rounds: int = 5
    round_s: int = 2
    latency_rounds: int = 3
    latency_s: float = 2.0
    connections: Sequence[int] = CONNECTIONS
    rates: Sequence[int] = tuple(RATES)
    crowds: Sequence[int] = (0, 1, 50, 500)
    sessions: int = SESSIONS
    settle_s: float = 3.0
    """Before the memory is looked at."""


QUICK = Plan(1, 1, 1, 1.0, (32,), (2_000,), (0, 50), 20_000, 1.0)


class Turn(NamedTuple):
    """One program's turn in a round of single events."""

    rate: float
    cpu_us: float
    """The program's processor time, an event."""
    told: float
    """Share of the events that dashboards were told of; 0 without dashboards."""


Turns = dict[str, list[Turn]]


class Memory(NamedTuple):
    before_mib: float
    after_mib: float
    rate: float
    """Single events a second while all those sessions are there."""


class Delay(NamedTuple):
    """At one rate, before one number of dashboards."""

    rate: int
    dashboards: int
    program: str
    p50_ms: float
    p99_ms: float
    achieved: float
    """Events a second that were accepted."""
    told: float
    sender_us: float
    keeps_up: bool
    """In most rounds; the delays say little where it is false."""
    lost: float
    """Dashboards whose connection the program ended."""


async def single_events(folder: Path, plan: Plan) -> dict[int, Turns]:
    """By number of connections."""
    turns: dict[int, Turns] = {}
    async with started(folder, EVERYONE) as programs:
        for program in programs:
            await _turn(program, 1, 8)
        for connections in plan.connections:
            turns[connections] = defaultdict(list)
            for program in _in_turn(programs, plan.rounds, f"single events, {connections} connections"):
                turns[connections][program.name].append(await _turn(program, plan.round_s, connections))
    return turns


async def watched_events(folder: Path, plan: Plan) -> Turns:
    """With dashboards that read everything."""
    turns: Turns = defaultdict(list)
    async with started(folder, TRACKERS) as programs:
        for program in programs:
            await _turn(program, 1, 8)
        for program in _in_turn(programs, plan.rounds, f"{DASHBOARDS} dashboards"):
            turns[program.name].append(await _turn(program, plan.round_s, CONNECTIONS_WATCHED, DASHBOARDS))
    return turns


def _in_turn(programs: list[Program], rounds: int, what: str) -> Iterator[Program]:
    for number in range(rounds):
        say(f"{what}: round {number + 1} of {rounds}")
        first = number % len(programs)
        yield from programs[first:] + programs[:first]


async def _turn(program: Program, seconds: int, connections: int, dashboards: int = 0) -> Turn:
    cpu_s, before = program.process.cpu_s, program.accepted
    async with _crowd(program, dashboards) as crowd:
        answered = await hammer(program.base_url, seconds, connections)
        program.note(answered.requests, connections)
        report = await _report(crowd, began_s=0.0, rate=1, array=1, first=0) if crowd else None
        # What is stored later costs too; questions about it do not belong to the event.
        await program.settle()
        cpu_s = program.process.cpu_s - cpu_s
        await program.check()
    accepted = program.accepted - before
    cost_us = cpu_s / accepted * 1e6
    return Turn(answered.rate, cost_us, min(1.0, report.told / accepted) if report else 0.0)


@asynccontextmanager
async def _crowd(program: Program, dashboards: int) -> AsyncIterator[Child | None]:
    if not dashboards:
        yield None
        return
    async with child("bench.watchers") as crowd:
        await crowd.order(do="join", url=program.base_url, path=program.socket_path, count=dashboards)
        yield crowd


async def _report(crowd: Child, **order: float) -> Report:
    return Report(**await crowd.order(do="report", **order))


async def memory(folder: Path, plan: Plan) -> dict[str, Memory]:
    """Of each program with many sessions, each alone on the machine."""
    found = {}
    for name in TRACKERS:
        say(f"memory: {name}")
        async with started(folder, (name,), idle_timeout_s=3_600) as (program,):
            await asyncio.sleep(plan.settle_s)
            before_bytes = program.process.rss_bytes
            await _open_sessions(program, plan.sessions)
            await program.check()
            await asyncio.sleep(plan.settle_s)
            after_bytes = program.process.rss_bytes
            rates = [
                (await _turn(program, plan.round_s, CONNECTIONS_WATCHED)).rate for _ in range(plan.rounds)
            ]
            found[name] = Memory(before_bytes / 2**20, after_bytes / 2**20, median(rates))
    return found


async def _open_sessions(program: Program, count: int) -> None:
    async with post(program.base_url) as send:
        for first in range(0, count, SESSIONS_AN_ARRAY):
            numbers = range(first, first + SESSIONS_AN_ARRAY)
            await send(b"[" + b",".join(SESSION % (number, number % 40) for number in numbers) + b"]")
            program.note(SESSIONS_AN_ARRAY)


async def delays(folder: Path, plan: Plan) -> list[Delay]:
    """From due to told, or to answered where there is no dashboard; the median of the rounds.

    A program that accepted less than half of a rate is asked for the higher ones once only.
    """
    found: list[Delay] = []
    hopeless: set[str] = set()
    async with started(folder, TRACKERS) as programs, child("bench.poster") as poster:
        for dashboards in plan.crowds:
            hopeless.clear()
            for rate in plan.rates:
                rounds: dict[str, list[Delay]] = defaultdict(list)
                what = f"{rate:,} events/s, {dashboards} dashboards"
                for program in _in_turn(programs, plan.latency_rounds, what):
                    of_program = rounds[program.name]
                    if not of_program or program.name not in hopeless:
                        of_program.append(await _delay(program, poster, rate, dashboards, plan.latency_s))
                found += map(_middle, rounds.values())
                hopeless |= {one.program for one in found[-len(rounds) :] if one.achieved < HOPELESS * rate}
    return found


async def _delay(program: Program, poster: Child, rate: int, dashboards: int, seconds: float) -> Delay:
    array, first = RATES[rate], program.numbered
    async with _crowd(program, dashboards) as crowd:
        order = {"rate": rate, "seconds": seconds, "array": array, "first": first}
        posted = Outcome(**await poster.order(url=program.base_url, connections=OPEN_CONNECTIONS, **order))
        program.note(posted.accepted, posted.unknown)
        program.numbered += posted.sent
        seen = (
            await _report(crowd, began_s=posted.began_s, rate=rate, array=array, first=first)
            if crowd
            else None
        )
        await program.check()
    return Delay(
        rate,
        dashboards,
        program.name,
        seen.p50_ms if seen else posted.p50_ms,
        seen.p99_ms if seen else posted.p99_ms,
        posted.achieved,
        seen.seen / max(1, posted.accepted) if seen else 0.0,
        posted.cpu_us,
        posted.keeps_up,
        seen.lost if seen else 0,
    )


def _middle(rounds: list[Delay]) -> Delay:
    return rounds[0]._replace(
        p50_ms=median(one.p50_ms for one in rounds),
        p99_ms=median(one.p99_ms for one in rounds),
        achieved=median(one.achieved for one in rounds),
        told=median(one.told for one in rounds),
        sender_us=median(one.sender_us for one in rounds),
        lost=median(one.lost for one in rounds),
        keeps_up=2 * sum(one.keeps_up for one in rounds) > len(rounds),
    )


def say(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)
