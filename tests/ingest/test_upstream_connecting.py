"""Row 01 of the fault table: a server that is not there, or refuses."""

import asyncio
import logging
import random
import time

import pytest

from tests.ingest.upstream_rig import (
    QUICK,
    SLACK_S,
    UNHURRIED,
    Behaviour,
    Service,
    Sleeps,
    first_then,
    gaps,
    serve_one_frame,
    unused_port,
)
from tests.support.clock import FakeClock
from tests.support.faulty_upstream import FaultyUpstream, Peer
from tracker.core.inputs import UpstreamState
from tracker.ingest.backoff import Backoff
from tracker.ingest.link import CLOSING_GRACE_S
from tracker.ingest.upstream import Timing


@pytest.mark.parametrize("status", [301, 403, 404, 429, 500, 503])
async def test_F2a_01_refused_handshakes_are_tried_again_until_frames_flow(status: int) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.refuse(status, "Location: ws://127.0.0.1:1/", "Retry-After: garbage")

    async with FaultyUpstream(first_then(refuse, times=3)) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
        assert service.connection.connect_failures == {f"http_{status}": 3}
        assert service.connection.connect_attempts == 4
        assert service.inputs.states == ["reconnecting", "connected"]


async def not_http(peer: Peer) -> None:
    await peer.send(b"SSH-2.0-hello\r\n\r\n")


async def hang_up_at_once(peer: Peer) -> None:
    pass


async def say_nothing(peer: Peer) -> None:
    await peer.until_gone()


async def wrong_accept_key(peer: Peer) -> None:
    await peer.send(
        b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("misbehave", "kinds"),
    [
        (not_http, {"handshake"}),
        (hang_up_at_once, {"handshake", "network"}),
        (say_nothing, {"timeout"}),
        (wrong_accept_key, {"handshake"}),
    ],
)
async def test_F2a_01_broken_handshakes_are_tried_again(misbehave: Behaviour, kinds: set[str]) -> None:
    async with FaultyUpstream(first_then(misbehave, times=2)) as upstream:
        service = Service(upstream.url, timing=UNHURRIED._replace(open_timeout_s=1.0))
        async with service.running():
            await service.inputs.frames(1)
    assert service.connection.connect_failures.total() == 2
    assert set(service.connection.connect_failures) <= kinds


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("ws://127.0.0.1:{port}", "refused"),
        ("ws://localhost:{port}", "refused"),
        ("ws://no..such..name:{port}", "dns"),
        ("ws://127.0.0.1:{port}/#fragment", "invalid_url"),
    ],
)
async def test_F2a_01_an_hour_without_a_server_never_gives_up_never_hammers(url: str, kind: str) -> None:
    clock = FakeClock()
    sleeps = Sleeps(clock, limit_s=3_600.0)
    service = Service(
        url.format(port=unused_port()),
        clock=clock,
        sleep=sleeps,
        backoff=Backoff(random.Random(5)),
    )
    async with service.running():
        await sleeps.over.wait()
        assert service.connection.state is not UpstreamState.CONNECTED
    between = gaps(sleeps.starts_s)
    assert set(service.connection.connect_failures) == {kind}
    assert min(between) >= 1.0 - 1e-6
    assert max(between) <= 30.0 + 1e-6
    assert len(between) > 120


async def test_F2a_01_tls_failure_is_counted_and_tried_again() -> None:
    async with FaultyUpstream(not_http) as upstream:
        service = Service(f"wss://127.0.0.1:{upstream.port}")
        async with service.running():
            await upstream.attempted(3)
    assert set(service.connection.connect_failures) == {"tls"}


@pytest.mark.parametrize("status", [429, 503])
async def test_F2a_01_retry_after_is_obeyed(status: int) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.refuse(status, "Retry-After: 120", "Retry-After: 7")

    clock = FakeClock()
    sleeps = Sleeps(clock, limit_s=100.0)
    async with FaultyUpstream(refuse) as upstream:
        service = Service(upstream.url, clock=clock, sleep=sleeps)
        async with service.running():
            await sleeps.over.wait()
        assert len(upstream.attempts) == 1
    assert sleeps.starts_s[-1] - sleeps.starts_s[0] == pytest.approx(120.0)


async def test_F2a_01_shown_as_down_when_never_connected() -> None:
    service = Service(f"ws://127.0.0.1:{unused_port()}", timing=QUICK)
    started = time.monotonic()
    async with service.running():
        await service.inputs.until(lambda: service.inputs.states == ["reconnecting", "down"])
        assert service.connection.snapshot()["state"] == "down"
    assert 0 <= time.monotonic() - started - QUICK.down_after_s < SLACK_S


async def test_F2a_01_shown_as_down_after_a_loss_and_as_connected_after_the_heal() -> None:
    healed = asyncio.Event()

    async def behave(peer: Peer) -> None:
        if len(upstream.attempts) == 1:
            await peer.accept()
        elif healed.is_set():
            await serve_one_frame(peer)

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url, timing=QUICK._replace(ping_interval_s=30.0))
        async with service.running():
            await service.inputs.until(lambda: "down" in service.inputs.states)
            healed.set()
            await service.inputs.frames(1)
    assert service.inputs.states == ["reconnecting", "connected", "reconnecting", "down", "connected"]


def test_F2a_01_the_usual_deadlines_keep_the_promise_of_five_seconds() -> None:
    assert Timing().down_after_s + CLOSING_GRACE_S <= 5.0


async def test_F2a_01_one_log_line_for_each_change_not_for_each_attempt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.refuse(500)

    caplog.set_level(logging.DEBUG)
    async with FaultyUpstream(first_then(refuse, times=5)) as upstream:
        service = Service(upstream.url)
        async with service.running():
            await service.inputs.frames(1)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("tracker")]
    assert len(lines) == 2
    assert "is connected; failed attempts since it stood: 5" in lines[1]


async def test_F2a_01_a_server_that_accepts_and_closes_is_not_hammered_with_the_usual_delays() -> None:
    async def accept_and_close(peer: Peer) -> None:
        await peer.accept()

    async with FaultyUpstream(accept_and_close) as upstream:
        service = Service(upstream.url, backoff=Backoff(random.Random(11)))
        async with service.running():
            await asyncio.sleep(4.5)
        first, *others = upstream.attempts
        assert 1 <= len(others) <= 4
        assert others[0] - first <= 2.0 + SLACK_S / 2
        assert all(later >= first + number - 0.05 for number, later in enumerate(others, 1))
