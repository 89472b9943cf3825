"""Section 4 of the contract, "Filters": what must come out nowhere, looked for everywhere."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from emitters.deanonymizer import Deanonymizer
from emitters.names import PERSONAL_EMAIL_DOMAINS
from emitters.population import DATA_CENTERS, World
from tests.contract.rig import CLOUD, DATA_CENTER_GUID, Stage, knows, listen, stage
from tests.support.dashboard import open_dashboard
from tests.support.service import RunningService, until

SESSIONS = 200
CLOUD_GUIDS = {center.guid for center in DATA_CENTERS}
CLOUD_NAMES = [center.name for center in DATA_CENTERS]
PERSONAL_DOMAINS = tuple(f"@{domain.lower()}" for domain in PERSONAL_EMAIL_DOMAINS)
PATHS = (
    "/api/visitors",
    "/api/visitors?naming=snake",
    "/api/analytics/summary",
    "/api/analytics/sessions",
    "/api/analytics/detailed",
    "/api/status",
    "/metrics",
    "/health",
    "/ready",
    "/",
    "/dashboard.html",
)


class Town:
    """200 sessions of a seeded world, and what is known about them."""

    def __init__(self) -> None:
        rng = Random(11)
        self.world = World(11, 400)
        self.visits = {
            str(UUID(int=rng.getrandbits(128), version=4)): self.world.pick(rng) for _ in range(SESSIONS)
        }
        self.emails = {
            email
            for resident in self.world.residents.values()
            if resident is not None and resident.contact is not None
            for email in resident.contact.email_addresses
        }
        self.personal = {email for email in self.emails if email.lower().endswith(PERSONAL_DOMAINS)}
        self.hidden = {session_id for session_id, ip in self.visits.items() if self.is_cloud(ip)}

    def is_cloud(self, ip: str) -> bool:
        resident = self.world.residents[ip]
        return resident is not None and resident.company is not None and resident.company.guid in CLOUD_GUIDS

    def company(self, session_id: str) -> str | None:
        resident = self.world.residents[self.visits[session_id]]
        return resident.company.name if resident and resident.company else None


async def test_no_personal_address_and_no_data_center_comes_out_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "tracker")
    caplog.set_level(
        logging.WARNING, "httpx"
    )  # as the service has it; the client of the test logs URLs there
    town = Town()
    assert len(town.hidden) >= 5
    assert len(town.personal) >= 50
    vendor = Deanonymizer(seed=11, failures=0.1, faults=("latency",), world=town.world)
    values = {
        "store__url": f"duckdb:{tmp_path / 'tracker.duckdb'}",
        "sessions__reveal_after_s": 8,  # longer than any lookup takes: nothing may flash up
        "deanonymizer__concurrency": 64,
        "deanonymizer__attempts": 5,
    }
    answers: list[str] = []
    async with (
        vendor,
        _slow_at_random(vendor),
        stage(vendor, **values) as play,
        listen(play.service.socket_url, "?naming=snake") as snake,
        _polling(play.service, [*PATHS, *_paths_of_hidden(town)], answers),
    ):
        await _arrive(play, town)
        shown = set(town.visits) - town.hidden
        await play.dashboard.wait_for(lambda seen: set(seen.rows) == shown, within_s=15)
        # The last answer may be one about a hidden session.
        visitors = await until(lambda: _all_answered(play.service, len(town.hidden)))
        assert visitors["hiddenSessions"] == len(town.hidden)
        assert visitors["total"] == len(shown)
        summary = (await play.service.get("/api/analytics/summary"))["summary"]
        assert (summary["totalActive"], summary["totalToday"]) == (len(shown), len(shown))
        identified = [row for row in play.dashboard.rows.values() if row["enrichment"] == "identified"]
        assert len(identified) > SESSIONS / 2
        for row in identified:
            assert (row["company"] or {}).get("name") == town.company(row["sessionId"])
        for session_id in list(town.hidden)[:2]:
            await play.say("session-closed", session_id, town.visits[session_id])
        await play.settle()
        assert (await play.service.get("/api/visitors"))["hiddenSessions"] == len(town.hidden) - 2
        frames = [*play.dashboard.raw_frames, *snake.frames]

    never_shown = (*town.hidden, *CLOUD_NAMES, *CLOUD_GUIDS)
    for what, text in (
        ("frames", "\n".join(frames)),
        ("answers", "\n".join(answers)),
        ("logs", caplog.text),
    ):
        assert _found(text, town.personal) == [], f"personal addresses in {what}"
        assert _found(text, never_shown) == [], f"data centers in {what}"
    stored = _bytes_of_all_files(tmp_path).decode("utf-8", "replace")
    assert _found(stored, town.personal) == [], "personal addresses in the store"
    assert _found(stored, CLOUD_NAMES) == [], "data centers in the store"
    # The search itself works: what may be there is found.
    business = town.emails - town.personal
    for text in ("\n".join(frames), "\n".join(answers), stored):
        assert _found(text, business)


async def _all_answered(service: RunningService, hidden: int) -> dict[str, Any] | None:
    """What is told of visitors once so many sessions are hidden."""
    visitors: dict[str, Any] = await service.get("/api/visitors")
    return visitors if visitors["hiddenSessions"] >= hidden else None


async def test_a_late_answer_takes_the_row_and_every_figure_back() -> None:
    async with (
        Deanonymizer(world=World(1, 20)) as vendor,
        stage(vendor, sessions__reveal_after_s=0.2) as play,
    ):
        knows(vendor, CLOUD, "NexaCore Data Systems", DATA_CENTER_GUID)
        vendor.hold()
        response = await play.service.post({"type": "pageview", "sessionId": "a", "page": "/x", "ip": CLOUD})
        assert response.status_code == 201
        await play.say("session-opened", "b", CLOUD)
        for session_id in ("a", "b"):
            assert (await play.row(session_id))["enrichment"] == "pending"
        vendor.release()
        for session_id in ("a", "b"):
            assert await play.gone(session_id) == "hidden"
        visitors = await play.service.get("/api/visitors")
        assert (visitors["total"], visitors["hiddenSessions"]) == (0, 2)
        summary = (await play.service.get("/api/analytics/summary"))["summary"]
        assert summary == {"totalActive": 0, "totalToday": 0, "pagesVisited": {}}
        await play.dashboard.wait_for(lambda seen: seen.stats == summary)
        assert (await play.service.http.get("/api/analytics/sessions/a")).status_code == 404
        async with open_dashboard(play.service.socket_url) as later:
            (snapshot,) = later.of_type("snapshot")
            assert (snapshot["visitors"], snapshot["recentEvents"]) == ([], [])
            assert {minute["visitors"] for minute in snapshot["visitorsByMinute"]} == {0}
            assert snapshot["hiddenSessions"] == 2
        assert "NexaCore" not in "".join(play.dashboard.raw_frames)


async def test_messages_wait_until_a_session_is_revealed() -> None:
    async with (
        Deanonymizer(world=World(1, 20)) as vendor,
        stage(vendor, sessions__reveal_after_s=30) as play,
    ):
        vendor.hold()
        response = await play.service.post({"type": "click", "sessionId": "a", "page": "/x", "ip": CLOUD})
        assert response.json()["data"]["currentStats"]["totalActive"] == 0
        await play.settle()
        assert "a" not in "".join(data["sessionId"] for data in play.dashboard.of_type("session_activity"))
        play.pass_time(31)
        assert (await play.row())["enrichment"] == "pending"
        await play.dashboard.wait_for(
            lambda seen: any(data["event"] for data in seen.of_type("visitor_update"))
        )
        vendor.release()
        await play.dashboard.wait_for(lambda seen: seen.rows["a"]["enrichment"] == "unknown")


async def test_own_domains_and_own_data_centers_are_added_to_the_settings() -> None:
    async with (
        Deanonymizer(world=World(1, 20)) as vendor,
        stage(
            vendor,
            filters__personal_email_domains=["private.example"],
            filters__data_center_companies=["guid-of-a-host"],
        ) as play,
    ):
        knows(
            vendor,
            "185.242.1.1",
            "Acme",
            name="Ann",
            emailAddresses=["ann@private.example", "ann@acme.example", "ann@yahoo.co.jp"],
        )
        knows(vendor, "185.242.1.2", "Host", "guid-of-a-host")
        await play.say("session-opened", "a", "185.242.1.1")
        await play.say("session-opened", "b", "185.242.1.2")
        assert (await play.row("a"))["contact"]["emailAddresses"] == ["ann@acme.example"]
        await vendor.wait_for_calls(2)
        await play.settle()
        assert (await play.service.get("/api/visitors"))["hiddenSessions"] == 1


async def _arrive(play: Stage, town: Town) -> None:
    """Everyone comes within some seconds; what the world says about an event's address holds too."""
    for number, (session_id, ip) in enumerate(town.visits.items()):
        if number % 10 == 0:
            event = {"type": "pageview", "sessionId": session_id, "page": f"/p{number}", "ip": ip}
            assert (await play.service.post(event)).status_code == 201
        else:
            await play.say("session-opened", session_id, ip)
        await asyncio.sleep(0.01)


def _paths_of_hidden(town: Town) -> list[str]:
    return [f"/api/analytics/sessions/{session_id}" for session_id in list(town.hidden)[:3]]


@asynccontextmanager
async def _slow_at_random(vendor: Deanonymizer) -> AsyncIterator[None]:
    """Let each answer take up to a second."""

    async def vary() -> None:
        rng = Random(3)
        while True:
            vendor.latency_s = rng.uniform(0, 1)
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        varying = tasks.create_task(vary(), name="latency")
        yield
        varying.cancel()


@asynccontextmanager
async def _polling(service: RunningService, paths: list[str], answers: list[str]) -> AsyncIterator[None]:
    """Ask for every path again and again; keep the texts of all answers."""

    async def poll() -> None:
        while True:
            for path in paths:
                response = await service.http.get(path)
                assert response.status_code == (404 if "/sessions/" in path else 200)
                answers.append(f"{json.dumps(dict(response.headers))}\n{response.text}")
            await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(poll(), name="polling")
        yield
        polling.cancel()


def _bytes_of_all_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _found(text: str, forbidden: object) -> list[str]:
    assert isinstance(forbidden, set | list | tuple)
    lower = text.lower()
    return [item for item in forbidden if item.lower() in lower]
