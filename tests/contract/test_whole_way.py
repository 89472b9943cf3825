"""From the emitter and the page to the dashboard, through everything."""

from emitters.deanonymizer import Deanonymizer
from emitters.sessions import SessionEmitter
from tests.support.dashboard import open_dashboard
from tests.support.service import run_service, settings_for_tests


async def test_a_visitor_of_the_emitter_is_identified_and_leaves() -> None:
    async with Deanonymizer(port=0, failures=0.0) as vendor, SessionEmitter(port=0, rate=0) as emitter:
        vendor.answer_with(
            "185.2.3.4",
            200,
            {
                "ip": "185.2.3.4",
                "data": {
                    "company": {"guid": "g1", "name": "Acme", "domain": "acme.example"},
                    "contact": {
                        "guid": "c1",
                        "name": "Ann Lee",
                        "emailAddresses": ["ann.lee@acme.example", "ann@gmail.com"],
                    },
                },
            },
        )
        settings = settings_for_tests(upstream__url=emitter.url, deanonymizer__url=vendor.url)
        async with run_service(settings) as running, open_dashboard(running.socket_url) as dashboard:
            await emitter.wait_for_clients(1)
            await emitter.send(frame("session-opened"))
            await dashboard.wait_for(lambda d: "a" in d.rows)
            row = dashboard.rows["a"]
            assert row["company"] == {"guid": "g1", "name": "Acme", "domain": "acme.example"}
            assert row["contact"]["emailAddresses"] == ["ann.lee@acme.example"]
            assert (await running.visitors())["a"]["company"]["name"] == "Acme"
            await emitter.send(frame("session-closed"))
            await dashboard.wait_for(lambda d: "a" not in d.rows)
            assert dashboard.of_type("session_ended") == [{"sessionId": "a", "reason": "closed"}]
            assert "gmail" not in "".join(dashboard.raw_frames)


async def test_a_posted_event_reaches_the_dashboard_and_the_answer_has_the_figures() -> None:
    async with run_service() as running, open_dashboard(running.socket_url) as dashboard:
        response = await running.post(
            {"type": "pageview", "sessionId": "s1", "page": "/pricing", "country": "DE"}
        )
        assert response.status_code == 201
        assert response.json()["data"]["currentStats"] == {
            "totalActive": 1,
            "totalToday": 1,
            "pagesVisited": {"/pricing": 1},
        }
        await dashboard.wait_for(lambda d: "s1" in d.rows and d.of_type("visitor_update"))
        assert dashboard.rows["s1"]["currentPage"] == "/pricing"
        (update,) = [data for data in dashboard.of_type("visitor_update") if data["event"]]
        assert update["event"]["type"] == "pageview"
        assert update["stats"]["totalActive"] == 1


def frame(kind: str, session_id: str = "a", ip: str = "185.2.3.4") -> dict[str, str]:
    return {"eventType": kind, "ip": ip, "guid": session_id}
