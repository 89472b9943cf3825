"""Forgetting one visitor through the whole service: files, caches, live state, dashboards."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.contract.rig import ACME, GLOBEX, asked, knows, page, stage
from tests.support.dashboard import open_dashboard
from tests.support.service import RunningService, run_service, settings_for_tests, until

CANARY = {"userId": "canary-user", "sessionId": "canary-session", "ip": ACME, "email": "canary@acme.example"}
NOTHING = {"events": 0, "sessions": 0, "rejects": 0, "identities": 0, "live": 0}


async def erase(service: RunningService, **named: str) -> dict[str, int]:
    response = await service.http.post("/api/visitors/erase", json=named, timeout=30)
    assert response.status_code == 200, response.text
    erased: dict[str, int] = response.json()["data"]["erased"]
    return erased


def in_files(folder: Path) -> set[tuple[str, str]]:
    texts = (*CANARY.values(), "Canary Name", "/canary")
    return {
        (file.name, text) for file in folder.iterdir() for text in texts if text.encode() in file.read_bytes()
    }


async def post(service: RunningService, **fields: Any) -> None:
    known = {name: CANARY[name] for name in ("sessionId", "userId", "ip")}
    await page(service, fields.pop("sessionId", known.pop("sessionId")), "/canary", **(known | fields))


@pytest.mark.parametrize("name", CANARY)
async def test_S4_21_nothing_is_left_in_files_answers_and_dashboards(tmp_path: Path, name: str) -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor:
        knows(vendor, ACME, "Acme", name="Canary Name", emailAddresses=[CANARY["email"]])
        values = {"store__url": f"duckdb:{tmp_path}/tracker.duckdb", "deanonymizer__url": vendor.url}
        async with run_service(settings_for_tests(**values)) as service:
            for kind in ("pageview", "session_end", "pageview"):
                await post(service, type=kind)
            await page(service, "other", "/other", ip=GLOBEX)
            broken = f"{json.dumps(CANARY)},"
            refused = await service.http.post(
                "/api/events", content=broken, headers={"content-type": "application/json"}
            )
            assert refused.status_code == 400
            await until(lambda: is_identified(service, "canary-session"))
            await until(lambda: {text for _, text in in_files(tmp_path)} >= {*CANARY.values(), "Canary Name"})
            async with open_dashboard(service.socket_url) as dashboard:
                await dashboard.wait_for(lambda seen: "canary-session" in seen.rows)
                erased = await erase(service, **{name: CANARY[name]})
                assert erased == {"events": 3, "sessions": 1, "rejects": 1, "identities": 1, "live": 1}
                await dashboard.wait_for(lambda seen: len(seen.of_type("snapshot")) == 2)
                ends = dashboard.of_type("session_ended")
                assert [end["sessionId"] for end in ends] == ["canary-session"]
                told = json.dumps(dashboard.of_type("snapshot")[1])
                assert not [text for text in CANARY.values() if text in told]
                assert set(dashboard.rows) == {"other"}
            assert in_files(tmp_path) == set()
            assert await erase(service, **{name: CANARY[name]}) == NOTHING
            assert (await service.get("/api/analytics/totals"))["totalEvents"] == 1
            assert (await service.get("/api/analytics/summary"))["summary"] == {
                "totalActive": 1,
                "totalToday": 1,
                "pagesVisited": {"/other": 1},
            }
            assert not service.service.rejects.recent
            calls = len(vendor.calls)
            await post(service)
            await until(lambda: is_identified(service, "canary-session"))
            assert asked(vendor)[calls:] == [ACME], "the answer was not kept"
            await erase(service, **{name: CANARY[name]})
        assert in_files(tmp_path) == set(), "nor after the end"
        async with run_service(settings_for_tests(**values)) as service:
            assert set(await service.visitors()) == {"other"}


async def is_identified(service: RunningService, session_id: str) -> bool:
    row = (await service.visitors()).get(session_id)
    return row is not None and row["enrichment"] == "identified"


async def test_S4_21_events_in_flight_do_not_bring_it_back(tmp_path: Path) -> None:
    settings = settings_for_tests(store__url=f"duckdb:{tmp_path}/tracker.duckdb")
    async with run_service(settings) as service:
        accepted = 0

        async def keep_posting(until_set: asyncio.Event) -> None:
            nonlocal accepted
            while not until_set.is_set():
                await post(service)
                accepted += 1

        asked_for = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(keep_posting(asked_for), name=f"visitor {number}")
            await until(lambda: accepted > 100)
            erasing = tasks.create_task(erase(service, userId=CANARY["userId"]), name="erasing")
            asked_for.set()
        # All were sent before the erasure was answered: those that came after its cut are erased now.
        erased = erasing.result()["events"] + (await erase(service, userId=CANARY["userId"]))["events"]
        assert erased == accepted
        assert in_files(tmp_path) == set()
        assert (await service.get("/api/analytics/totals"))["totalEvents"] == 0
        assert await service.visitors() == {}


async def test_S4_21_a_session_of_the_emitter_stays_away_while_its_frames_go_on() -> None:
    async with stage() as on:
        await on.say("session-opened", "a", "10.0.0.1")
        await on.row("a")
        assert (await erase(on.service, ip="10.0.0.1"))["live"] == 1
        assert await on.gone("a") == "hidden"
        await on.say("keep-alive", "a", "10.0.0.1")
        await on.settle()
        assert "a" not in await on.service.visitors()
        assert (await on.drops())["late"] == 1


async def test_S4_21_in_memory_too() -> None:
    async with run_service() as service:
        await post(service)
        assert (await erase(service, sessionId="canary-session"))["live"] == 1
        assert (await service.get("/api/analytics/totals"))["totalEvents"] == 0


async def test_S4_21_while_the_history_is_away_it_is_said_and_can_be_asked_again() -> None:
    async with run_service() as service:
        await post(service)
        await service.service.mover.close()
        response = await service.http.post("/api/visitors/erase", json={"ip": ACME})
        assert response.status_code == 503
        assert response.headers["retry-after"]
