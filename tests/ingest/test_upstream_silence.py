"""Rows 03 and 04 of the fault table: half-open, or open without data."""

import asyncio
import time

from tests.ingest.upstream_rig import QUICK, SLACK_S, UNHURRIED, Service, gaps, serve_one_frame
from tests.support.fault_proxy import FaultProxy
from tests.support.faulty_upstream import FaultyUpstream, Peer, encode_frame, session_frame
from tests.support.timing import TRIES
from tracker.ingest.upstream import Timing


async def test_F2a_03_half_open_is_detected_and_made_anew() -> None:
    async def talk(peer: Peer) -> None:
        await peer.accept()
        await peer.text(session_frame("good"))
        await peer.pong()

    async with FaultyUpstream(talk) as upstream, FaultProxy(upstream.url) as proxy:
        timing = QUICK._replace(ping_interval_s=0.2, ping_timeout_s=1.0, open_timeout_s=5.0)
        service = Service(proxy.url, timing=timing)
        async with service.running():
            await service.inputs.frames(1)
            await asyncio.sleep(1.5)
            assert service.inputs.states == ["reconnecting", "connected"], "pongs keep it"
            proxy.half_open = True
            went_dark = time.monotonic()
            await service.inputs.until(lambda: service.inputs.states[-1] == "reconnecting")
            assert time.monotonic() - went_dark < 0.2 + 1.0 + 0.1 + SLACK_S
            proxy.half_open = False
            await service.inputs.frames(2)
    assert service.connection.disconnects == {"1011": 1}


def test_F2a_03_the_usual_deadlines_detect_it_within_22_seconds() -> None:
    usual = Timing()
    assert usual.ping_interval_s + usual.ping_timeout_s + usual.close_timeout_s <= 22.0


async def test_F2a_03_a_black_hole_is_left_after_the_open_timeout() -> None:
    async with FaultyUpstream(serve_one_frame) as upstream, FaultProxy(upstream.url) as proxy:
        proxy.black_hole = True
        service = Service(proxy.url, timing=UNHURRIED._replace(open_timeout_s=0.1))
        async with service.running():
            await service.inputs.until(lambda: service.inputs.states == ["reconnecting"])
            await asyncio.sleep(0.25)
            proxy.black_hole = False
            await service.inputs.frames(1)
    assert set(service.connection.connect_failures) == {"timeout"}


async def test_F2a_04_pongs_without_data_reconnect_at_doubled_intervals_until_a_frame_comes() -> None:
    for _ in range(TRIES):
        late_s = max(
            gap - silence_s
            for gap, silence_s in zip(await _gaps_of_silence(), [0.1, 0.2, 0.4, 0.4, 0.1], strict=True)
        )
        # What is made anew for the last time is so after the first silence again, not after the longest.
        if late_s < 0.25:
            break
    assert late_s < 0.25


async def _gaps_of_silence() -> list[float]:
    """Bear a server that only pongs, four times, then once after a frame; return what lay between."""

    async def quiet(peer: Peer) -> None:
        await peer.accept()
        if len(upstream.attempts) == 5:
            await peer.text(session_frame("good"))
        await peer.pong()

    async with FaultyUpstream(quiet) as upstream:
        timing = QUICK._replace(
            silence_cap_s=0.4, ping_interval_s=0.05, ping_timeout_s=5.0, open_timeout_s=5.0
        )
        service = Service(upstream.url, timing=timing, silence_timeout_s=0.1)
        async with service.running():
            await upstream.attempted(5)
            assert service.connection.stalled == 4
            await upstream.attempted(6)
    between = gaps(upstream.attempts)
    assert all(gap >= silence_s for gap, silence_s in zip(between, [0.1, 0.2, 0.4, 0.4, 0.1], strict=True))
    assert service.connection.disconnects == {"4000": 5}
    return between


async def test_F2a_04_drip_of_bytes_that_never_make_a_message_is_silence() -> None:
    async def drip(peer: Peer) -> None:
        await peer.accept()
        for byte in encode_frame(session_frame("never")):
            await peer.send(bytes([byte]))
            await asyncio.sleep(0.02)

    async with FaultyUpstream(drip) as upstream:
        service = Service(upstream.url, timing=QUICK, silence_timeout_s=0.15)
        async with service.running():
            await upstream.attempted(2)
    assert service.connection.stalled >= 1
    assert service.inputs.guids == []
