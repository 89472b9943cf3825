from collections import Counter

import pytest

from emitters.population import World
from emitters.schedule import Ledger, Schedule
from emitters.visit_faults import VISIT_FAULTS
from emitters.visits import Kind, encode, timestamp_json

WORLD = World(seed=1, size=500)


def _run(schedule: Schedule, seconds: int, rate: int) -> list[bytes]:
    said = []
    for second in range(seconds):
        for step in schedule.take(float(second), rate):
            said.append(encode(step, second, timestamp_json(second)))
    return said


def test_the_same_seed_says_the_same() -> None:
    faults = tuple(VISIT_FAULTS)
    first, second, other = (
        _run(Schedule(WORLD, seed=seed, faults=faults, fault_rate=0.2), 60, 20) for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_the_rate_is_exact() -> None:
    schedule = Schedule(WORLD)
    for second in range(100):
        assert len(schedule.take(float(second), 37)) == 37
    assert schedule.ledger.frames_sent == 3_700


def test_speed_shortens_visits_so_fewer_run_at_once() -> None:
    running = []
    for speed in (1.0, 10.0):
        schedule = Schedule(WORLD, speed=speed)
        _run(schedule, 60, 20)
        running.append(schedule.visits_running)
    assert 0 < running[1] * 2 < running[0]


def test_without_faults_the_feed_agrees_with_the_ledger() -> None:
    schedule = Schedule(WORLD, seed=4)
    opened: set[str] = set()
    for second in range(300):
        for step in schedule.take(float(second), 20):
            assert step.visitor is not None
            guid = step.visitor.guid
            match step.kind:
                case Kind.OPENED:
                    assert guid not in opened
                    opened.add(guid)
                case Kind.KEEP_ALIVE:
                    assert guid in opened
                case Kind.CLOSED:
                    opened.remove(guid)
    assert opened == set(schedule.ledger.open_sessions)
    assert schedule.ledger.left > 100


def test_fault_rate_is_the_share_of_visits_that_go_wrong() -> None:
    all_wrong = Schedule(WORLD, faults=("malformed-json",), fault_rate=1.0)
    _run(all_wrong, 10, 20)
    assert all_wrong.ledger.frames == Counter(garbage=200)
    few_wrong = Schedule(WORLD, faults=("orphan-close",), fault_rate=0.1)
    _run(few_wrong, 200, 50)
    assert 0.05 < few_wrong.ledger.faults["orphan-close"] / few_wrong.ledger.arrived < 0.2


def test_silent_visits_are_counted_and_not_kept() -> None:
    schedule = Schedule(WORLD, faults=("silent",), fault_rate=1.0)
    _run(schedule, 300, 20)
    assert schedule.ledger.fell_silent > 100
    assert schedule.ledger.left == 0
    assert schedule.ledger.arrived == schedule.ledger.fell_silent + len(schedule.ledger.open_sessions)


def test_when_no_more_visits_may_begin_keep_alives_fill_the_rate() -> None:
    schedule = Schedule(WORLD, sessions_max=50)
    schedule.take(0.0, 50)
    more = schedule.take(0.1, 200)
    assert schedule.visits_running == 50
    assert len(schedule.ledger.open_sessions) == 50
    assert len(more) == 200
    assert {step.kind for step in more} == {Kind.KEEP_ALIVE}


def _frame(kind: str, guid: str = "g") -> dict[str, str]:
    return {"eventType": kind, "guid": guid, "ip": "5.5.5.5", "timestamp": ""}


def test_the_ledger_follows_what_is_sent_by_hand() -> None:
    ledger = Ledger()
    ledger.note_scripted(_frame("session-opened"))
    ledger.note_scripted(_frame("session-opened"))
    ledger.note_scripted(_frame("keep-alive", guid="h"))
    assert ledger.open_sessions == {"g": "5.5.5.5", "h": "5.5.5.5"}
    ledger.note_scripted(_frame("session-closed"))
    ledger.note_scripted(_frame("session-closed"))
    assert ledger.open_sessions == {"h": "5.5.5.5"}
    assert (ledger.arrived, ledger.left) == (2, 1)


@pytest.mark.parametrize(
    "garbage", ["text", b"\x00", 5, None, [], {}, {"eventType": "session-opened", "guid": 5}]
)
def test_garbage_sent_by_hand_changes_no_truth(garbage: object) -> None:
    ledger = Ledger()
    ledger.note_scripted(garbage)
    assert ledger.open_sessions == {}
    assert ledger.frames == Counter(garbage=1)
