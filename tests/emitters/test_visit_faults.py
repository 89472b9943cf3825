"""Each fault of visits does what its name says."""

import json
from collections.abc import Callable
from ipaddress import ip_address
from random import Random
from typing import Any

import pytest

from emitters.population import World
from emitters.visit_faults import VISIT_FAULTS
from emitters.visits import Kind, Step, Truth, encode, timestamp_json

WORLD = World(seed=1, size=200)
NOW_S = 1_740_974_643.489
GARBAGE = (
    "malformed-json",
    "wrong-types",
    "missing-guid",
    "scalar",
    "array",
    "unknown-type",
    "invalid-utf8",
    "huge-frame",
)
OPEN, KEEP, CLOSE = Kind.OPENED, Kind.KEEP_ALIVE, Kind.CLOSED


def _steps(name: str, seed: int) -> list[Step]:
    return list(VISIT_FAULTS[name].script(WORLD, Random(seed)))


def _visits(name: str) -> list[list[Step]]:
    return [_steps(name, seed) for seed in range(60)]


def _kinds(steps: list[Step]) -> list[Kind]:
    return [step.kind for step in steps if step.kind is not None]


def _payload(step: Step) -> bytes:
    return encode(step, NOW_S, timestamp_json(NOW_S))


def _is_valid_frame(payload: bytes) -> bool:
    try:
        frame: Any = json.loads(payload.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(frame, dict)
        and all(isinstance(frame.get(name), str) for name in ("eventType", "ip", "guid", "timestamp"))
        and frame["eventType"] in list(Kind)
        and frame["guid"] != ""
        and frame["guid"].isprintable()
        and len(payload) <= 1 << 20
    )


def _refuse(constant: str) -> None:
    raise ValueError(constant)


@pytest.mark.parametrize("name", VISIT_FAULTS)
def test_every_fault_follows_from_the_seed_and_says_something(name: str) -> None:
    said = [_payload(step) for step in _steps(name, 5) if step.is_spoken]
    again = [_payload(step) for step in _steps(name, 5) if step.is_spoken]
    assert said
    assert said == again


@pytest.mark.parametrize(
    ("name", "is_so"),
    [
        ("duplicate-open", lambda kinds: kinds.count(OPEN) in (2, 3) and kinds.count(CLOSE) == 1),
        ("earlier-open", lambda kinds: kinds[:2] == [OPEN, OPEN]),
        ("keep-alive-before-open", lambda kinds: kinds[:2] == [KEEP, OPEN]),
        ("missing-open", lambda kinds: OPEN not in kinds and kinds[0] == KEEP and kinds[-1] == CLOSE),
        ("orphan-close", lambda kinds: kinds == [CLOSE]),
        ("duplicate-close", lambda kinds: kinds[-2:] == [CLOSE, CLOSE]),
        ("late-frame", lambda kinds: kinds[-3:] == [CLOSE, KEEP, OPEN]),
        ("reopen", lambda kinds: kinds.count(OPEN) == kinds.count(CLOSE) == 2),
        ("silent", lambda kinds: CLOSE not in kinds),
        ("idle-return", lambda kinds: kinds == [OPEN, KEEP, KEEP, CLOSE]),
    ],
)
def test_order_of_frames(name: str, is_so: Callable[[list[Kind]], bool]) -> None:
    for steps in _visits(name):
        assert is_so(_kinds(steps))
        assert len({step.visitor.guid for step in steps if step.visitor is not None}) == 1


def test_idle_return_is_silent_for_longer_than_the_idle_timeout() -> None:
    assert max(step.wait_s for step in _steps("idle-return", 1)) > 60 + 5


def test_earlier_open_and_late_open_carry_older_timestamps() -> None:
    assert _steps("earlier-open", 1)[1].stamp == -10.0
    assert _steps("late-frame", 1)[-1].stamp == -30.0


