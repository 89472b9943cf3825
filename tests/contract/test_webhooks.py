"""Webhooks and watch lists through the whole service: its doors, its store, a receiver on loopback."""

import asyncio
import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.contract.process import serving
from tests.contract.rig import ACME, CLOUD, DATA_CENTER_GUID, GLOBEX, knows, page
from tests.contract.tenants import key, two_sites
from tests.notify.receiver import Call, Receiver, answer, receiver
from tests.support.dashboard import open_dashboard
from tests.support.service import RunningService, run_service, settings_for_tests, until
from tracker.core.inputs import NoticeRaised

WITHIN_S = 15.0
ALL = ["visit.identified", "alert", "watch.matched"]


async def hooked(service: RunningService, url: str, *events: str) -> dict[str, Any]:
    made = await service.http.post("/api/webhooks", json={"url": url, "events": events or ALL})
    assert made.status_code == 201, made.text
    hook: dict[str, Any] = made.json()["data"]
    return hook


async def watched(service: RunningService, kind: str, pattern: str) -> dict[str, Any]:
    made = await service.http.post("/api/watches", json={"kind": kind, "pattern": pattern})
    assert made.status_code == 201, made.text
    rule: dict[str, Any] = made.json()["data"]
    return rule


async def calls(there: Receiver, count: int) -> list[Call]:
    await until(lambda: len(there.calls) >= count, WITHIN_S)
    return there.calls


async def states(service: RunningService, hook: dict[str, Any]) -> list[str]:
    listed = (await service.get(f"/api/webhooks/{hook['id']}/deliveries"))["deliveries"]
    return [one["state"] for one in listed]


def knows_people(vendor: Deanonymizer) -> None:
    knows(vendor, ACME, "Acme", name="Ada", emailAddresses=["ada@acme.example", "ada.private@gmail.com"])
    knows(vendor, CLOUD, "Cloud", DATA_CENTER_GUID)


async def test_a_visit_is_told_once_when_it_is_known_whose_it_is() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, receiver() as there:
        knows_people(vendor)
        settings = settings_for_tests(
            deanonymizer__url=vendor.url,
            webhooks__allow_private=True,
            webhooks__dashboard_url="https://visitors.example/",
        )
        async with run_service(settings) as service, open_dashboard(service.socket_url) as dashboard:
            hook = await hooked(service, there.url)
            rule = await watched(service, "company", "acm")
            await page(service, "bot", ip=CLOUD)
            await page(service, "nobody", ip="10.0.0.1")
            for path in ("/pricing", "/pricing", "/contact"):
                await page(service, "a b", path, ip=ACME, country="DE")
            identified, matched = sorted(await calls(there, 2), key=lambda call: call.message["type"])
            message = identified.message
            assert identified.is_signed_with(hook["secret"])
            assert (message["id"], message["type"], message["site"]) == (
                identified.id,
                "visit.identified",
                "default",
            )
            data = message["data"]
            assert data.pop("openedAt").endswith("Z")
            assert data.pop("page") in ("/pricing", "/contact")
            assert data == {
                "sessionId": "a b",
                "company": {"guid": "guid-Acme", "name": "Acme", "domain": "a.example"},
                "contact": {
                    "name": "Ada",
                    "title": None,
                    "emailAddresses": ["ada@acme.example"],
                    "phoneNumbers": [],
                },
                "country": "DE",
                "link": "https://visitors.example/?visitor=a+b",
            }
            assert matched.message["type"] == "watch.matched"
            assert matched.message["data"]["watch"] == {
                "id": rule["id"],
                "kind": "company",
                "pattern": "acm",
            }
            assert matched.message["data"]["sessionId"] == "a b"
            await dashboard.wait_for(lambda seen: len(seen.of_type("alert")) == 1)
            (alert,) = dashboard.of_type("alert")
            assert alert["level"] == "info"
            assert alert["details"] == {
                "kind": "watch",
                "sessionId": "a b",
                "company": "Acme",
                "watchId": rule["id"],
            }
            # Another visit of theirs comes after whatever else could still be told of this one.
            await page(service, "later", ip=ACME)
            await until(lambda: len(there.calls) == 4, WITHIN_S)
            assert len(set(there.ids)) == 4
            told = json.dumps([call.message for call in there.calls])
            assert "gmail" not in told
            assert "bot" not in told
            await until(lambda: settled(service, hook, 4), WITHIN_S)
            status = await service.get("/api/status")
            assert status["webhooks"]["delivered"] == 4
            assert status["webhooks"]["watches"] == 1


async def settled(service: RunningService, hook: dict[str, Any], count: int) -> bool:
    return await states(service, hook) == ["delivered"] * count


