"""One session of long ago, and companies whose visits go on, through the whole service."""

import time
from functools import partial
from pathlib import Path

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.contract.rig import ACME, CLOUD, DATA_CENTER_GUID, GLOBEX, iso, knows, page
from tests.support.service import RunningService, run_service, settings_for_tests, until


async def forget_live(service: RunningService, session_id: str) -> None:
    """As an hour later: the history has the session, the live side remembers it no more."""

    async def is_stored() -> bool:
        return bool(await service.service.history.session_visits("default", session_id))

    await until(is_stored)
    assert service.service.core.site("default").ended.pop(session_id)


async def test_C5_a_session_is_told_of_when_nobody_remembers_it() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor:
        knows(vendor, ACME, "Acme", name="Ann", emailAddresses=["ann@acme.example"])
        async with run_service(settings_for_tests(deanonymizer__url=vendor.url)) as service:
            now = time.time()
            for number, path in enumerate(("/", "/a", "/a", "/b")):
                await page(service, "old", path, ip=ACME, timestamp=iso(now - 40 + number), country="DE")
            await until(lambda: identified(service, "old"))
            await service.post({"type": "session_end", "sessionId": "old", "timestamp": iso(now - 30)})
            before = await service.get("/api/analytics/sessions/old")
            await forget_live(service, "old")
            after = await service.get("/api/analytics/sessions/old")
            assert after == before | {"status": "idle", "currentPage": "/b"}
            assert [step["page"] for step in after["journey"]] == ["/", "/a", "/b"]
            assert (after["company"]["name"], after["endedAt"]) == ("Acme", iso(now - 30))
            assert (await service.http.get("/api/analytics/sessions/never")).status_code == 404


async def test_C5_a_session_of_which_only_events_are_kept(tmp_path: Path) -> None:
    async with run_service() as service:
        await page(service, "s", "/")
        await service.service.mover.catch_up()
        service.service.core.site("default")._live.clear()
        detail = await service.get("/api/analytics/sessions/s")
        assert [step["page"] for step in detail["journey"]] == ["/"]
        assert (detail["source"], detail["enrichment"]) == ("events", "unknown")


async def test_C5_a_hidden_session_is_not_there_in_the_past_either() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor:
        knows(vendor, CLOUD, "Cloud", DATA_CENTER_GUID)
        async with run_service(settings_for_tests(deanonymizer__url=vendor.url)) as service:
            await page(service, "cloud", "/", ip=CLOUD)
            await until(lambda: service.service.core.site("default").hidden_sessions)
            await service.service.outbox.write()
            await service.service.mover.catch_up()
            await service.post({"type": "session_end", "sessionId": "cloud"})
            service.service.core.site("default").ended.pop("cloud")
            assert (await service.http.get("/api/analytics/sessions/cloud")).status_code == 404


async def test_C5_a_company_filter_knows_visits_that_go_on_and_those_that_ended() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor:
        knows(vendor, ACME, "Acme")
        knows(vendor, GLOBEX, "Globex")
        async with run_service(settings_for_tests(deanonymizer__url=vendor.url)) as service:
            for session_id, ip in (("on", ACME), ("over", ACME), ("other", GLOBEX)):
                await page(service, session_id, "/", ip=ip)
            for session_id in ("on", "over", "other"):
                await until(partial(identified, service, session_id))
            await service.post({"type": "session_end", "sessionId": "over"})
            await forget_live(service, "over")
            totals = await service.get("/api/analytics/totals", company="acme")
            assert (totals["totalEvents"], totals["uniqueSessions"]) == (3, 2)
            await page(service, "on", "/more")
            await service.service.mover.catch_up()
            totals = await service.get("/api/analytics/totals", company="acme")
            assert (totals["totalEvents"], totals["uniqueSessions"]) == (4, 2)
            assert (await service.get("/api/analytics/totals", company="nobody"))["totalEvents"] == 0


async def identified(service: RunningService, session_id: str) -> bool:
    row = (await service.visitors()).get(session_id)
    return row is not None and row["enrichment"] == "identified"


async def test_C5_past_visits_of_a_company_those_of_the_session_feed_too() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor:
        knows(vendor, ACME, "Acme", name="Ann", emailAddresses=["ann@acme.example"])
        async with run_service(settings_for_tests(deanonymizer__url=vendor.url)) as service:
            await page(service, "s", "/", ip=ACME)
            await until(lambda: identified(service, "s"))
            assert (await service.get("/api/analytics/visits", company="acme"))["visits"] == []
            await service.post({"type": "session_end", "sessionId": "s"})
            await service.service.outbox.write()
            await service.service.mover.catch_up()
            (visit,) = (await service.get("/api/analytics/visits", company="acme", range="hour"))["visits"]
            assert (visit["sessionId"], visit["source"], visit["pageCount"]) == ("s", "events", 1)
            assert (visit["company"]["name"], visit["contact"]["name"]) == ("Acme", "Ann")
            assert (await service.get("/api/analytics/visits", company="other"))["visits"] == []
            assert (await service.http.get("/api/analytics/visits")).status_code == 422
