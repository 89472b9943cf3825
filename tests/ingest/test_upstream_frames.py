"""Rows 06 and 08 of the fault table: frames that are none."""

import json

from tests.ingest.upstream_rig import Service
from tests.support.faulty_upstream import BINARY, PING, FaultyUpstream, Peer, encode_frame, session_frame


async def test_F2a_06_malformed_frames_are_rejected_and_the_connection_stays() -> None:
    bad = [
        b"",
        b"not json",
        b"[]",
        b"7",
        b"null",
        b'{"eventType":"keep-alive"}',
        b'{"eventType":"unheard-of","guid":"x","ip":"185.242.214.177"}',
        b'{"eventType":"keep-alive","guid":42}',
        b'{"eventType":"keep-alive","guid":"\xff\xfe"}',
        b"[" * 100_000,
    ]

    async def behave(peer: Peer) -> None:
        await peer.accept()
        for payload in bad:
            await peer.text(payload)
            await peer.text(session_frame("good"))
        await peer.until_gone()

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(len(bad))
    connection = service.connection
    assert len(upstream.attempts) == 1
    assert connection.frames_received == 2 * len(bad)
    assert connection.frames_rejected == len(bad) == service.rejects.counts.total()
    assert {source for source, _ in service.rejects.counts} == {"upstream"}
    assert service.rejects.counts["upstream", "invalid_utf8"] == 1


async def test_F2a_06_garbage_alone_neither_grows_nor_cuts_and_resets_no_delay() -> None:
    async def behave(peer: Peer) -> None:
        await peer.accept()
        await peer.send(encode_frame(b"garbage") * 5_000 + encode_frame(session_frame("good")))
        await peer.until_gone()

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
    assert service.rejects.counts.total() == 5_000
    assert len(service.rejects.recent) == 1_000
    assert service.inputs.guids == ["good"]


async def test_F2a_08_binary_frames_are_rejected_undecoded_and_the_connection_stays() -> None:
    async def behave(peer: Peer) -> None:
        await peer.accept()
        for payload in (session_frame("binary"), json.dumps({"guid": "x"}).encode("utf-16"), b"\xff\x00"):
            await peer.send(encode_frame(payload, BINARY))
        # In two fragments, with a ping between: which kind a message is shows in its first frame.
        await peer.send(
            encode_frame(b"\x00", BINARY, fin=False) + encode_frame(b"", PING) + encode_frame(b"", 0)
        )
        await peer.text(session_frame("good"))
        await peer.until_gone()

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
    assert service.inputs.guids == ["good"]
    assert service.rejects.counts == {("upstream", "binary_frame"): 4}
    assert len(upstream.attempts) == 1