async def test_the_doors_of_webhooks_and_watch_lists() -> None:
    settings = settings_for_tests(webhooks__allow_private=True)
    async with receiver() as there, run_service(settings) as service:
        hook = await hooked(service, there.url, "alert")
        assert hook["secret"].startswith("whsec_")
        listed = await service.http.get("/api/webhooks")
        assert hook["secret"] not in listed.text
        (row,) = listed.json()["data"]["webhooks"]
        assert (row["url"], row["events"], row["disabledAt"], row["pending"]) == (
            there.url,
            ["alert"],
            None,
            0,
        )
        one = f"/api/webhooks/{hook['id']}"
        tried = (await service.http.post(f"{one}/test")).json()
        assert tried["data"] == {"delivered": True, "status": 204, "reason": None}
        assert there.calls[0].is_signed_with(hook["secret"])
        assert there.calls[0].message["type"] == "webhook.test"
        there.reply = answer(500)
        tried = (await service.http.post(f"{one}/test")).json()
        assert tried["data"] == {"delivered": False, "status": 500, "reason": "status"}
        assert (await service.http.post(f"{one}/replay", json={})).json()["data"] == {"replayed": 0}
        unknown = await service.http.post(f"{one}/replay", json={"id": "msg_1"})
        assert unknown.status_code == 404
        for _ in range(19):
            await hooked(service, there.url)
        full = await service.http.post("/api/webhooks", json={"url": there.url, "events": ALL})
        assert full.status_code == 422
        assert "at most 20" in full.text
        assert (await service.http.delete(one)).json()["data"] == {"id": hook["id"]}
        assert (await service.http.delete(one)).status_code == 404
        rule = await watched(service, "country", "de")
        assert rule["pattern"] == "DE"
        for kind in ("", "x", None, 1):
            wrong = await service.http.post("/api/watches", json={"kind": kind, "pattern": "DE"})
            assert (wrong.status_code, len(wrong.json()["errors"])) == (422, 1), wrong.text
            assert wrong.json()["errors"][0]["field"] == "kind"
        again = await service.http.post("/api/watches", json={"kind": "country", "pattern": "DE"})
        assert again.status_code == 422
        assert (await service.get("/api/watches"))["watches"] == [rule]
        assert (await service.http.delete(f"/api/watches/{rule['id']}")).status_code == 200
        assert (await service.get("/api/watches"))["watches"] == []
        await service.service.access.audit.flush()
        lines = await service.service.database.writer.run(
            lambda connection: connection.execute("SELECT action, detail FROM audit").fetchall()
        )
        told = [tuple(line) for line in lines if line[1] in (hook["id"], rule["id"])]
        assert [action for action, _ in told] == [
            "webhook_created",
            "webhook_replayed",
            "webhook_removed",
            "watch_created",
            "watch_removed",
        ]
        counted = {"webhook_created": 20, **dict.fromkeys([action for action, _ in told][1:], 1)}
        audit = (await service.get("/api/status"))["access"]["audit"]
        assert {action: audit.get(action) for action in counted} == counted
        metrics = (await service.http.get("/metrics")).text
        for action, count in counted.items():
            assert f'tracker_access_actions_total{{action="{action}"}} {count}' in metrics


async def test_a_removed_site_leaves_no_webhook_message_or_rule_behind() -> None:
    async with receiver() as there, two_sites(webhooks__allow_private=True) as place:
        there.reply = answer(500)
        for tenant in (place.a, place.b):
            body = {"url": there.url, "events": ALL}
            assert (await place.post("/api/webhooks", tenant.admin, body)).status_code == 201
            rule = {"kind": "country", "pattern": "DE"}
            assert (await place.post("/api/watches", tenant.admin, rule)).status_code == 201
        await calls_of_an_alert(place.service, there, 2)
        await place.access.remove_site("b")

        def sites(connection: sqlite3.Connection) -> set[str]:
            tables = ("webhooks", "deliveries", "watches")
            rows = (connection.execute(f"SELECT site FROM {table}").fetchall() for table in tables)
            return {site for found in rows for (site,) in found}

        assert await place.service.service.database.writer.run(sites) == {"a"}
        before = len(there.calls)
        await calls_of_an_alert(place.service, there, before + 1)
        assert {call.message["site"] for call in there.calls[before:]} == {"a"}
        status = (await place.get("/api/status", place.a.read)).json()["data"]["webhooks"]
        assert (status["webhooks"], status["watches"]) == (1, 1)


