"""Section 6 of the contract: what a dashboard may ask, and what it may not."""

import asyncio
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.contract.rig import SITE_MESSAGES, listen, numbers_rise_by_one, page, stage
from tests.support.service import run_service, until


async def test_detailed_stats_go_to_the_one_that_asks() -> None:
    async with stage() as play, listen(play.service.socket_url) as dashboard:
        await dashboard.wait_for("snapshot")
        await page(play.service, "de", "/a", country="DE", metadata={"device": "mobile"})
        await page(play.service, "fr", "/b", country="FR", metadata={"device": "desktop"})
        await dashboard.ask(type="request_detailed_stats", filter={"country": "DE"})
        answer = await dashboard.wait_for("detailed_stats")
        assert set(answer) == {
            "filter", "stats", "sessions", "events", "byCountry", "byPage", "byDevice",
        }  # fmt: skip
        assert answer["filter"] == {"country": "DE"}
        assert [row["sessionId"] for row in answer["sessions"]] == ["de"]
        assert [event["sessionId"] for event in answer["events"]] == ["de"]
        assert answer["stats"] == {"totalActive": 1, "totalToday": 1, "pagesVisited": {"/a": 1}}
        assert (answer["byCountry"], answer["byPage"], answer["byDevice"]) == (
            {"DE": 1}, {"/a": 1}, {"mobile": 1},
        )  # fmt: skip
        await dashboard.ask(type="request_detailed_stats")
        everything = await dashboard.wait_for("detailed_stats", 2)
        assert (everything["filter"], len(everything["sessions"])) == ({}, 2)
        assert play.dashboard.of_type("detailed_stats") == []
        await page(play.service, "es", "/c")
        await until(lambda: dashboard.messages[-1]["type"] in SITE_MESSAGES)
        assert numbers_rise_by_one(dashboard), [(m["seq"], m["type"]) for m in dashboard.messages]


async def test_actions_are_counted_and_acknowledged_and_ping_is_answered() -> None:
    async with run_service() as service, listen(service.socket_url) as dashboard:
        await dashboard.ask(type="track_dashboard_action", action="filter", details={"country": "DE"})
        assert (await dashboard.wait_for("action_tracked"))["action"] == "filter"
        assert (await service.get("/api/status"))["dashboards"]["actions"] == {"filter": 1}
        await dashboard.ask(type="ping")
        await dashboard.wait_for("pong")


NONSENSE: tuple[tuple[str | bytes, str | None], ...] = (
    ("{", None),
    ("[]", None),
    ("{}", "type"),
    ('{"type":"teleport"}', "type"),
    ('{"type":"resume","seq":"five"}', "seq"),
    ('{"type":"track_dashboard_action"}', "action"),
    ('{"type":"request_detailed_stats","filter":{"planet":"Mars"}}', "filter.planet"),
    ('{"type":"request_detailed_stats","filter":{"page":5}}', "filter.page"),
    ("[" * 10_000, None),
    (b"\x00\x01", None),
)


async def test_nonsense_is_answered_with_an_error_and_the_connection_stays() -> None:
    async with run_service() as service, listen(service.socket_url) as dashboard:
        for number, (text, field) in enumerate(NONSENSE, 1):
            await dashboard.socket.send(text)
            error = await dashboard.wait_for("error", number)
            assert set(error) == {"message", "field"}
            assert error["field"] == field, text[:60]
            assert "teleport" not in error["message"]
        await dashboard.ask(type="ping")
        await dashboard.wait_for("pong")


@pytest.mark.parametrize(
    ("messages", "code"),
    [(["x" * (16 * 1024 + 1)], 1009), (['{"type":"ping"}'] * 300, 1008)],
    ids=["over-16-KiB", "flood"],
)
async def test_too_large_and_too_many_messages_end_the_connection(messages: list[str], code: int) -> None:
    async with stage() as play, connect(play.service.socket_url, proxy=None) as socket:
        with suppress(ConnectionClosed):
            for message in messages:
                await socket.send(message)
        async with asyncio.timeout(15):
            with suppress(ConnectionClosed):
                while True:
                    await socket.recv()
        assert socket.close_code == code
        await page(play.service)
        await play.row("s")


async def test_pages_of_other_origins_are_refused() -> None:
    async with run_service() as service:
        url, port = service.socket_url, service.base_url.rpartition(":")[2]
        for origin in (
            "https://evil.example",
            "null",
            "http://127.0.0.1:1",
            f"http://127.0.0.1.evil.example:{port}",
        ):
            assert await refusal(url, origin) == 403, origin
        assert await refusal(url, service.base_url) is None
        assert await refusal(url + "?site=other") == 404


async def refusal(url: str, origin: str | None = None) -> int | None:
    """Return the status that the handshake is refused with, ``None`` when it is not."""
    headers = {} if origin is None else {"Origin": origin}
    try:
        async with connect(url, proxy=None, additional_headers=headers):
            return None
    except InvalidStatus as refused:
        return refused.response.status_code
