"""Section 5 of the contract, "Events in": every answer of ``POST /api/events``."""

from typing import Any

from tests.contract.posting import EVENT, INPUT, fields, refusal, stored
from tests.support.service import run_service


async def test_201_for_one_event_at_either_door() -> None:
    async with run_service() as service:
        for number, path in enumerate(("/api/events", "/api/analytics/collect"), 1):
            event = {"type": "pageview", "sessionId": f"s{number}", "page": "/pricing"}
            response = await service.http.post(path, json=event)
            assert response.status_code == 201
            body = response.json()
            assert (body["success"], set(body)) == (True, {"success", "message", "data"})
            assert set(body["data"]) == {"id", "sessionId", "currentStats"}
            assert body["data"]["id"]
            assert body["data"]["sessionId"] == f"s{number}"
            figures = {"totalActive": number, "totalToday": number, "pagesVisited": {"/pricing": number}}
            assert body["data"]["currentStats"] == figures
            assert await stored(service) == number


DIALECTS: tuple[tuple[dict[str, Any], str | None], ...] = (
    ({"type": "my-own", "sessionId": "s0", "metadata": {"device": "mobile", "plan": 3}}, None),
    ({"type": "click", "session_id": "s1", "user_id": "u"}, None),
    ({"eventType": "pageview", "userId": "s2", "metadata": {"page": "/p", "browser": "Firefox"}}, "/p"),
    ({"event_type": "pageview", "user_id": "s3"}, None),
    ({"event": "visit", "url": "https://site.example/p?secret=1#top", "sessionId": "s4"}, "/p"),
    ({"event": "page_view", "userId": "s5", "url": "/p"}, "/p"),
)


async def test_three_dialects_in_either_naming() -> None:
    async with run_service() as service:
        for number, (event, page) in enumerate(DIALECTS):
            response = await service.post(event)
            assert response.status_code == 201, response.text
            assert response.json()["data"]["sessionId"] == f"s{number}"
            assert (await service.visitors())[f"s{number}"]["currentPage"] == page


async def test_without_a_session_id_a_daily_hash_of_address_and_user_agent() -> None:
    async with run_service() as service:
        agents = ("one", "one", "two")
        answers = [
            await service.post({"event": "visit", "url": "/"}, headers={"User-Agent": agent})
            for agent in agents
        ]
        first, again, other = [answer.json()["data"]["sessionId"] for answer in answers]
        assert first == again != other
        assert "127.0.0.1" not in first


async def test_405_names_what_is_allowed() -> None:
    async with run_service() as service:
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            response = await service.http.request(method, "/api/events")
            refusal(response, 405)
            assert set(response.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
        response = await service.http.post("/api/visitors")
        refusal(response, 405)
        assert "GET" in response.headers["allow"]


async def test_409_for_the_same_id_with_other_content() -> None:
    async with run_service() as service:
        assert (await service.post(EVENT | {"id": "e1"})).status_code == 201
        conflict = await service.post(EVENT | {"id": "e1", "page": "/" + INPUT})
        assert fields(refusal(conflict, 409)) == ["id"]
        assert await stored(service) == 1


async def test_200_for_the_same_again_by_id_or_by_header() -> None:
    async with run_service() as service:
        for event, headers in ((EVENT | {"id": "e1"}, {}), (EVENT, {"Idempotency-Key": "e2"})):
            first = await service.post(event, headers=headers)
            again = await service.post(event, headers=headers)
            assert (first.status_code, again.status_code) == (201, 200)
            assert "Idempotent-Replayed" not in first.headers
            assert again.headers["Idempotent-Replayed"] == "true"
            assert "duplicate" not in first.json()["data"]
            assert again.json()["data"]["duplicate"] is True
            assert again.json()["data"]["id"] == first.json()["data"]["id"]
        assert await stored(service) == 2


INVALID: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({}, {"type"}),
    ({"type": "x"}, {"sessionId"}),
    ({"eventType": "x"}, {"userId"}),
    ({"type": 5, "sessionId": ["s"], "page": 1, "country": {}}, {"type", "sessionId", "page", "country"}),
    ({"type": "", "sessionId": "", "timestamp": "yesterday"}, {"type", "sessionId", "timestamp"}),
    ({"type": "x", "sessionId": "s" * 201, "ip": 5, "id": 7}, {"sessionId", "ip", "id"}),
    ({"type": "x", "sessionId": "s", "timestamp": "1990-01-01T00:00:00Z"}, {"timestamp"}),
    ({"type": "x", "sessionId": "s", "metadata": [INPUT]}, {"metadata"}),
    ({"type": "x", "event": "y", "sessionId": INPUT}, {"type"}),
    ({"type": "x", "sessionId": "a", "session_id": INPUT}, {"sessionId"}),
    ({"type": "x", "sessionId": "a\u0000" + INPUT}, {"sessionId"}),
)


async def test_422_names_every_field() -> None:
    async with run_service() as service:
        for event, wrong in INVALID:
            assert set(fields(refusal(await service.post(event), 422))) == wrong
        assert await stored(service) == 0
        assert await service.visitors() == {}


async def test_an_array_201_when_all_were_stored_207_when_some_were_not_422_when_none_was() -> None:
    async with run_service() as service:
        good = [EVENT | {"id": f"e{number}"} for number in range(3)]
        bad = {"type": "pageview", "page": INPUT}
        response = await service.post(good)
        assert (response.status_code, response.json()["success"]) == (201, True)
        assert response.json()["data"] | {"currentStats": None} == {
            "accepted": 3,
            "duplicates": 0,
            "rejected": [],
            "currentStats": None,
        }
        response = await service.post([bad, EVENT, good[0], EVENT | {"id": "e1", "page": "/else"}])
        assert response.status_code == 207
        data = response.json()["data"]
        assert (data["accepted"], data["duplicates"]) == (1, 1)
        assert [
            (item["index"], [fault["field"] for fault in item["errors"]]) for item in data["rejected"]
        ] == [
            (0, ["sessionId"]),
            (3, ["id"]),
        ]
        assert INPUT not in response.text
        assert fields(refusal(await service.post([bad, 5]), 422)) == ["[0].sessionId", "[1].body"]
        refusal(await service.post([]), 422)
        refusal(await service.post([EVENT] * 1001), 422)
        assert await stored(service) == 4


async def test_a_thousand_events_at_once() -> None:
    async with run_service() as service:
        events = [{"type": "pageview", "sessionId": f"s{n}", "page": f"/{n % 7}"} for n in range(1000)]
        response = await service.post(events)
        assert (response.status_code, response.json()["data"]["accepted"]) == (201, 1000)
        assert (await service.get("/api/visitors", limit=1))["total"] == 1000


async def test_the_order_of_an_array_holds() -> None:
    async with run_service() as service:
        await service.post([{"type": "pageview", "sessionId": "s", "page": f"/{n}"} for n in range(50)])
        journey = (await service.get("/api/analytics/sessions/s"))["journey"]
        assert [step["page"] for step in journey] == [f"/{n}" for n in range(50)]


async def test_nobody_sets_what_only_the_service_may_set() -> None:
    async with run_service() as service:
        forged = {
            "site": "other",
            "company": {"name": "Forged"},
            "enrichment": "identified",
            "source": "upstream",
        }
        assert (await service.post(EVENT | forged)).status_code == 201
        row = (await service.visitors())["s1"]
        assert (row["company"], row["source"], row["enrichment"]) == (None, "events", "skipped")
