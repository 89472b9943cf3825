"""The connection as a part of the service: its sink, its end, its figures."""

import json
import logging
import time

import pytest

from tests.ingest.upstream_rig import Inputs, Service, serve_one_frame
from tests.support.faulty_upstream import CLOSE, FaultyUpstream, Peer, encode_frame, session_frame
from tracker.core.inputs import Input, UpstreamFrame, UpstreamState
from tracker.ingest.link import MAX_QUEUED_FRAMES
from tracker.ingest.upstream import Timing


async def test_a_fault_of_the_sink_costs_one_input_and_is_logged_once_without_the_frame(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inputs = Inputs()

    def sink(item: Input) -> None:
        if isinstance(item, UpstreamFrame) and item.session_id.startswith("secret"):
            raise KeyError(item.session_id)
        inputs(item)

    async def behave(peer: Peer) -> None:
        await peer.accept()
        for guid in ("secret-1", "a", "secret-2", "b"):
            await peer.text(session_frame(guid))
        await peer.until_gone()

    caplog.set_level(logging.DEBUG)
    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url, sink=sink)
        async with service.running():
            await inputs.frames(2)
    assert inputs.guids == ["a", "b"]
    assert service.connection.sink_errors == 2
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert "secret" not in caplog.text
    assert "eventType" not in caplog.text, "the library would show frames at DEBUG"
    assert "185.242.214.177" not in caplog.text


@pytest.mark.parametrize("answers", [True, False])
async def test_cancelling_says_goodbye_within_two_seconds(answers: bool) -> None:
    goodbyes: list[bytes] = []

    async def behave(peer: Peer) -> None:
        await peer.accept()
        await peer.text(session_frame("good"))
        opcode, payload = await peer.receive()
        assert opcode == CLOSE
        goodbyes.append(payload)
        if answers:
            await peer.send(encode_frame(payload, CLOSE))
        else:
            await peer.until_gone()

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url, timing=Timing())
        async with service.running():
            await service.inputs.frames(1)
            cancelled_at = time.monotonic()
        took_s = time.monotonic() - cancelled_at
    assert goodbyes == [(1000).to_bytes(2, "big")]
    # The goodbye may take 1.5 s. Pings that nobody answers would take 20.
    assert took_s < 8
    assert service.connection.state is UpstreamState.DOWN


async def test_it_can_be_run_again_after_it_ended() -> None:
    async with FaultyUpstream(serve_one_frame) as upstream:
        service = Service(upstream.url)
        for runs in (1, 2):
            async with service.running():
                await service.inputs.frames(runs)
    assert service.inputs.states == ["reconnecting", "connected"] * 2


async def test_the_snapshot_tells_every_figure() -> None:
    async with FaultyUpstream(serve_one_frame) as upstream:
        service = Service(upstream.url)
        assert service.connection.snapshot()["lastFrameAgeS"] is None
        async with service.running():
            await service.inputs.frames(1)
            snapshot = service.connection.snapshot()
    age_s, since = snapshot.pop("lastFrameAgeS"), snapshot.pop("since")
    assert isinstance(age_s, float)
    assert 0 <= age_s < 30
    assert isinstance(since, float)
    assert abs(since - time.time()) < 30
    assert snapshot == {
        "state": "connected",
        "framesReceived": 1,
        "framesRejected": 0,
        "sinkErrors": 0,
        "connectAttempts": 1,
        "connectFailures": {},
        "disconnects": {},
        "stalled": 0,
        "queuedFrames": 0,
        "queueBound": MAX_QUEUED_FRAMES,
    }
    json.dumps(snapshot)
