"""Section 5 of the contract, "Live": what a program that asks is told about this moment."""

import time
from typing import Any

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.contract.rig import ACME, GLOBEX, Stage, iso, knows, stage, unix
from tests.support.service import RunningService, run_service

ROW = {
    "sessionId", "source", "ip", "company", "contact", "country", "device", "currentPage", "journey",
    "pageCount", "openedAt", "lastActivityAt", "duration", "status", "enrichment",
}  # fmt: skip


async def crowd(service: RunningService) -> None:
    """Four visitors: DE desktop /a, DE mobile /b by way of /a, FR desktop /b, and one that has left."""
    for session_id, country, device, pages in (
        ("de-1", "DE", "desktop", ["/a"]),
        ("de-2", "DE", "mobile", ["/a", "/b"]),
        ("fr-1", "FR", "desktop", ["/b"]),
        ("gone", "FR", "tablet", ["/c"]),
    ):
        for page in pages:
            event = {
                "type": "pageview",
                "sessionId": session_id,
                "page": page,
                "country": country,
                "metadata": {"device": device, "browser": "Firefox", "referrer": "https://search.example/"},
            }
            assert (await service.post(event)).status_code == 201
    await service.post({"type": "session_end", "sessionId": "gone"})


async def test_visitors() -> None:
    async with run_service() as service:
        await crowd(service)
        data = await service.get("/api/visitors")
        assert set(data) == {"visitors", "total", "averages", "hiddenSessions"}
        assert set(data["averages"]) == {"visitorsPerCompany", "sessionDuration", "sessionDurationToday"}
        assert [row["sessionId"] for row in data["visitors"]] == ["fr-1", "de-2", "de-1"], "newest first"
        assert all(set(row) == ROW for row in data["visitors"])
        assert (data["total"], data["hiddenSessions"]) == (3, 0)


FILTERS: tuple[tuple[dict[str, str | int], set[str]], ...] = (
    ({"country": "DE"}, {"de-1", "de-2"}),
    ({"country": "de"}, {"de-1", "de-2"}),
    ({"page": "/b"}, {"de-2", "fr-1"}),
    ({"country": "DE", "page": "/b"}, {"de-2"}),
    ({"country": "ES"}, set()),
    ({"company": "Acme"}, set()),
)


async def test_filters_of_visitors() -> None:
    async with run_service() as service:
        await crowd(service)
        for query, found in FILTERS:
            data = await service.get("/api/visitors", **query)
            assert {row["sessionId"] for row in data["visitors"]} == found, query
            assert data["total"] == len(found)


async def test_limit_of_visitors_and_sessions() -> None:
    async with run_service() as service:
        await crowd(service)
        visitors = await service.get("/api/visitors", limit=2)
        assert ([row["sessionId"] for row in visitors["visitors"]], visitors["total"]) == (
            ["fr-1", "de-2"],
            3,
        )
        sessions = await service.get("/api/analytics/sessions", limit=1)
        assert (len(sessions["sessions"]), sessions["totalCount"]) == (1, 3)
        for limit in ("0", "-1", "many", "1e3", "5001", "٣", ""):
            refused = await service.http.get("/api/visitors", params={"limit": limit})
            assert refused.status_code == 422, limit
            assert [fault["field"] for fault in refused.json()["errors"]] == ["limit"]


async def test_summary_whole_and_filtered() -> None:
    async with run_service() as service:
        await crowd(service)
        data = await service.get("/api/analytics/summary")
        assert set(data) == {"summary", "generatedAt"}
        assert abs(unix(data["generatedAt"]) - time.time()) < 30
        assert data["summary"] == {
            "totalActive": 3,
            "totalToday": 4,
            "pagesVisited": {"/a": 2, "/b": 2, "/c": 1},
        }
        german = (await service.get("/api/analytics/summary", country="DE"))["summary"]
        assert german == {"totalActive": 2, "totalToday": 2, "pagesVisited": {"/a": 2, "/b": 1}}


async def test_sessions() -> None:
    async with run_service() as service:
        await crowd(service)
        data = await service.get("/api/analytics/sessions", country="DE", page="/b")
        assert (set(data), data["totalCount"]) == ({"sessions", "totalCount"}, 1)
        (session,) = data["sessions"]
        assert set(session) == {
            "sessionId", "currentPage", "journey", "duration", "country", "device", "lastActivity",
        }  # fmt: skip
        assert (session["sessionId"], session["currentPage"]) == ("de-2", "/b")
        assert (session["journey"], session["device"]) == (["/a", "/b"], "mobile")
        assert 0 <= session["duration"] < 40


