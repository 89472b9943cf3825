"""``/ws`` under the real server, with a real client."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from itertools import pairwise
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.http.live_rig import (
    Live,
    Message,
    StandingReader,
    close_code,
    live,
    receive,
    receive_until,
)

LARGE = {"text": "x" * 20_000}
PLAIN = {"ws": "websockets-sansio"}


def site_messages(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message["type"] != "snapshot"]


async def follow(client: Any, last_page: str) -> list[Message]:
    """Read until the event on ``last_page`` has been told."""
    messages: list[Message] = []
    while not any((m["data"].get("event") or {}).get("page") == last_page for m in messages):
        messages += await receive(client)
    return messages


@pytest.mark.parametrize("server", [{}, PLAIN], ids=["frames", "plain"])
async def test_numbers_have_no_gap_under_load(server: dict[str, Any]) -> None:
    async with live(**server) as service, service.connect() as client:
        messages = await receive_until(client, "snapshot")
        for number in range(1_000):
            service.event(f"s{number % 100}", page=f"/{number}")
            if number % 20 == 0:
                await asyncio.sleep(0.002)
        messages += await follow(client, "/999")
    assert len(messages) > 300
    assert all(after["seq"] == before["seq"] + 1 for before, after in pairwise(messages))


@pytest.mark.parametrize("server", [{}, PLAIN], ids=["frames", "plain"])
async def test_single_batch_and_snake_carry_the_same_messages(server: dict[str, Any]) -> None:
    async with (
        live(**server) as service,
        service.connect() as single,
        service.connect("?batch=1") as batch,
        service.connect("?batch=1&naming=snake") as snake,
        service.connect(additional_headers={"x-naming": "snake"}) as by_header,
    ):
        clients = (single, batch, snake, by_header)
        for client in clients:
            await receive_until(client, "snapshot")
        for number in range(50):
            service.event(page=f"/{number}")
            await asyncio.sleep(0.002)
        single_messages, batch_messages, snake_messages, header_messages = [
            {m["seq"]: m for m in site_messages(await follow(client, "/49"))} for client in clients
        ]
    common = single_messages.keys() & batch_messages.keys() & snake_messages.keys() & header_messages.keys()
    assert len(common) >= 50
    for seq in common:
        assert single_messages[seq] == batch_messages[seq]
        assert snake_messages[seq] == header_messages[seq]
        assert snake_messages[seq]["type"] == single_messages[seq]["type"]
    rows = [m["data"] for m in snake_messages.values() if m["type"] == "session_activity"]
    assert rows[-1]["session_id"] == "a"


async def test_two_dashboards_get_identical_frames() -> None:
    async with live() as service, service.connect("?batch=1") as one, service.connect("?batch=1") as other:
        for client in (one, other):
            await receive_until(client, "snapshot")
        await asyncio.sleep(0.12)  # until nobody's arrival is news any more
        for number in range(10):
            service.event(page=f"/{number}")
        first, second = await one.recv(), await other.recv()
        while "/9" not in str(first):
            first = await one.recv()
        while "/9" not in str(second):
            second = await other.recv()
    assert first == second


async def test_a_large_snapshot_arrives_whole() -> None:
    async with live() as service:
        for number in range(3_000):
            service.event(f"s{number}", page="/" + "x" * 100)
        async with service.connect() as client:
            (snapshot,) = await receive(client)
    assert len(snapshot["data"]["visitors"]) == 3_000


async def test_questions_are_answered_to_the_one_who_asks() -> None:
    async with live() as service, service.connect() as asks, service.connect() as listens:
        service.event(page="/price")
        await follow(asks, "/price")
        await follow(listens, "/price")
        await asks.send('{"type":"request_detailed_stats","filter":{"page":"/price"}}')
        detailed = (await receive_until(asks, "detailed_stats"))[-1]
        assert detailed["data"]["filter"] == {"page": "/price"}
        assert detailed["data"]["stats"]["totalActive"] == 1
        await asks.send('{"type":"track_dashboard_action","action":"sort","details":{"by":"page"}}')
        assert (await receive_until(asks, "action_tracked"))[-1]["data"] == {"action": "sort"}
        await asks.send('{"type":"ping"}')
        assert (await receive_until(asks, "pong"))[-1]["data"]["serverTime"].endswith("Z")
        service.event(page="/end")
        heard = await follow(listens, "/end")
    assert not {"detailed_stats", "action_tracked", "pong"} & {message["type"] for message in heard}


# Who may connect


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "http://127.0.0.1", "http://127.0.0.1.evil.example:{port}"],
)
async def test_S4_07_pages_of_other_origins_are_refused_before_the_handshake(origin: str) -> None:
    async with live() as service:
        headers = {"Origin": origin.format(port=service.port)}
        with pytest.raises(InvalidStatus) as refused:
            await service.connect(additional_headers=headers)
        assert refused.value.response.status_code == 403
        body = json.loads(refused.value.response.body)
        assert body["success"] is False
        assert "origin" in body["message"]
        assert service.hub.snapshot().dashboards == 0


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:{port}", "https://panel.example"])
async def test_S4_07_own_and_allowed_origins_connect(origin: str | None) -> None:
    async with live(allowed_origins=("https://panel.example",)) as service:
        headers = {"Origin": origin.format(port=service.port)} if origin else {}
        async with service.connect(additional_headers=headers) as client:
            assert (await receive(client))[0]["type"] == "snapshot"


@pytest.mark.parametrize(("query", "status"), [("?site=unknown", 404), ("?naming=kebab", 422)])
async def test_what_cannot_be_served_is_refused_before_the_handshake(query: str, status: int) -> None:
    async with live() as service:
        with pytest.raises(InvalidStatus) as refused:
            await service.connect(query)
        assert refused.value.response.status_code == status


# FAULTS 2e


async def overflow(service: Live, peer: Any) -> None:
    """Publish until a queue overflows; ``peer`` keeps reading."""
    before = service.hub.counters.overflows
    while service.hub.counters.overflows == before:
        for _ in range(20):
            service.event(metadata=LARGE)
        service.hub.flush()
        await receive(peer)


@pytest.mark.parametrize("server", [{}, PLAIN], ids=["frames", "plain"])
async def test_F2e_01_a_slow_reader_gets_a_snapshot_and_its_peers_notice_nothing(
    server: dict[str, Any],
) -> None:
    async with live(flushing=False, **server) as service, service.connect("?batch=1") as peer:
        heard = await receive(peer)
        async with StandingReader(service.port, "?batch=1") as slow:
            await service.until_connected(2)
            rendered = service.hub.counters.snapshots_rendered
            while service.hub.counters.overflows == 0:
                for _ in range(20):
                    service.event(metadata=LARGE)
                service.hub.flush()
                heard += await receive(peer)
                assert service.hub.snapshot().queued_bytes <= 1024 * 1024
            service.event(page="/last")
            service.hub.flush()
            heard += await receive(peer)
            assert service.hub.counters.snapshots_rendered <= rendered + 1
            received = await slow.read_until(b'"seq":%d}' % heard[-1]["seq"])
        assert received.count(b'"type":"snapshot"') == 2
        assert b'"page":"/last"' in received[received.rindex(b'"type":"snapshot"') :]
        assert all(after["seq"] == before["seq"] + 1 for before, after in pairwise(heard))


async def test_F2e_01_the_third_overflow_closes_1013_and_does_not_wait_for_the_reader(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live(flushing=False) as service, service.connect("?batch=1") as peer:
        await receive(peer)
        async with StandingReader(service.port) as slow:
            await slow.read_until(b'"type":"snapshot"')
            for _ in range(2):
                await overflow(service, peer)
                await slow.read_until(b'"type":"snapshot"')
            await overflow(service, peer)
            await service.until_connected(1)
            service.hub.flush()
            await slow.read_until(b"\x88\x02" + (1013).to_bytes(2, "big"))
        assert service.hub.counters.closed_slow == 1
        assert peer.close_code is None
    assert "Traceback" not in caplog.text


async def test_F2e_02_a_dead_reader_is_gone_after_its_pings_whatever_is_left_to_write(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    async with (
        live(flushing=False, ws_ping_interval=0.3, ws_ping_timeout=2) as service,
        service.connect("?batch=1") as peer,
    ):
        await receive(peer)
        async with StandingReader(service.port):
            await service.until_connected(2)
            await overflow(service, peer)
            began = loop.time()
            await service.until_connected(1)
            # 2.3 s of pings and 1 s of patience; tests/test_server.py holds those in service to 25 s.
            assert loop.time() - began < 10
        assert service.hub.snapshot().queued_bytes == 0
    assert "Traceback" not in caplog.text


async def test_F2d_01_a_dead_reader_does_not_hold_the_shutdown_up(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    async with live(flushing=False, timeout_graceful_shutdown=60) as service:
        reader = StandingReader(service.port)
        await reader.__aenter__()
        async with service.connect("?batch=1") as peer:
            await service.until_connected(2)
            await receive(peer)
            await overflow(service, peer)
        began = loop.time()
    assert loop.time() - began < 10
    await reader.__aexit__()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_F2d_01_dashboards_are_told_that_the_service_restarts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live() as service:
        client = await service.connect()
        await receive(client)
    assert await close_code(client) == 1012
    assert "Traceback" not in caplog.text


async def test_F2e_03_three_hundred_dashboards_hear_of_a_change() -> None:
    loop = asyncio.get_running_loop()
    async with live() as service, AsyncExitStack() as stack:
        for number in range(200):
            service.event(f"s{number}")
        process = psutil.Process()
        before = process.memory_info().rss
        readers = [StandingReader(service.port, "?batch=1", 256 * 1024) for _ in range(300)]
        clients = [await stack.enter_async_context(reader) for reader in readers]
        await asyncio.gather(*(client.read_until(b'"type":"snapshot"') for client in clients))
        grown_kb = (process.memory_info().rss - before) / 1024 / len(clients)
        rendered = service.hub.counters.snapshots_rendered
        began = loop.time()
        service.event(page="/news")
        await asyncio.gather(*(client.read_until(b"/news") for client in clients))
        assert loop.time() - began < 5
        assert grown_kb < 60
        assert rendered < 100


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "{",
        "[]",
        '{"type":"unknown"}',
        '{"type":"resume","seq":"x"}',
        "\u0000",
        b"\x00\xff",
        b'{"type":"ping"}',
    ],
)
async def test_F2e_04_nonsense_gets_an_error_and_the_connection_stays(
    nonsense: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with live() as service, service.connect() as client, service.connect() as peer:
        await client.send(nonsense)
        error = (await receive_until(client, "error"))[-1]
        assert set(error["data"]) == {"message", "field"}
        await client.send('{"type":"ping"}')
        await receive_until(client, "pong")
        service.event(page="/peer")
        await follow(peer, "/peer")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("size", [16 * 1024 + 1, 10 * 1024 * 1024])
async def test_F2e_04_a_message_over_16_KiB_closes_1009(size: int, caplog: pytest.LogCaptureFixture) -> None:
    async with live() as service, service.connect() as client, service.connect() as peer:
        await receive(client)
        with suppress(ConnectionClosed):
            await client.send("x" * size)
        assert await close_code(client) == 1009
        await service.until_connected(1)
        service.event(page="/peer")
        await follow(peer, "/peer")
    assert "Traceback" not in caplog.text


async def test_F2e_04_16_KiB_is_a_message_like_others() -> None:
    async with live() as service, service.connect() as client:
        await client.send('{"type":"ping"}'.ljust(16 * 1024))
        await receive_until(client, "pong")


async def test_F2e_04_the_endpoint_itself_knows_the_limit_in_bytes() -> None:
    async with live(ws_max_size=1024 * 1024) as service, service.connect() as client:
        await client.send("ü" * (8 * 1024 + 1))
        assert await close_code(client) == 1009


async def test_F2e_04_text_that_is_no_utf_8_closes_1007_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live() as service, service.connect() as client:
        await receive(client)
        await client.send(b"\xff\xfe", text=True)
        assert await close_code(client) == 1007
    assert "Traceback" not in caplog.text
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("message", ['{"type":"ping"}', "nonsense", b"binary"])
async def test_F2e_04_a_flood_closes_1008(message: str | bytes) -> None:
    async with live() as service, service.connect() as client:
        await receive(client)
        with suppress(ConnectionClosed):
            for _ in range(200):
                await client.send(message)
        assert await close_code(client) == 1008


async def test_F2e_04_twenty_a_second_are_no_flood() -> None:
    async with live() as service, service.connect() as client:
        for _ in range(40):
            await client.send('{"type":"ping"}')
        pongs = 0
        while pongs < 40:
            pongs += sum(message["type"] == "pong" for message in await receive(client))
        await asyncio.sleep(0.06)
        await client.send('{"type":"ping"}')
        await receive_until(client, "pong")


async def test_F2e_05_a_client_that_comes_back_goes_on_where_it_was() -> None:
    async with live() as service, service.connect():
        async with service.connect() as client:
            await receive_until(client, "snapshot")
            service.event(page="/before")
            last = (await follow(client, "/before"))[-1]["seq"]
        service.event(page="/meanwhile")
        await service.until_connected(1)
        async with service.connect(f"?resume={last}") as client:
            messages = await follow(client, "/meanwhile")
    assert messages[0]["seq"] == last + 1
    assert all(message["type"] != "snapshot" for message in messages)


async def test_F2e_05_resume_on_the_open_connection() -> None:
    async with live() as service, service.connect() as client:
        first = (await receive_until(client, "snapshot"))[-1]["seq"]
        service.event(page="/a")
        heard = await follow(client, "/a")
        await client.send(json.dumps({"type": "resume", "seq": first}))
        assert (await follow(client, "/a"))[: len(heard)] == heard
        await client.send('{"type":"resume","seq":0}')
        again = (await receive_until(client, "snapshot"))[-1]
    assert again["data"]["stats"]["pagesVisited"] == {"/a": 1}


@pytest.mark.parametrize("resume", ["x", "-1", "9" * 40, "１"])
async def test_F2e_05_an_unusable_number_gives_a_snapshot(resume: str) -> None:
    async with live() as service, service.connect(f"?resume={resume}") as client:
        assert (await receive(client))[0]["type"] == "snapshot"


async def test_a_client_that_hangs_up_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    async with live() as service:
        for _ in range(20):
            client = await service.connect()
            service.event()
            client.transport.abort()
        await service.until_connected(0)
        status = service.hub.snapshot()
    assert (status.queued_bundles, status.dashboards_by_site) == (0, {})
    assert "Traceback" not in caplog.text
