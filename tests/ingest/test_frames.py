import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clock import START
from tests.support.fuzzing import examples
from tests.support.timing import best_thread_s
from tracker.core.inputs import FrameKind, UpstreamFrame
from tracker.ingest.frames import MAX_GUID, MAX_IP, REASONS, FrameReject, parse

GUID = "ddace2a5-ec53-428f-985d-952fa09e7f27"
WIRE: dict[str, Any] = {
    "eventType": "session-opened",
    "ip": "373c:e94d:2ba:cc86:6113:68f8:282d:efff",
    "guid": GUID,
    "timestamp": "2025-03-03T04:04:03.489Z",
}


def frame(**changes: Any) -> UpstreamFrame:
    parsed = parse(json.dumps(WIRE | changes), START, "default")
    assert isinstance(parsed, UpstreamFrame)
    return parsed


def rejected(data: str | bytes) -> str:
    parsed = parse(data, START, "default")
    assert isinstance(parsed, FrameReject)
    return parsed.reason


def test_a_frame_becomes_an_input_of_the_core() -> None:
    assert frame() == UpstreamFrame(
        now=START,
        site="default",
        kind=FrameKind.OPENED,
        session_id=GUID,
        ip="373c:e94d:2ba:cc86:6113:68f8:282d:efff",
        address="373c:e94d:2ba:cc86:6113:68f8:282d:efff",
        occurred_at=1_740_974_643.489,
    )


@pytest.mark.parametrize("kind", list(FrameKind))
def test_each_kind_is_known(kind: FrameKind) -> None:
    assert frame(eventType=kind.value).kind is kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"eventType":"keep-alive","guid":"a"}', "binary_frame"),
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("\ud800", "malformed_json"),
        ("NaN", "malformed_json"),
        ('{"eventType":"keep-alive","guid":"a","timestamp":NaN}', "malformed_json"),
        ('{"eventType":"keep-alive","guid":"a","x":' + "[" * 5000 + "]" * 5000 + "}", "malformed_json"),
        ("[" * 100_000, "wrong_type"),
        ("x" * 100_000, "malformed_json"),
        ("[]", "not_an_object"),
        ("[" + json.dumps(WIRE) + "]", "not_an_object"),
        ('{"eventType":"keep-alive"}', "missing_guid"),
        ('{"eventType":"keep-alive","guid":null}', "missing_guid"),
        ('{"eventType":"keep-alive","guid":""}', "missing_guid"),
        ('{"eventType":"keep-alive","guіd":"a"}', "missing_guid"),
        ('{"eventType":"keep-alive","guid":"a\\u0000"}', "invalid_guid"),
        ('{"eventType":"keep-alive","guid":"a\\ud800"}', "invalid_guid"),
        ('{"eventType":"keep-alive","guid":"' + "a" * 201 + '"}', "invalid_guid"),
        ('{"guid":"a"}', "missing_event_type"),
        ('{"eventType":"session-paused","guid":"a"}', "unknown_event_type"),
        ('{"eventType":"Keep-Alive","guid":"a"}', "unknown_event_type"),
        ('{"eventType":1,"guid":"a"}', "wrong_type"),
        ('{"eventType":"keep-alive","guid":7}', "wrong_type"),
        ('{"eventType":"keep-alive","guid":"a","ip":16909060}', "wrong_type"),
    ],
)
def test_F2a_06_an_unusable_frame_is_named_by_reason(data: str | bytes, reason: str) -> None:
    assert rejected(data) == reason
    assert reason in REASONS


@pytest.mark.parametrize(
    ("ip", "shown"),
    [
        ("185.242.274.177", "185.242.274.177"),
        ("", ""),
        (None, ""),
        ("unknown", "unknown"),
        ("1.2.3.4:80", "1.2.3.4:80"),
        ("fe80::1%<script>", "fe80::1%<script>"),
        ("10.0.0.1", "10.0.0.1"),
        ("a\x00\u202eb", "a\ufffdb"),
        ("\u202e8.8.8.8", "8.8.8.8"),
        ("1" * 1_000_000, "1" * MAX_IP),
    ],
)
def test_F2a_14_an_invalid_ip_is_shown_and_never_looked_up(ip: str | None, shown: str) -> None:
    parsed = frame(ip=ip)
    assert (parsed.ip, parsed.address) == (shown, None)


def test_F2a_15_the_lookup_address_is_taken_from_what_was_sent() -> None:
    parsed = frame(ip="::FFFF:185.242.1.1")
    assert (parsed.ip, parsed.address) == ("::FFFF:185.242.1.1", "185.242.1.1")


@pytest.mark.parametrize(
    "timestamp", [None, "", "yesterday", "0000-00-00", 1e18, -1, True, [], {"a": 1}, "9" * 100_000, "\ud800"]
)
def test_F2a_13_an_unusable_timestamp_does_not_lose_the_frame(timestamp: object) -> None:
    assert frame(timestamp=timestamp).occurred_at is None


def test_a_frame_without_timestamp_and_ip_counts() -> None:
    parsed = parse('{"eventType":"keep-alive","guid":"a"}', START, "default")
    assert parsed == UpstreamFrame(START, "default", FrameKind.KEEP_ALIVE, "a", "", None, None)


def test_a_timestamp_in_milliseconds_is_read() -> None:
    assert frame(timestamp=1_740_974_643_489).occurred_at == pytest.approx(1_740_974_643.489)


def test_unknown_fields_are_ignored() -> None:
    assert frame(site="other", receivedAt=1, address="8.8.8.8") == frame()


def test_F2a_06_F2a_14_a_megabyte_of_anything_is_settled_at_once() -> None:
    hostile = [
        json.dumps(WIRE | {"ip": "1" * 1_000_000}),
        '{"eventType":"keep-alive","guid":' + "[" * 1_000_000,
        "[{}," + "{}," * 300_000 + "{}]",
    ]

    def read() -> None:
        for data in hostile * 5:
            parse(data, START, "default")

    assert best_thread_s(read, 0.5) < 2


scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("[]")
)
wires = st.fixed_dictionaries(
    {},
    optional={
        "eventType": st.sampled_from([*FrameKind, "other"]) | scalars,
        "guid": st.just(GUID) | scalars,
        "ip": st.text("0123456789abcdef:.%[]", max_size=90) | scalars,
        "timestamp": st.just("2025-03-03T04:04:03.489Z") | scalars,
        "more": scalars,
    },
)


@settings(max_examples=examples(2000), deadline=None)
@given(st.one_of(wires.map(json.dumps), st.text(st.characters(), max_size=40), st.binary(max_size=20)))
def test_F2a_06_F3_07_no_frame_ever_raises(data: str | bytes) -> None:
    parsed = parse(data, START, "default")
    if isinstance(parsed, FrameReject):
        assert parsed.reason in REASONS
        return
    assert 0 < len(parsed.session_id) <= MAX_GUID
    assert len(parsed.ip) <= MAX_IP
    assert parsed.occurred_at is None or 0 <= parsed.occurred_at < 253_402_300_800