def test_out_of_order_timestamps_go_back() -> None:
    for steps in _visits("out-of-order"):
        at_s, stamps = 0.0, []
        for step in steps:
            at_s += step.wait_s
            assert isinstance(step.stamp, float)
            stamps.append(at_s + step.stamp)
        assert stamps != sorted(stamps)


def test_timestamps_of_another_time() -> None:
    for name, sign in (("past-timestamp", -1), ("future-timestamp", 1)):
        for steps in _visits(name):
            for step in steps:
                assert isinstance(step.stamp, float)
                assert step.stamp * sign > 60


def test_bad_timestamps_are_in_one_frame_that_is_otherwise_right() -> None:
    for steps in _visits("bad-timestamp"):
        bad = [step for step in steps if isinstance(step.stamp, bytes)]
        assert len(bad) == 1
        assert b'"guid":"' in _payload(bad[0])


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_no_valid_frame_and_nobody_visits(name: str) -> None:
    for steps in _visits(name):
        assert len(steps) == 1
        assert steps[0].truth is None
        assert not steps[0].is_binary
        payload = _payload(steps[0])
        assert not _is_valid_frame(payload) or b"\\ud800" in payload


def test_garbage_of_each_kind_is_what_it_is_called() -> None:
    assert isinstance(json.loads(_payload(_steps("array", 1)[0])), list)
    assert not isinstance(json.loads(_payload(_steps("scalar", 1)[0])), (dict, list))
    assert not json.loads(_payload(_steps("missing-guid", 1)[0])).get("guid")
    assert json.loads(_payload(_steps("unknown-type", 1)[0]))["eventType"] not in list(Kind)
    assert len(_payload(_steps("huge-frame", 1)[0])) > 1 << 20
    with pytest.raises(UnicodeDecodeError):
        _payload(_steps("invalid-utf8", 1)[0]).decode()


def test_binary_frames_are_marked_as_such() -> None:
    assert all(step.is_binary for steps in _visits("binary") for step in steps)


def test_invalid_and_empty_addresses() -> None:
    for name in ("invalid-ip", "empty-ip"):
        for steps in _visits(name):
            ip = json.loads(_payload(steps[0]))["ip"]
            assert ip == "" or "%" in ip or not _is_address(ip)
    assert "185.242.274.177" in {json.loads(_payload(steps[0]))["ip"] for steps in _visits("invalid-ip")}


def test_private_addresses_are_not_public() -> None:
    for steps in _visits("private-ip"):
        address = ip_address(json.loads(_payload(steps[0]))["ip"])
        assert not address.is_global or address.is_multicast


def test_ip_forms_are_many() -> None:
    forms = {json.loads(_payload(steps[0]))["ip"] for steps in _visits("ip-forms")}
    for mark in ("::ffff:", "%eth0", "[", "]:443", "EFFF"):
        assert any(mark in form for form in forms)


def test_a_huge_ip_fits_into_a_frame_that_is_allowed() -> None:
    payload = _payload(_steps("huge-ip", 1)[0])
    assert 1_000_000 < len(payload) < 1 << 20


def test_guid_reuse_moves_to_another_address() -> None:
    addresses = [{s.visitor.ip for s in steps if s.visitor is not None} for steps in _visits("guid-reuse")]
    guids = [{s.visitor.guid for s in steps if s.visitor is not None} for steps in _visits("guid-reuse")]
    assert all(len(each) == 1 for each in guids)
    assert sum(len(each) == 2 for each in addresses) > 50


def test_hostile_text_survives_the_encoding() -> None:
    said = b"".join(_payload(step) for steps in _visits("hostile-text") for step in steps)
    assert b"<script>alert(1)</script>" in said
    assert b"\\u0000" in said


def test_visits_leave_nobody_behind() -> None:
    for name in VISIT_FAULTS:
        for steps in _visits(name):
            changes = [step.truth for step in steps if step.truth is not None]
            assert not changes or changes[-1] in (Truth.LEAVES, Truth.FALLS_SILENT) or name == "late-frame"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
