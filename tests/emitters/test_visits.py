import json
from random import Random

from emitters.population import World
from emitters.visits import Kind, Visitor, encode, normal_visit, timestamp_json

WORLD = World(seed=1, size=200)
NOW_S = 1_740_974_643.489


def test_a_frame_is_as_on_the_wire() -> None:
    visitor = Visitor("ddace2a5-ec53-428f-985d-952fa09e7f27", "373c:e94d:2ba:cc86:6113:68f8:282d:efff")
    payload = encode(visitor.opened(), NOW_S, timestamp_json(NOW_S))
    assert json.loads(payload) == {
        "eventType": "session-opened",
        "ip": "373c:e94d:2ba:cc86:6113:68f8:282d:efff",
        "guid": "ddace2a5-ec53-428f-985d-952fa09e7f27",
        "timestamp": "2025-03-03T04:04:03.489Z",
    }


def test_timestamps_have_three_decimals_before_and_after_the_epoch() -> None:
    assert timestamp_json(0) == b'"1970-01-01T00:00:00.000Z"'
    assert timestamp_json(-0.25) == b'"1969-12-31T23:59:59.750Z"'


def test_a_normal_visit_opens_keeps_alive_every_few_seconds_and_closes_within_two_minutes() -> None:
    rng = Random(1)
    for _ in range(300):
        steps = list(normal_visit(WORLD, rng))
        assert [step.kind for step in steps[:1]] == [Kind.OPENED]
        assert [step.kind for step in steps[-1:]] == [Kind.CLOSED]
        assert {step.kind for step in steps[1:-1]} == {Kind.KEEP_ALIVE}
        assert all(1 <= step.wait_s <= 8 for step in steps[1:])
        assert sum(step.wait_s for step in steps) < 120
        assert {step.visitor for step in steps} == {steps[0].visitor}
