"""The service beside the programs that a team would else write with Express 4 and ws, in one run.

The service stores each event on the disk before it answers; Express keeps everything in memory
(bench/express/tracker.mjs says what it stands for). Programs take turns, ratios are medians of the rounds.
After each turn what the senders know to be accepted is compared with what the program stored and counted.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

from bench.express import installed_programs
from bench.figures import Figure, table
from bench.installed import install_service
from bench.peers_programs import CHEAP, OURS, USUAL
from bench.peers_runs import (
    DASHBOARDS,
    QUICK,
    Delay,
    Memory,
    Plan,
    Turn,
    Turns,
    delays,
    memory,
    say,
    single_events,
    watched_events,
)

PEERS = (USUAL, CHEAP)
OTHERS_S = 2.0
NEARLY = 0.9
DELAY_TARGETS = {
    (500, 50): ("", "≤ 100"),
    (2_000, 50): ("≤ 40", "≤ 150"),
}
"""Of p50 and p99 in ms, by rate and dashboards."""


class Findings(NamedTuple):
    """What is drawn."""

    singles: dict[int, Turns]
    """By number of connections."""
    watched: Turns
    delays: list[Delay]


async def measure(*, quick: bool = False, plot: Path | None = None) -> list[Figure]:
    """Run all of it; ``quick`` does each thing once and briefly, to see that it works.

    Raises:
        LedgerError: a program lost, invented or miscounted events.
    """
    plan = QUICK if quick else Plan()
    async with installed_programs() as folder:
        if folder is None:
            return []
        await install_service(folder)
        figures = [_others()]
        singles = await single_events(folder, plan)
        for connections, turns in singles.items():
            figures += _compared(f"single events, {connections} connections", turns, "≥ 2")
        _say(figures)
        watched = await watched_events(folder, plan)
        figures += _say(
            [*_compared(f"single events, {DASHBOARDS} dashboards", watched, "≥ 10"), *_told(watched)]
        )
        held = await memory(folder, plan)
        figures += _say(list(_memory(held, plan.sessions)))
        late = await delays(folder, plan)
        figures += [figure for delay in late for figure in _delay(delay)]
        figures += [*_sender(late), _others()]
    if plot is not None:
        from bench.plot import draw  # its library is for this alone

        draw(Findings(singles, watched, late), plot)
    return figures


def _say(figures: list[Figure]) -> list[Figure]:
    """Tell what is known so far: the rest takes minutes, and may fail."""
    say(table(figures))
    return figures


def _others() -> Figure:
    """How busy the machine is when nothing of ours runs."""
    busy = psutil.cpu_percent(OTHERS_S) / 100 * (psutil.cpu_count() or 1)
    return Figure(
        f"peers: cores that others keep busy, of {psutil.cpu_count()}; load {os.getloadavg()[1]:.1f}",
        busy,
        "cores",
        "0",
    )


def _told(turns: Turns) -> Iterator[Figure]:
    for name, of_name in turns.items():
        told = median(turn.told for turn in of_name)
        yield Figure(f"peers: events that {DASHBOARDS} dashboards were told of one by one: {name}", told, "×")


def _sender(late: list[Delay]) -> Iterator[Figure]:
    for rate in sorted({delay.rate for delay in late}):
        cost_us = median(delay.sender_us for delay in late if delay.rate == rate)
        yield Figure(f"peers: what the sender itself costs an event at {rate:,}/s", cost_us, "µs")


def _compared(what: str, turns: Turns, target: str) -> Iterator[Figure]:
    others = [name for name in turns if name != OURS]
    for name, of_name in turns.items():
        yield Figure(f"peers: {what}: {name}", median(turn.rate for turn in of_name), "events/s")
    for name in others:
        over = _ratio(turns, name, lambda turn: turn.rate)
        yield Figure(f"peers: {what}: the service over {name}", over, "×", target if name in PEERS else "")
    for name, of_name in turns.items():
        cost_us = median(turn.cpu_us for turn in of_name)
        yield Figure(f"peers: {what}: processor time an event: {name}", cost_us, "µs")
    for name in others:
        over = _ratio(turns, name, lambda turn: turn.cpu_us)
        wanted = "≤ 0.5" if name in PEERS else ""
        yield Figure(f"peers: {what}: processor time, the service over {name}", over, "×", wanted)


def _ratio(turns: Turns, name: str, value: Callable[[Turn], float]) -> float:
    """The median of what the service has over what ``name`` has in the same round."""
    rounds = zip(turns[OURS], turns[name], strict=True)
    return median(value(ours) / max(value(theirs), 1e-9) for ours, theirs in rounds)


def _memory(held: dict[str, Memory], sessions: int) -> Iterator[Figure]:
    ours = held[OURS]
    what = f"peers: {sessions:,} sessions"
    for name, one in held.items():
        yield Figure(f"{what}: memory: {name}", one.after_mib, "MiB")
        yield Figure(f"{what}: memory more than before: {name}", one.after_mib - one.before_mib, "MiB")
        yield Figure(f"{what}: single events while they are there: {name}", one.rate, "events/s")
    for name in PEERS:
        theirs = held[name]
        growth = (ours.after_mib - ours.before_mib) / (theirs.after_mib - theirs.before_mib)
        yield Figure(
            f"{what}: memory, the service over {name}", ours.after_mib / theirs.after_mib, "×", "≤ 0.5"
        )
        yield Figure(f"{what}: memory more, the service over {name}", growth, "×", "≤ 0.5")
        yield Figure(f"{what}: events/s, the service over {name}", ours.rate / theirs.rate, "×")


def _delay(delay: Delay) -> Iterator[Figure]:
    what = f"peers: {delay.rate:,} events/s, {delay.dashboards} dashboards: {delay.program}"
    if delay.lost:
        yield Figure(f"{what}: dashboards cut off", delay.lost, "", "0")
    if not delay.keeps_up:
        yield Figure(f"{what}: cannot, accepts", delay.achieved, "events/s", f"{delay.rate:,}")
        if delay.achieved < NEARLY * delay.rate:
            return  # its delays tell how long the run was
    targets = DELAY_TARGETS.get((delay.rate, delay.dashboards), ("", ""))
    p50, p99 = targets if delay.program == OURS else ("", "")
    yield Figure(f"{what}: p50", delay.p50_ms, "ms", p50)
    yield Figure(f"{what}: p99", delay.p99_ms, "ms", p99)
    if delay.dashboards and delay.told < 0.999:
        yield Figure(f"{what}: events told of one by one", delay.told, "×", "1")
