"""FAULTS.md 4.2: two sites on one service know nothing of each other, whatever is asked."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from emitters.population import World
from emitters.sessions import SessionEmitter
from tests.contract.posting import refusal
from tests.contract.rig import frame, listen
from tests.contract.tenants import ADMIN, ANN, Place, key, same_but_for_the_number, two_sites
from tests.support.service import run_service, until
from tracker.core.accounts import Scope

QUESTIONS = [
    "/api/visitors",
    "/api/analytics/summary",
    "/api/analytics/sessions",
    "/api/analytics/detailed",
    "/api/analytics/totals",
    "/api/analytics/timeseries?range=hour&interval=60",
    "/api/analytics/top/page",
    "/api/analytics/event-summary?event=pageview",
    "/api/analytics/user-stats?userId=u-b",
    "/api/analytics/funnel?steps=/b",
    "/api/analytics/retention",
    "/api/analytics/events",
    "/api/analytics/events?sessionId=s-b",
    "/api/analytics/totals?page=/b&userId=u-b",
    "/api/analytics/export?format=ndjson",
    "/api/analytics/export?format=csv",
    "/api/status",
    "/metrics",
    "/api/auth/me",
    "/api/auth/sites",
    "/api/auth/api-key",
    "/api/auth/users",
]


async def _fill(place: Place) -> None:
    """Let something be known of B, whose every word has a mark, and nothing of A."""
    await place.add_user("bob@mark-b.example", b="admin")
    event = {"sessionId": "s-b", "userId": "u-b", "page": "/mark-b", "country": "BB", "type": "mark-b"}
    answer = await place.b.post(place.service, **event, id="id-b", metadata={"x": "mark-b"})
    assert answer.status_code == 201
    await until(lambda: _has_events(place))


async def _has_events(place: Place) -> bool:
    data = (await place.get("/api/analytics/totals", place.b.read)).json()["data"]
    return bool(data["totalEvents"] == 1)


async def test_S4_02_no_answer_to_one_site_tells_of_the_other() -> None:
    async with two_sites() as place:
        await _fill(place)
        async with listen(place.service.socket_url, additional_headers=key(place.b.read)) as b:
            await b.wait_for("snapshot")
            for path in QUESTIONS:
                answer = await place.get(path, place.a.every)
                assert answer.status_code == 200, (path, answer.text)
                for mark in ("mark-b", "s-b", "u-b", "id-b", '"BB"', place.b.every[:14]):
                    # What was asked for is named again in these two.
                    is_named = mark == "u-b" and "user-stats" in path
                    assert is_named or mark not in answer.text, (path, mark)
            status = (await place.get("/api/status", place.a.read)).json()["data"]
            assert status["dashboards"]["dashboards"] == 1
            assert status["dashboards"]["dashboardsBySite"] == {}
            assert "actions" not in status["dashboards"]
            own = (await place.get("/api/status", place.b.read)).json()["data"]
            assert own["dashboards"]["dashboardsBySite"] == {"b": 1}
        seen = (await place.get("/api/analytics/export?format=ndjson", place.b.read)).text
        assert "mark-b" in seen, "B itself sees it"


async def test_S4_02_an_id_of_the_other_site_is_as_unknown_as_any() -> None:
    async with two_sites() as place:
        await _fill(place)
        of_b = (await place.get("/api/auth/api-key", place.b.every)).json()["data"]["keys"][0]["prefix"]
        never = of_b[:6] + "aaaaaaaa"
        for there, nowhere in (
            (
                await place.get("/api/analytics/sessions/s-b", place.a.read),
                await place.get("/api/analytics/sessions/s-x", place.a.read),
            ),
            (
                await place.post("/api/auth/revoke", place.a.admin, {"key": of_b}),
                await place.post("/api/auth/revoke", place.a.admin, {"key": never}),
            ),
            (
                await place.post("/api/auth/users/remove", place.a.admin, {"email": "bob@mark-b.example"}),
                await place.post("/api/auth/users/remove", place.a.admin, {"email": "no@mark-b.example"}),
            ),
        ):
            assert there.status_code == 404
            assert same_but_for_the_number(there, nowhere)
        assert (await place.get("/api/visitors", place.b.read)).status_code == 200


async def test_S4_02_the_same_event_id_means_two_events_on_two_sites() -> None:
    async with two_sites() as place:
        for _ in range(2):
            first, second = [
                await tenant.post(place.service, id="same", page=f"/{tenant.site}")
                for tenant in (place.a, place.b)
            ]
        assert (first.status_code, second.status_code) == (200, 200), "each knows its own again"
        conflict = await place.a.post(place.service, id="same", page="/b")
        refusal(conflict, 409)


async def test_S4_02_forgetting_and_resetting_leave_the_other_site_alone() -> None:
    async with two_sites() as place:
        for tenant in (place.a, place.b):
            await tenant.post(place.service, sessionId="s", userId="u")
        erased = await place.post("/api/visitors/erase", place.a.admin, {"userId": "u"})
        assert erased.status_code == 200
        assert (await place.post("/api/analytics/reset", place.a.admin)).status_code == 200
        rows = [
            (await place.get("/api/visitors", of)).json()["data"]["total"]
            for of in (place.a.read, place.b.read)
        ]
        assert rows == [0, 1]
        summary = (await place.get("/api/analytics/summary", place.b.read)).json()["data"]["summary"]
        assert summary["totalToday"] == 1


async def test_S4_02_a_dashboard_sees_its_own_site_alone() -> None:
    async with (
        two_sites() as place,
        listen(place.service.socket_url, "?batch=1", additional_headers=key(place.a.read)) as a,
    ):
        await a.wait_for("snapshot")
        await place.b.post(place.service)
        await place.a.post(place.service)
        row = await a.wait_for("session_activity")
        assert row["sessionId"] == "s-a"
        assert not any("s-b" in text for text in a.frames)


@pytest.mark.parametrize("site", ["b", "nonesuch"])
async def test_S4_02_no_dashboard_of_another_site_begins(site: str) -> None:
    async with two_sites() as place:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(
                f"{place.service.socket_url}?site={site}", additional_headers=key(place.a.read)
            ):
                raise AssertionError
        assert refused.value.response.status_code == 404


async def test_S4_02_sessions_of_the_emitter_belong_to_the_site_that_is_named() -> None:
    async with (
        SessionEmitter(world=World(1, 20)) as emitter,
        two_sites(upstream__url=emitter.url, upstream__site="shop") as place,
    ):
        await emitter.wait_for_clients(1)
        await emitter.send(frame("session-opened"))
        shop = await place.access.book.create_key("shop", [Scope.READ])

        async def shown() -> Any:
            return (await place.get("/api/visitors", shop.text)).json()["data"]["total"]

        await until(shown)
        assert (await place.get("/api/visitors", place.a.read)).json()["data"]["total"] == 0


async def test_a_stranger_makes_no_sites_by_naming_them_in_an_open_service() -> None:
    async with run_service() as service:
        for name in ("nowhere", "x" * 5_000, "../default", "Default"):
            for answer in (
                await service.http.post("/api/events", params={"site": name}, json={"event": "e"}),
                await service.http.get("/api/visitors", params={"site": name}),
            ):
                refusal(answer, 404)
        assert {site.name for site in service.service.core.sites} <= {"default"}


async def test_S4_02_a_removed_site_is_gone_for_everybody_and_its_sockets_end() -> None:
    async with two_sites() as place:
        place.service.service.gate.trust_operator("token-of-the-operator")
        await place.add_user(ANN, a="viewer", b="viewer")
        async with connect(place.service.socket_url, additional_headers=key(place.b.read)) as socket:
            answer = await place.http.post(
                "/api/auth/sites/remove",
                json={"site": "b"},
                headers={"authorization": "Bearer token-of-the-operator"},
            )
            assert answer.status_code == 200, answer.text
            async with asyncio.timeout(15):
                await socket.wait_closed()
            assert socket.close_code == 1008
        assert (await place.get("/api/visitors", place.b.read)).status_code == 401
        assert place.access.users.get(ANN) is not None
        me = (await (await place.log_in()).get("/api/auth/me")).json()["data"]
        assert [site["id"] for site in me["sites"]] == ["a"]
        assert ("site_removed", "cli", "b") in await place.audited()
        assert ADMIN not in answer.text
