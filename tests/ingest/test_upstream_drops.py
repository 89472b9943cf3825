"""Row 02 of the fault table: connections that break."""

import asyncio
import random

import pytest

from tests.ingest.upstream_rig import UNHURRIED, Behaviour, Service, Widest, first_then, gaps
from tests.support.fault_proxy import FaultProxy
from tests.support.faulty_upstream import FaultyUpstream, Peer, encode_frame, session_frame
from tracker.ingest.backoff import Backoff


async def half_a_frame(peer: Peer) -> None:
    await peer.accept()
    await peer.send(encode_frame(session_frame("whole")) + encode_frame(session_frame("half"))[:40])


async def half_a_message(peer: Peer) -> None:
    await peer.accept()
    await peer.send(encode_frame(session_frame("whole")) + encode_frame(b'{"guid"', fin=False))


async def reset(peer: Peer) -> None:
    await half_a_frame(peer)
    await asyncio.sleep(0.05)  # a reset throws away what the other side has not read yet
    peer.reset()


@pytest.mark.parametrize("drop", [half_a_frame, half_a_message, reset])
async def test_F2a_02_drops_discard_the_partial_and_are_counted(drop: Behaviour) -> None:
    async with FaultyUpstream(first_then(drop)) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(2)
    assert service.inputs.guids == ["whole", "good"]
    assert service.connection.disconnects == {"1006": 1}
    assert service.connection.frames_rejected == 0
    assert service.inputs.states == ["reconnecting", "connected", "reconnecting", "connected"]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4321])
async def test_F2a_02_goodbyes_are_counted_by_their_code(code: int) -> None:
    async def hang_up(peer: Peer) -> None:
        await peer.accept()
        await peer.hang_up(code)

    async with FaultyUpstream(first_then(hang_up)) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
    assert service.connection.disconnects == {str(code): 1}


async def test_F2a_02_a_network_that_cuts_after_some_bytes_loses_only_the_cut_frame() -> None:
    async def three(peer: Peer) -> None:
        await peer.accept()
        await peer.send(b"".join(encode_frame(session_frame(guid)) for guid in ("a", "b", "c")))
        await peer.until_gone()

    handshake_and_two_frames_bytes = 129 + 2 * len(encode_frame(session_frame("a"))) + 20
    async with FaultyUpstream(three) as upstream, FaultProxy(upstream.url) as proxy:
        proxy.down.cut_after(handshake_and_two_frames_bytes)
        service = Service(proxy.url)
        async with service.running():
            await service.inputs.frames(2)
            proxy.down.cut_after(None)
            await service.inputs.frames(5)
    assert service.inputs.guids[:2] == ["a", "b"]
    assert service.inputs.guids[-3:] == ["a", "b", "c"]
    assert "c" not in service.inputs.guids[:-1]


async def test_F2a_02_drops_every_time_but_frames_flow_first_try_within_two_seconds() -> None:
    async def one_frame(peer: Peer) -> None:
        await peer.accept()
        await peer.text(session_frame("one"))

    async with FaultyUpstream(one_frame) as upstream:
        service = Service(upstream.url, backoff=Backoff(random.Random(2)))
        async with service.running():
            await upstream.attempted(4)
    between = gaps(upstream.attempts)
    assert max(between) <= 2.0 + 1.5, "and a machine that is late"
    assert min(between) >= 0.95


@pytest.mark.parametrize(
    ("payload", "healthy_after_s", "expected_s"),
    [
        (session_frame(), 30.0, 0.01),
        (b"garbage", 30.0, 0.01 * 2**5),
        (None, 30.0, 0.01 * 2**5),
        (None, 0.0, 0.01),
    ],
)
async def test_F2a_02_only_frames_or_a_long_life_make_the_delay_short_again(
    payload: bytes | None, healthy_after_s: float, expected_s: float
) -> None:
    async def behave(peer: Peer) -> None:
        if len(upstream.attempts) <= 5:
            return
        await peer.accept()
        if payload is not None:
            await peer.text(payload)

    delays_s: list[float] = []

    async def sleep(seconds: float) -> None:
        delays_s.append(seconds)
        await asyncio.sleep(seconds)

    async with FaultyUpstream(behave) as upstream:
        service = Service(
            upstream.url,
            timing=UNHURRIED._replace(healthy_after_s=healthy_after_s),
            backoff=Backoff(Widest(), base_s=0.01, spacing_s=0.0),
            sleep=sleep,
        )
        async with service.running():
            await upstream.attempted(7)
    assert delays_s[6] == pytest.approx(expected_s, rel=0.5)
