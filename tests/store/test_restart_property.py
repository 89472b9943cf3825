"""CONTRACT.md 4 and FAULTS.md 2d: a restart is invisible in what was POSTed, whatever happened before."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.events import event
from tests.store.restarts import ACME, DATA_CENTER, Life, life
from tests.support.clock import START, FakeClock
from tracker.core.inputs import ResetRequested, Tick

ADDRESSES = {"1.1.1.1": ACME, "2.2.2.2": DATA_CENTER, "3.3.3.3": None}

# Multiples of a power of two: the way from one clock to the other and back is exact.
PAUSES_S = st.sampled_from([0.0, 0.125, 0.75, 1.5, 5.125, 31.25, 59.5, 61.5, 130.0, 1_300.0])
EVENTS = st.tuples(
    st.just("event"),
    st.sampled_from(["pageview", "pageview", "click", "leave", "keep_alive", "session_end"]),
    st.sampled_from(["s1", "s2", "s3", "s4"]),
    st.sampled_from(["/", "/a", "/b", None]),
    st.sampled_from([*ADDRESSES, None]),
    st.sampled_from([0.0, 0.0, -30.0, -290.0]),
)
HAPPENINGS = st.one_of(
    EVENTS,
    EVENTS,
    EVENTS,
    st.tuples(st.just("pause"), PAUSES_S),
    st.tuples(st.just("reset")),
    st.tuples(st.just("checkpoint")),
)
# Twenty minutes before midnight, so that some histories have two days.
EVENING = START._replace(unix_s=START.unix_s - START.unix_s % 86_400 + 85_200)


async def happen(run: Life, what: tuple[Any, ...], number: int, checkpoints: bool) -> None:
    match what:
        case ("event", type_, session_id, page, address, shift_s):
            now = run.clock.now()
            happened = event(f"e{number}", now=now, session_id=session_id)._replace(
                type=type_, page=page, ip=address or "", address=address, occurred_at=now.unix_s + shift_s
            )
            await run.journal.append("default", [happened])
        case ("pause", seconds):
            run.pass_time(seconds)
            # As in life, where one is written every second.
            if checkpoints and run.clock.now().unix_s - (run.checkpoints.written_at or 0.0) >= 1.0:
                await run.checkpoints.write()
        case ("reset",):
            run.handle(ResetRequested(run.clock.now(), "default"))
            # A reset is no event: what follows it is only safe with the next checkpoint.
            await run.checkpoints.write()
        case ("checkpoint",) if checkpoints:
            await run.checkpoints.write()


async def with_restart(directory: Path, before: list[Any], after: list[Any]) -> tuple[Any, Any]:
    """Return what is seen at the end, without and with a kill between ``before`` and ``after``."""
    pictures = []
    for name, is_killed in (("whole", False), ("killed", True)):
        clock = FakeClock(EVENING)
        path = directory / f"{name}.journal"
        async with life(path, clock, ADDRESSES) as run:
            for number, what in enumerate(before):
                await happen(run, what, number, checkpoints=True)
            if not is_killed:
                run.handle(Tick(clock.now()))
                for number, what in enumerate(after, len(before)):
                    await happen(run, what, number, checkpoints=False)
                run.pass_time(3)
                pictures.append(picture(run))
        if is_killed:
            async with life(path, clock, ADDRESSES) as run:
                for number, what in enumerate(after, len(before)):
                    await happen(run, what, number, checkpoints=False)
                run.pass_time(3)
                pictures.append(picture(run))
    return pictures[0], pictures[1]


def picture(run: Life) -> dict[str, Any]:
    seen = run.picture()
    # Sessions that were active at the same moment have no order.
    seen["table"] = sorted(seen["table"])
    seen["ended sessions"].sort(key=lambda session: session["id"])
    return seen


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=st.lists(HAPPENINGS, max_size=25), after=st.lists(HAPPENINGS, max_size=10))
def test_F2d_02_S4_a_kill_between_any_two_moments_is_not_seen(before: list[Any], after: list[Any]) -> None:
    # Thousands of commits: a disk of memory where there is one.
    directory = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        whole, killed = asyncio.run(with_restart(directory, before, after))
    finally:
        shutil.rmtree(directory)
    assert killed == whole