async def calls_of_an_alert(service: RunningService, there: Receiver, count: int) -> None:
    """Let the budget be used up once more, which every site is told; wait for calls of it."""
    parts = service.service
    parts.pipeline.feed(NoticeRaised(parts.clock.now(), "warning", "budget", "spent", {}))
    await calls(there, count)


async def test_S4_02_what_is_of_another_site_is_not_there_and_readers_may_not_look() -> None:
    async with receiver() as there, two_sites(webhooks__allow_private=True) as place:
        body = {"url": there.url, "events": ALL}
        hook = (await place.post("/api/webhooks", place.a.admin, body)).json()["data"]["id"]
        rule = (await place.post("/api/watches", place.a.admin, {"kind": "country", "pattern": "DE"})).json()[
            "data"
        ]["id"]
        for method, path in (
            ("DELETE", f"/api/webhooks/{hook}"),
            ("POST", f"/api/webhooks/{hook}/test"),
            ("GET", f"/api/webhooks/{hook}/deliveries"),
            ("POST", f"/api/webhooks/{hook}/replay"),
            ("DELETE", f"/api/watches/{rule}"),
        ):
            for of, status in ((place.b.admin, 404), (place.a.read, 403), (place.a.ingest, 403)):
                asked = await place.http.request(method, path, headers=key(of), json={})
                assert asked.status_code == status, (method, path, asked.text)
        for path in ("/api/webhooks", "/api/watches"):
            assert (await place.get(path, place.a.read)).status_code == 403
            (listed,) = (await place.get(path, place.b.admin)).json()["data"].values()
            assert listed == []
        assert there.calls == []


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://127.0.0.1/", "https://localhost/", "nothing"])
async def test_S4_14_a_forbidden_address_is_refused_when_it_is_saved(url: str) -> None:
    async with run_service() as service:
        refused = await service.http.post("/api/webhooks", json={"url": url, "events": ALL})
        assert refused.status_code == 422
        assert [fault["field"] for fault in refused.json()["errors"]] == ["url"]


def files_with(folder: Path, text: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]


async def test_S4_21_who_is_forgotten_is_in_no_message_that_waits(tmp_path: Path) -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, receiver() as there:
        knows(vendor, ACME, "Acme", name="Canary Name", emailAddresses=["canary@acme.example"])
        knows(vendor, GLOBEX, "Globex")
        there.reply = answer(500)
        settings = settings_for_tests(
            deanonymizer__url=vendor.url,
            webhooks__allow_private=True,
            store__url=f"duckdb:{tmp_path}/tracker.duckdb",
        )
        async with run_service(settings) as service:
            hook = await hooked(service, there.url, "visit.identified")
            await page(service, "canary-session", ip=ACME)
            await page(service, "other", ip=GLOBEX)
            await calls(there, 2)
            for named in ({"email": "canary@acme.example"}, {"sessionId": "other"}):
                erased = await service.http.post("/api/visitors/erase", json=named, timeout=30)
                assert erased.status_code == 200
                assert files_with(tmp_path, b"Canary Name") == []
            assert await states(service, hook) == []


async def test_F2d_02_what_was_committed_is_delivered_after_a_kill_and_once_by_its_id(tmp_path: Path) -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, receiver() as there:
        knows(vendor, ACME, "Acme")
        begun = asyncio.Event()

        async def never(call: Call, writer: asyncio.StreamWriter) -> None:
            begun.set()
            await asyncio.Event().wait()

        there.reply = never
        settings = (f"deanonymizer.url={vendor.url}", "webhooks.allow_private=true")
        with serving(tmp_path, *settings) as process:
            async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=30) as client:
                made = await client.post("/api/webhooks", json={"url": there.url, "events": ALL})
                secret = made.json()["data"]["secret"]
                event = {"type": "pageview", "sessionId": "s", "page": "/a", "ip": ACME}
                assert (await client.post("/api/events", json=event)).status_code == 201
                async with asyncio.timeout(WITHIN_S):
                    await begun.wait()
            process.send(signal.SIGKILL)
            assert await process.exit_status() == -signal.SIGKILL
        first = there.calls[0].id
        there.reply = answer(204)
        with serving(tmp_path, *settings) as process:
            (_, again, *_) = await calls(there, 2)
            assert again.id == first
            assert again.is_signed_with(secret)
            async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=30) as client:

                async def is_recorded() -> bool:
                    status = (await client.get("/api/status")).json()["data"]["webhooks"]
                    return bool(status["delivered"] == 1 and status["pending"] == 0)

                await until(is_recorded, WITHIN_S)
            assert secret not in process.log.read_text()
            assert there.url not in process.log.read_text()
        assert there.ids == [first, first]
