"""Section 5 of the contract, "Operations": how the service is."""

import re

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.contract.rig import stage, status_is
from tests.support.service import run_service


async def test_health_and_ready_and_status() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        await play.say("session-opened")
        await play.row()
        await play.service.post({"type": "pageview", "sessionId": "s", "id": "e", "page": "/"})
        assert (await play.service.http.get("/health")).json()["success"] is True
        ready = await play.service.get("/ready")
        assert ready == {"status": "ready", "degraded": {}}
        status = await play.service.get("/api/status")
        assert 0 <= status["uptimeS"] < 30
        assert (status["faults"], status["degraded"], status["restarts"]) == ({}, {}, {})
        assert status["dashboards"]["dashboards"] == 1
        assert (status["upstream"]["state"], status["upstream"]["framesReceived"]) == ("connected", 1)
        assert status["lookups"]["calls"] == 1
        assert (status["store"]["storedEvents"], status["store"]["trouble"]) == (1, None)
        assert status["core"]["liveSessions"] == 2


async def test_ready_tells_what_is_away_outside_and_stays_200() -> None:
    async with stage() as play:
        await play.emitter.stop()
        await status_is(play.service, "degraded", "upstream", value="is not connected")
        answer = await play.service.http.get("/ready")
        assert answer.status_code == 200
        assert answer.json()["data"] == {"status": "degraded", "degraded": {"upstream": "is not connected"}}


async def test_F2d_01_ready_is_503_with_the_reason_while_a_part_is_down() -> None:
    async with run_service() as service:
        service.service.stop()
        answer = await service.http.get("/ready")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        body = answer.json()
        assert body["success"] is False
        assert body["errors"] == [{"field": "service", "message": "is stopping"}]
        assert (await service.http.get("/health")).status_code == 200


async def test_the_dashboard_and_everything_it_names_are_there() -> None:
    async with run_service() as service:
        pages = [await service.http.get(path) for path in ("/", "/dashboard.html")]
        assert pages[0].text == pages[1].text
        assert pages[0].headers["content-type"].startswith("text/html")
        assets = re.findall(r'(?:src|href)="(/[^"]+)"', pages[0].text)
        assert any(path.endswith(".js") for path in assets)
        for path in assets:
            answer = await service.http.get(path)
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].split(";")[0] != "text/plain", path
        outside = re.findall(r'(?:src|href)="(https?:|//)', pages[0].text)
        assert outside == [], "nothing is loaded from anywhere else"


async def test_assets_stay_within_their_folder() -> None:
    async with run_service() as service:
        for path in ("/static/", "/static/..%2f..%2fpyproject.toml", "/static/%2e%2e/%2e%2e/README.md"):
            assert (await service.http.get(path)).status_code in (404, 405), path