async def test_a_session_of_either_source_live_or_ended() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        knows(vendor, ACME, "Acme")
        now = time.time()
        await play.say("session-opened", "frames", at=now - 60)
        await play.row("frames")
        for page, age_s in (("/a", 50), ("/b", 40)):
            event = {"type": "pageview", "sessionId": "s/1 é", "page": page, "timestamp": iso(now - age_s)}
            await play.service.post(event)
        live = {name: await detail(play, name) for name in ("frames", "s/1 é")}
        assert all(set(data) == ROW | {"events", "endedAt"} for data in live.values())
        assert (live["frames"]["source"], live["frames"]["company"]["name"]) == ("upstream", "Acme")
        assert (live["frames"]["journey"], live["frames"]["events"]) == ([], [])
        assert live["s/1 é"]["source"] == "events"
        assert live["s/1 é"]["journey"] == [
            {"page": "/a", "at": iso(now - 50)},
            {"page": "/b", "at": iso(now - 40)},
        ]
        assert [event["page"] for event in live["s/1 é"]["events"]] == ["/a", "/b"]
        assert all(data["endedAt"] is None for data in live.values())
        await play.say("session-closed", "frames", at=now - 10)
        await play.gone("frames")
        await play.service.post({"type": "session_end", "sessionId": "s/1 é", "timestamp": iso(now - 20)})
        ended = {name: await detail(play, name) for name in live}
        assert ended["frames"]["endedAt"] == iso(now - 10)
        assert ended["s/1 é"]["endedAt"] == iso(now - 20)
        assert (ended["frames"]["duration"], ended["s/1 é"]["duration"]) == (50, 30)
        assert ended["s/1 é"]["journey"] == live["s/1 é"]["journey"]
        assert (await play.service.http.get("/api/analytics/sessions/never")).status_code == 404


async def detail(play: Stage, session_id: str) -> dict[str, Any]:
    data: dict[str, Any] = await play.service.get(f"/api/analytics/sessions/{session_id.replace('/', '%2F')}")
    assert data["sessionId"] == session_id
    return data


async def test_detailed_counts_by_everything() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        knows(vendor, ACME, "Acme")
        knows(vendor, GLOBEX, "Globex")
        await crowd(play.service)
        for session_id, ip in (("x", ACME), ("y", ACME), ("z", GLOBEX)):
            await play.say("session-opened", session_id, ip)
            await play.row(session_id)
        data = await play.service.get("/api/analytics/detailed")
        assert data == {
            "total": 6,
            "byCountry": {"DE": 2, "FR": 1},
            "byPage": {"/b": 2, "/a": 1},
            "byDevice": {"desktop": 2, "mobile": 1},
            "byBrowser": {"Firefox": 3},
            "byReferrer": {"https://search.example/": 3},
            "byCompany": {"Acme": 2, "Globex": 1},
        }
        assert (await play.service.get("/api/analytics/detailed", company="Acme"))["byCompany"] == {"Acme": 2}
        visitors = await play.service.get("/api/visitors", company="acme")
        assert {row["sessionId"] for row in visitors["visitors"]} == {"x", "y"}
        assert visitors["averages"]["visitorsPerCompany"] == 1.5


async def test_reset_begins_the_live_figures_anew_and_ends_nobody() -> None:
    async with run_service() as service:
        await crowd(service)
        response = await service.http.post("/api/analytics/reset")
        assert (response.status_code, response.json()["success"]) == (200, True)
        summary = (await service.get("/api/analytics/summary"))["summary"]
        assert summary == {"totalActive": 3, "totalToday": 0, "pagesVisited": {}}
        await service.post({"type": "pageview", "sessionId": "de-1", "page": "/new"})
        summary = (await service.get("/api/analytics/summary"))["summary"]
        assert summary == {"totalActive": 3, "totalToday": 1, "pagesVisited": {"/new": 1}}
        assert (await service.get("/api/status"))["store"]["storedEvents"] == 7, "history stays"
        assert (await service.http.get("/api/analytics/reset")).status_code == 405


async def test_what_nobody_reads_in_a_query_is_refused() -> None:
    async with run_service() as service:
        for path, name in (
            ("/api/visitors", "contry"),
            ("/api/analytics/summary", "company"),
            ("/api/analytics/sessions", "company"),
            ("/api/analytics/detailed", "limit"),
            ("/api/analytics/sessions/s", "limit"),
        ):
            refused = await service.http.get(path, params={name: "value-of-the-sender"})
            assert refused.status_code == 422, path
            assert refused.json()["errors"]
            assert "value-of-the-sender" not in refused.text
            accepted = await service.http.get(path, params={"site": "default", "naming": "camel"})
            assert accepted.status_code == (404 if path.endswith("/s") else 200)
        too_long = await service.http.get("/api/visitors", params={"page": "x" * 2001})
        assert too_long.status_code == 422
