"""Section 4 of the contract: what is there again after a restart, in order or by a kill."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import httpx

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from emitters.sessions import SessionEmitter
from tests.contract.process import ServiceProcess, serving
from tests.contract.rig import ACME, CLOUD, DATA_CENTER_GUID, GLOBEX, asked, frame, iso, knows
from tests.support.clock import ShiftedClock
from tests.support.service import RunningService, run_service, settings_for_tests, until
from tracker.settings import Settings


def on_file(folder: Path, **values: object) -> Settings:
    return settings_for_tests(store__url=f"duckdb:{folder / 'tracker.duckdb'}", **values)


def without_durations(visitors: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: row | {"duration": 0, "status": ""} for name, row in visitors.items()}


async def post(service: RunningService, kind: str = "pageview", **fields: object) -> None:
    response = await service.post({"type": kind, "sessionId": "page", **fields})
    assert response.status_code == 201, response.text


async def test_C4_09_the_table_and_the_figures_come_back_and_nobody_is_paid_for_twice(tmp_path: Path) -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, SessionEmitter(world=World(1, 20)) as emitter:
        knows(vendor, ACME, "Acme", name="Ann", emailAddresses=["ann@acme.example"])
        knows(vendor, CLOUD, "Cloud", DATA_CENTER_GUID)
        settings = on_file(tmp_path, upstream__url=emitter.url, deanonymizer__url=vendor.url)
        now = time.time()
        async with run_service(settings) as service:
            await emitter.wait_for_clients(1)
            for session_id, ip in (("known", ACME), ("unknown", GLOBEX), ("cloud", CLOUD), ("over", ACME)):
                await emitter.send(frame("session-opened", session_id, ip, now - 60))
            for page, age_s in (("/", 50), ("/a", 40), ("/b", 30)):
                await post(service, page=page, timestamp=iso(now - age_s), country="DE")
            await emitter.send(frame("session-closed", "over", ACME, now - 10))
            await until(lambda: has(service, {"known", "unknown", "page"}))
            before = await picture(service)
        assert before["visitors"]["known"]["company"]["name"] == "Acme"
        assert before["visitors"]["page"]["journey"] == ["/", "/a", "/b"]
        assert (before["summary"]["totalToday"], before["hidden"]) == (4, 1)
        calls = len(vendor.calls)
        async with run_service(settings) as service:
            assert await picture(service) == before
            await emitter.wait_for_clients(1)
            for session_id, ip in (("a", ACME), ("b", GLOBEX), ("c", CLOUD)):
                await emitter.send(frame("session-opened", session_id, ip))
            await until(lambda: has(service, {"known", "unknown", "page", "a", "b"}))
            rows = await service.visitors()
            assert rows["a"]["company"]["name"] == "Acme"
            assert rows["b"]["enrichment"] == "unknown", "a miss is kept too"
            assert (await service.get("/api/visitors"))["hiddenSessions"] == 2
            assert len(vendor.calls) == calls, asked(vendor)
            await emitter.send(frame("keep-alive", "over", ACME, now))
            await emitter.send(frame("keep-alive", "z", "10.0.0.1"))
            await until(lambda: has(service, {"known", "unknown", "page", "a", "b", "z"}))
            drops = (await service.get("/api/status"))["core"]["drops"]
            assert drops == {"late": 1}, "what was closed stays closed"


async def picture(service: RunningService) -> dict[str, Any]:
    visitors = await service.get("/api/visitors")
    return {
        "visitors": without_durations(await service.visitors()),
        "summary": (await service.get("/api/analytics/summary"))["summary"],
        "hidden": visitors["hiddenSessions"],
        "perCompany": visitors["averages"]["visitorsPerCompany"],
        "today": visitors["averages"]["sessionDurationToday"],
        "journey": (await service.get("/api/analytics/sessions/page"))["journey"],
        "ended": (await service.get("/api/analytics/sessions/over"))["endedAt"],
    }


async def has(service: RunningService, session_ids: set[str]) -> bool:
    rows = await service.visitors()
    return set(rows) == session_ids and all(row["enrichment"] != "pending" for row in rows.values())


async def test_C4_09_silence_goes_on_while_the_service_is_down(tmp_path: Path) -> None:
    settings = on_file(tmp_path, sessions__idle_timeout_s=60)
    opened, clock = time.time() - 20, ShiftedClock()
    async with run_service(settings, clock) as service:
        await post(service, page="/", timestamp=iso(opened))
    clock.advance(61)
    async with run_service(settings, clock) as service:
        assert await service.visitors() == {}
        assert (await service.get("/api/analytics/summary"))["summary"] == {
            "totalActive": 0,
            "totalToday": 1,
            "pagesVisited": {"/": 1},
        }
        await post(service, page="/again")
        row = (await service.visitors())["page"]
        assert (row["openedAt"], row["journey"]) == (iso(opened), ["/", "/again"])


async def test_C5_ids_are_known_after_a_restart(tmp_path: Path) -> None:
    event = {"type": "pageview", "sessionId": "s", "page": "/", "id": "e1"}
    async with run_service(on_file(tmp_path)) as service:
        assert (await service.post(event)).status_code == 201
    async with run_service(on_file(tmp_path)) as service:
        again = await service.post(event)
        assert (again.status_code, again.json()["data"]["duplicate"]) == (200, True)
        assert (await service.post(event | {"page": "/other"})).status_code == 409
        assert (await service.get("/api/analytics/summary"))["summary"]["pagesVisited"] == {"/": 1}


async def test_C4_a_spent_budget_stays_spent_after_a_restart(tmp_path: Path) -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor:
        settings = on_file(tmp_path, deanonymizer__url=vendor.url, deanonymizer__daily_budget=1)
        async with run_service(settings) as service:
            await post(service, sessionId="a", ip=ACME)
            await until(lambda: has(service, {"a"}))
        async with run_service(settings) as service:
            await post(service, sessionId="b", ip=GLOBEX)
            await until(lambda: has(service, {"a", "b"}))
            assert (await service.visitors())["b"]["enrichment"] == "skipped"
            assert asked(vendor) == [ACME]


async def test_F2d_02_C4_09_after_a_kill_everything_acknowledged_is_there_once(tmp_path: Path) -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor:
        knows(vendor, ACME, "Acme")
        url = f"deanonymizer.url={vendor.url}"
        opened = time.time() - 60
        events = [
            {
                "type": "pageview",
                "sessionId": f"s{number % 10}",
                "id": f"e{number}",
                "page": f"/{number % 7}",
                "timestamp": iso(opened + number / 10),
                "ip": ACME,
            }
            for number in range(300)
        ]
        with serving(tmp_path, url) as process:
            async with client(process) as http:
                await post_all(http, events[:200])
                await until(lambda: is_written(http))
                await post_all(http, events[200:])
                before = await killed_picture(http)
            process.send(signal.SIGKILL)
            assert await process.exit_status() == -signal.SIGKILL
        assert before["summary"]["totalActive"] == 10
        assert {row["company"]["name"] for row in before["rows"].values()} == {"Acme"}
        began_s = time.monotonic()
        with serving(tmp_path, url) as process:
            print(f"serves again after {time.monotonic() - began_s:.1f} s")
            async with client(process) as http:
                assert await killed_picture(http) == before
                assert before["rows"]["s0"]["openedAt"] == iso(opened)
                again = await http.post("/api/events", json=events)
                assert (again.status_code, again.json()["data"]["duplicates"]) == (201, 300)
                assert len(vendor.calls) == 1, "the answer was kept"
        assert "Traceback" not in process.log.read_text()


def client(process: ServiceProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=15)


async def post_all(http: httpx.AsyncClient, events: list[dict[str, Any]]) -> None:
    """Send one by one, a few at a time, keeping the order within each session."""

    async def lane(session_id: str) -> None:
        for event in events:
            if event["sessionId"] == session_id:
                assert (await http.post("/api/events", json=event)).status_code == 201

    async with asyncio.TaskGroup() as tasks:
        for session_id in {event["sessionId"] for event in events}:
            tasks.create_task(lane(session_id), name=f"lane {session_id}")


async def is_written(http: httpx.AsyncClient) -> bool:
    """Whether answers and sessions are on the disk: up to a second after they came."""
    status = (await http.get("/api/status")).json()["data"]
    lookups, store = status["lookups"], status["store"]
    return bool(lookups["calls"] and not lookups["unsaved"] and not store["checkpointWaiting"])


async def killed_picture(http: httpx.AsyncClient) -> dict[str, Any]:
    visitors = (await http.get("/api/visitors")).json()["data"]["visitors"]
    summary = (await http.get("/api/analytics/summary")).json()["data"]["summary"]
    journeys = [
        (await http.get(f"/api/analytics/sessions/s{number}")).json()["data"]["journey"]
        for number in range(10)
    ]
    rows = without_durations({row["sessionId"]: row for row in visitors})
    return {"rows": rows, "summary": summary, "journeys": journeys}


async def test_a_visitor_without_an_id_is_the_same_one_after_a_restart(tmp_path: Path) -> None:
    values = {"store__url": f"duckdb:{tmp_path}/tracker.duckdb"}
    ids = set()
    for agent in ("Browser", "Browser", "Other"):
        async with run_service(settings_for_tests(**values)) as running:
            response = await running.post({"event": "pageview"}, headers={"user-agent": agent})
            ids.add(response.json()["data"]["sessionId"])
    assert len(ids) == 2
