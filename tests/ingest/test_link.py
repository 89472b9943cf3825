"""One connection: rows 02, 05 and 07 of the fault table, as far as it alone bears them."""

import contextlib
import random

import pytest

from tests.ingest.upstream_rig import SLACK_S, Service, first_then
from tests.support.faulty_upstream import CLOSE, PING, TEXT, FaultyUpstream, Peer, encode_frame, session_frame
from tracker.ingest.backoff import Backoff
from tracker.ingest.link import CLOSING_GRACE_S


async def test_F2a_02_a_goodbye_without_hanging_up_does_not_hold_the_reconnect() -> None:
    async def goodbye(peer: Peer) -> None:
        await peer.accept()
        await peer.hang_up(1001)
        await peer.until_gone()

    async with FaultyUpstream(first_then(goodbye)) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
        assert upstream.attempts[1] - upstream.attempts[0] < CLOSING_GRACE_S + SLACK_S


async def test_F2a_05_a_sender_that_pings_and_never_reads_our_pongs_is_cut() -> None:
    async def flood(peer: Peer) -> None:
        await peer.accept()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # every stream transport has it
        while True:
            await peer.send(encode_frame(b"p" * 125, PING) * 400)

    async with FaultyUpstream(first_then(flood)) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
    assert service.connection.disconnects == {"1006": 1}


@pytest.mark.parametrize("fragments", [1, 4])
async def test_F2a_07_a_frame_over_1_mib_is_counted_closed_with_1009_and_made_anew(fragments: int) -> None:
    codes: list[int] = []

    async def behave(peer: Peer) -> None:
        await peer.accept()
        await peer.text(session_frame("before"))
        size = 2**20 // fragments + 1
        for part in range(fragments):
            await peer.send(encode_frame(b"x" * size, 0 if part else TEXT, fin=part == fragments - 1))
        opcode, payload = await peer.receive()
        assert opcode == CLOSE
        codes.append(int.from_bytes(payload[:2], "big"))

    async with FaultyUpstream(first_then(behave)) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(2)
    assert codes == [1009]
    assert service.inputs.guids == ["before", "good"]
    assert service.connection.disconnects == {"1009": 1}
    assert service.rejects.counts == {("upstream", "frame_too_big"): 1}
    assert service.connection.frames_received == 3


async def test_F2a_07_a_message_of_1_mib_exactly_is_read() -> None:
    async def behave(peer: Peer) -> None:
        await peer.accept()
        await peer.text(session_frame("good").ljust(2**20))
        await peer.until_gone()

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
    assert service.connection.disconnects == {}


async def test_F2a_07_the_same_frame_again_and_again_is_no_hot_loop() -> None:
    async def behave(peer: Peer) -> None:
        await peer.accept()
        with contextlib.suppress(ConnectionError):
            await peer.text(b"x" * (2**20 + 1))
        await peer.until_gone()

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url, backoff=Backoff(random.Random(4)))
        async with service.running():
            await upstream.attempted(3)
    assert upstream.attempts[2] - upstream.attempts[0] >= 2.0 - 0.05
    assert service.connection.disconnects["1009"] >= 2
