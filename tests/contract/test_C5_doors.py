"""Section 5 of the contract: who may knock from where, namings, headers of every answer."""

import json
import re

import httpx

from tests.contract.rig import stage
from tests.support.service import RunningService, run_service

EVENT = {"type": "pageview", "sessionId": "s1", "page": "/"}
FOREIGN = {"Origin": "https://shop.example"}
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
READS = (
    "/api/visitors",
    "/api/analytics/summary",
    "/api/analytics/sessions",
    "/api/analytics/detailed",
    "/api/status",
    "/health",
    "/ready",
    "/",
    "/dashboard.html",
)


async def test_any_origin_may_post_events_without_credentials() -> None:
    async with run_service() as service:
        for path in ("/api/events", "/api/analytics/collect"):
            asked = FOREIGN | {
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type, idempotency-key",
            }
            preflight = await service.http.options(path, headers=asked)
            assert preflight.status_code in (200, 204)
            assert preflight.headers["access-control-allow-origin"] == "*"
            assert "POST" in preflight.headers["access-control-allow-methods"]
            allowed = {name.strip() for name in preflight.headers["access-control-allow-headers"].split(",")}
            assert {"content-type", "idempotency-key", "x-api-key", "authorization"} <= allowed
            for body, status in ((EVENT, 201), ({}, 422)):
                answer = await service.http.post(path, json=body, headers=FOREIGN)
                assert answer.status_code == status
                assert answer.headers["access-control-allow-origin"] == "*"
                assert "access-control-allow-credentials" not in answer.headers


async def test_nothing_else_is_open_to_other_origins() -> None:
    async with run_service() as service:
        for path in (*READS, "/api/analytics/sessions/s1", "/nowhere"):
            answer = await service.http.get(path, headers=FOREIGN)
            assert not [name for name in answer.headers if name.startswith("access-control")], path
            asked = FOREIGN | {"Access-Control-Request-Method": "GET"}
            preflight = await service.http.options(path, headers=asked)
            assert preflight.status_code in (404, 405)
            assert not [name for name in preflight.headers if name.startswith("access-control")], path


async def test_a_page_of_another_origin_cannot_reset_the_figures() -> None:
    async with run_service() as service:
        await service.post(EVENT)
        refused = await service.http.post("/api/analytics/reset", headers=FOREIGN)
        assert refused.status_code == 403
        assert (await service.get("/api/analytics/summary"))["summary"]["totalToday"] == 1
        own = await service.http.post("/api/analytics/reset", headers={"Origin": service.base_url})
        assert own.status_code == 200


async def test_a_beacon_may_send_text_plain_that_holds_JSON() -> None:
    async with run_service() as service:
        body = json.dumps({"type": "leave", "sessionId": "s1"}).encode()
        for content_type in ("text/plain", "text/plain;charset=UTF-8"):
            await service.post(EVENT)
            answer = await service.http.post(
                "/api/events", content=body, headers=FOREIGN | {"Content-Type": content_type}
            )
            assert answer.status_code == 201
        other = await service.http.post(
            "/api/events", content=b"not json", headers={"Content-Type": "text/plain"}
        )
        assert other.status_code == 400


SNAKE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
CAMEL = re.compile(r"[a-z][a-zA-Z0-9]*")
NAMED_BY_DATA = {
    *("pages_visited", "by_page", "by_country", "by_device", "by_browser", "by_referrer", "by_company"),
    *("faults", "degraded", "restarts", "drops", "rejected", "failures", "skipped", "actions", "metadata"),
    *("connect_failures", "disconnects", "dashboards_by_site"),
}


def names(value: object) -> set[str]:
    """Return every name of a field; what stands below ``NAMED_BY_DATA`` is named by what came in."""
    if isinstance(value, list):
        return set().union(*map(names, value))
    if not isinstance(value, dict):
        return set()
    below = [
        names(item)
        for name, item in value.items()
        if re.sub("(?=[A-Z])", "_", name).lower() not in NAMED_BY_DATA
    ]
    return set(value).union(*below)


async def test_namings_of_every_answer() -> None:
    async with stage() as play:
        service = play.service
        await play.say("session-opened")
        await play.row()
        await service.post(EVENT | {"metadata": {"someKey": 1, "other_key": 2}})
        for path in (*READS[:-2], "/api/analytics/sessions/s1", "/api/analytics/sessions/none"):
            camel = (await service.http.get(path)).json()
            by_query = (await service.http.get(path, params={"naming": "snake"})).json()
            by_header = (await service.http.get(path, headers={"x-naming": "snake"})).json()
            assert all(map(CAMEL.fullmatch, names(camel))), (path, names(camel))
            assert all(map(SNAKE.fullmatch, names(by_query))), (path, names(by_query))
            assert names(by_query) == names(by_header)
            snake_of_camel = {re.sub("(?=[A-Z])", "_", name).lower() for name in names(camel)}
            assert names(by_query) == snake_of_camel, path
        detail = (await service.http.get("/api/analytics/sessions/s1", params={"naming": "snake"})).json()
        assert detail["data"]["events"][0]["metadata"] == {"someKey": 1, "other_key": 2}
        refused = await service.http.get("/api/visitors", params={"naming": "kebab"})
        assert refused.status_code == 422


async def test_namings_of_the_answers_to_events() -> None:
    async with run_service() as service:
        for options in ({"params": {"naming": "snake"}}, {"headers": {"x-naming": "snake"}}):
            stored = await service.post(EVENT, **options)
            assert set(stored.json()["data"]) == {"id", "session_id", "current_stats"}
            assert set(stored.json()["data"]["current_stats"]) == {
                "total_active", "total_today", "pages_visited",
            }  # fmt: skip
            refused = await service.post({}, **options)
            assert (refused.status_code, "request_id" in refused.json()) == (422, True)


async def test_S4_09_headers_of_every_answer_good_or_bad() -> None:
    async with run_service() as service:
        for answer in await _answers(service):
            where = f"{answer.request.method} {answer.request.url} {answer.status_code}"
            for name, value in SECURITY_HEADERS.items():
                assert answer.headers[name] == value, where
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "server" not in answer.headers, where
            if answer.headers["content-type"].startswith("application/json"):
                assert answer.headers["cache-control"] == "no-store", where


async def _answers(service: RunningService) -> list[httpx.Response]:
    http = service.http
    answers = [await http.get(path) for path in (*READS, "/nowhere", "/static/nothing.js")]
    answers += [
        await service.post(EVENT),
        await service.post({}),
        await http.post("/api/events", content=b"{", headers={"Content-Type": "application/json"}),
        await http.put("/api/visitors"),
        await http.get("/api/events"),
        await http.get("/api/visitors", params={"limit": "many"}),
    ]
    assert {answer.status_code for answer in answers} == {200, 201, 400, 404, 405, 422}
    return answers


async def test_404_has_the_shape_of_failures_and_does_not_repeat_the_path() -> None:
    async with run_service() as service:
        for path in (
            "/nowhere-at-all",
            "/api/analytics/sessions/nowhere-at-all",
            "/api/visitors?site=nowhere-at-all",
        ):
            answer = await service.http.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/json"
            body = answer.json()
            assert set(body) == {"success", "message", "errors", "requestId"}
            assert "nowhere-at-all" not in answer.text


async def test_HEAD_answers_as_GET_without_a_body() -> None:
    async with run_service() as service:
        await service.post(EVENT)
        for path in (*READS, "/api/analytics/sessions/s1"):
            head, get = await service.http.head(path), await service.http.get(path)
            assert (head.status_code, head.content) == (200, b""), path
            assert head.headers["content-type"] == get.headers["content-type"]
