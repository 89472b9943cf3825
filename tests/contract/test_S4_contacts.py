"""FAULTS.md 4.3 and 4.21: who a visitor is stays hidden from viewers where the settings say so."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from emitters.deanonymizer import Deanonymizer
from tests.contract.rig import ACME, Listener, knows, listen
from tests.contract.tenants import ANN, Browser, Place, two_sites
from tests.http.test_access import asked
from tests.support.service import until
from tracker.core.accounts import Role

CANARIES = ("Canary", "canary@acme.example", "+49 30 5550199")
CONTACT: dict[str, Any] = {
    "name": "Canary Jones",
    "title": "Canary of Sales",
    "emailAddresses": [CANARIES[1]],
    "phoneNumbers": [CANARIES[2]],
}
COMPANY = "Acme Ltd"


class Watched(NamedTuple):
    place: Place
    viewer: Browser

    async def post(self, **event: Any) -> None:
        event = {"sessionId": "s-a", "userId": "u7", "ip": ACME, "page": "/a"} | event
        assert (await self.place.a.post(self.place.service, **event)).status_code == 201

    @asynccontextmanager
    async def socket(self, query: str = "") -> AsyncIterator[Listener]:
        headers = {"cookie": self.viewer.cookie}
        url = self.place.service.socket_url
        async with listen(url, query, origin=self.viewer.origin, additional_headers=headers) as listener:
            yield listener

    async def is_identified(self) -> bool:
        found = (await self.place.get("/api/visitors", self.place.a.read)).json()["data"]["visitors"]
        return bool(found) and found[0]["contact"] is not None

    async def has_ended(self) -> bool:
        answer = await self.place.get("/api/analytics/visits", self.place.a.read, company=COMPANY)
        return tells_who(answer.text)


@asynccontextmanager
async def watched(sees: bool) -> AsyncIterator[Watched]:
    """Somebody known on site A, and a viewer of it."""
    async with (
        Deanonymizer() as vendor,
        two_sites(deanonymizer__url=vendor.url, privacy__viewers_see_contacts=sees) as place,
    ):
        knows(vendor, ACME, COMPANY, **CONTACT)
        await place.add_user(ANN, a="viewer", b="admin")
        stage = Watched(place, await place.log_in())
        await stage.post()
        await until(stage.is_identified, 10)
        yield stage


def tells_who(text: str) -> bool:
    return any(canary in text for canary in CANARIES)


async def everything(stage: Watched) -> dict[str, httpx.Response]:
    """Return the answer to every question that the routes know, asked as the viewer."""
    answers = {}
    for one in asked(stage.place.service.service.routes):
        if one.method == "GET" and one.path != "/ws":
            path = one.path.replace("/sessions/s", "/sessions/s-a")
            query = {"user-stats": "userId=u7", "event-summary": "event=pageview", "funnel": "steps=/a"}
            query |= {"visits": f"company={COMPANY}", "export": "format=ndjson"}
            wanted = query.get(path.rpartition("/")[2], "")
            answers[one.path] = await stage.viewer.http.get(f"{path}?{wanted}")
    return answers


async def test_S4_21_a_viewer_is_told_the_company_and_not_the_person() -> None:
    async with (
        watched(sees=False) as stage,
        stage.socket() as dashboard,
        stage.socket("?naming=snake") as other,
    ):
        snapshot = await dashboard.wait_for("snapshot", within_s=10)
        assert snapshot["visitors"][0]["company"]["name"] == COMPANY
        assert snapshot["visitors"][0]["contact"] is None
        await stage.post(page="/b")
        row = await dashboard.wait_for("session_activity", within_s=10)
        assert (row["company"]["name"], row["contact"], row["currentPage"]) == (COMPANY, None, "/b")
        await dashboard.ask(type="request_detailed_stats", filter={"company": COMPANY})
        stats = await dashboard.wait_for("detailed_stats", within_s=10)
        assert [one["contact"] for one in stats["sessions"]] == [None]
        live = await everything(stage)
        assert live["/api/visitors"].json()["data"]["visitors"][0]["company"]["name"] == COMPANY
        # Those who came before and come back are sent what they missed.
        seq = dashboard.messages[0]["seq"]
        await dashboard.ask(type="resume", seq=seq)
        await dashboard.wait_for("session_activity", 2, within_s=10)
        async with stage.socket(f"?resume={seq}") as again:
            await again.wait_for("session_activity", within_s=10)
            assert not again.of_type("snapshot")
            assert not tells_who("".join(again.frames))
        await other.wait_for("session_activity", within_s=10)
        await stage.post(type="session_end")
        await dashboard.wait_for("session_ended", within_s=10)
        await until(stage.has_ended, 10)
        ended = await everything(stage)
        visits = ended["/api/analytics/visits"].json()["data"]["visits"]
        assert [(one["company"]["name"], one["contact"]) for one in visits] == [(COMPANY, None)]
        assert ended["/api/analytics/sessions/s"].json()["data"]["contact"] is None
        assert not tells_who("".join(dashboard.frames + other.frames))
        for answers in (live, ended):
            answered = [path for path, answer in answers.items() if answer.status_code == 200]
            assert len(answered) > 20, {path: answer.status_code for path, answer in answers.items()}
            assert [path for path, answer in answers.items() if tells_who(answer.text)] == []


async def test_S4_21_a_viewer_is_told_unless_the_settings_say_otherwise() -> None:
    async with watched(sees=True) as stage, stage.socket() as dashboard:
        snapshot = await dashboard.wait_for("snapshot", within_s=10)
        assert tells_who(json.dumps(snapshot))
        assert snapshot["visitors"][0]["contact"]["name"] == "Canary Jones"


async def test_S4_21_keys_and_those_who_administer_are_told() -> None:
    async with watched(sees=False) as stage:
        place = stage.place
        for of in (place.a.read, place.a.admin, place.a.every):
            assert tells_who((await place.get("/api/visitors", of)).text)
            assert tells_who((await place.get("/api/analytics/sessions/s-a", of)).text)
            headers = {"x-api-key": of}
            async with listen(place.service.socket_url, additional_headers=headers) as screen:
                assert tells_who(json.dumps(await screen.wait_for("snapshot", within_s=10)))
        await place.access.users.set_roles(ANN, {"a": Role.ADMIN}, place.access.book.sites)
        assert tells_who((await (await place.log_in()).get("/api/visitors")).text)
