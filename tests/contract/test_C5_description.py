"""Section 5 of the contract, "Operations": the service explains itself, and what it says is true."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from tests.contract.described import (
    Described,
    Description,
    Document,
    send,
    shown_requests,
)
from tests.support.service import RunningService, run_service
from tracker.http.events import MAX_BODY_BYTES

IMPLIED = {"HEAD"}
"""Answered wherever GET is; the description says so once."""
SNAKE_QUERIES = {"user_id", "session_id"}
"""The other naming of two filters, which the other description names."""
HARD_TO_REACH = {
    (name, "503")
    for name in (
        "getTotals", "getTimeseries", "getTop", "getEventSummary", "getUserStats", "getFunnel",
        "getRetention", "getEvents", "exportEvents", "postEvents", "collectEvents", "eraseVisitor",
        "getVisits",
    )
} | {
    (name, status)
    for status, names in {
        "200": (
            "logIn", "logOut", "setUp", "revokeKey", "removeWebhook", "testWebhook", "getDeliveries",
            "replayWebhook", "removeWatch",
        ),
        "409": ("replayWebhook",),
        "429": (
            "postEvents", "collectEvents", "exportEvents", "logIn", "setUp", "setPassword", "testWebhook",
        ),
        "503": (
            "logIn", "setUp", "saveUser", "setPassword",
            "createWebhook", "getWebhooks", "removeWebhook", "testWebhook", "getDeliveries", "replayWebhook",
            "createWatch", "removeWatch",
        ),
    }.items()
    for name in names
}  # fmt: skip
"""A store that cannot answer: tests/contract/test_C5_history.py and test_C5_doors.py break it for that.
What needs a login, or too many of something: tests/contract/test_S4_logins.py, _keys.py and _limits.py.
What needs a webhook that is there: tests/contract/test_webhooks.py."""

PAGEVIEW = {"type": "pageview", "sessionId": "s1", "page": "/pricing", "userId": "u7", "country": "DE"}


@pytest.fixture
async def service() -> AsyncIterator[RunningService]:
    async with run_service() as running:
        yield running


async def _description(service: RunningService, naming: str = "camel") -> Description:
    answer = await service.http.get("/openapi.json", params={"naming": naming})
    return Description(answer.json())


def _methods(route: BaseRoute) -> set[tuple[str, str]]:
    if isinstance(route, Mount):
        return {("GET", f"{route.path}/{{file}}")}
    assert isinstance(route, Route), f"{route} is neither a route nor a mount nor a WebSocket"
    path = route.path.replace(":path}", "}")
    return {(method, path) for method in (route.methods or set()) - IMPLIED}


async def test_every_route_and_method_is_described_and_nothing_else(service: RunningService) -> None:
    description = await _description(service)
    live = (await service.http.get("/asyncapi.json")).json()
    routes = service.service.routes
    sockets = [route for route in routes if isinstance(route, WebSocketRoute)]
    there = set().union(*(_methods(route) for route in routes if route not in sockets))
    assert {(one.method, one.path) for one in description.operations} == there
    assert {channel["address"] for channel in live["channels"].values()} == {one.path for one in sockets}


async def _send_everything(service: RunningService, description: Description) -> set[tuple[str, str]]:
    """Send every request that is shown and return what was answered: (operation, status)."""
    seen = set()
    await service.post(PAGEVIEW)
    for described in description.operations:
        for shown in shown_requests(described):
            answer = await send(service, shown)
            assert str(answer.status_code) == shown.status, f"{shown.label}: {answer.text[:300]}"
            description.check_answer(described, answer)
            if answer.status_code >= 400 and "snake" not in answer.request.url.query.decode():
                promised = {**shown.answer, "requestId": answer.json()["requestId"]}
                assert answer.json() == promised, shown.label
            if answer.status_code < 300 and shown.answer and "message" in shown.answer:
                assert answer.json()["message"] == shown.answer["message"], shown.label
            seen.add((described.name, shown.status))
    return seen


async def _send_the_rest(service: RunningService, description: Description) -> set[tuple[str, str]]:
    """Send what the description cannot show: bodies that are too large or of another type."""
    seen = set()

    async def ask(method: str, path: str, **options: Any) -> None:
        answer = await service.http.request(method, path, **options)
        described = description.of(method, path)
        description.check_answer(described, answer)
        seen.add((described.name, str(answer.status_code)))

    accounts = [
        f"/api/auth/{name}"
        for name in (
            "login", "setup", "register", "api-key", "revoke",
            "users", "users/password", "users/remove", "sites/remove",
        )
    ]  # fmt: skip
    notifying = ["/api/webhooks", "/api/webhooks/{id}/replay", "/api/watches"]
    for path in ("/api/events", "/api/analytics/collect", "/api/visitors/erase", *accounts, *notifying):
        json = {"content-type": "application/json"}
        await ask("POST", path, content=b"[" + b" " * MAX_BODY_BYTES, headers=json)
        await ask("POST", path, content=b"<event/>", headers={"content-type": "text/xml"})
        await ask("POST", path, content=b"{", headers=json)
    elsewhere = {"origin": "https://elsewhere.example"}
    for path in ("/api/visitors/erase", *accounts, *notifying, "/api/webhooks/{id}/test"):
        await ask("POST", path, json={"userId": "u"}, headers=elsewhere)
    for path in ("/api/webhooks/{id}", "/api/watches/{id}"):
        await ask("DELETE", path, headers=elsewhere)
    for one in description.operations:
        if "431" in one.operation["responses"]:
            await ask(one.method, one.path, headers={"x-long": "x" * 33_000})
    service.service.stop()
    await ask("GET", "/ready")
    return seen


async def test_every_example_gives_the_answer_that_it_promises(service: RunningService) -> None:
    description = await _description(service)
    seen = await _send_everything(service, description)
    seen |= await _send_the_rest(service, description)
    described = set().union(*(one.statuses() for one in description.operations))
    assert described - seen == HARD_TO_REACH, "every status that is described was answered"


async def test_the_other_naming_is_described_as_exactly(service: RunningService) -> None:
    description = await _description(service, "snake")
    assert await _send_everything(service, description)
    answer = await service.http.get("/api/visitors", params={"naming": "snake"})
    described = description.of("GET", "/api/visitors")
    assert answer.json()["data"]["visitors"], "the schema of a row was used"
    description.check_answer(described, answer)
    with pytest.raises(AssertionError, match="session_id"):
        description.check_answer(described, await service.http.get("/api/visitors"))


async def test_answers_that_are_shown_are_as_the_schemas_say(service: RunningService) -> None:
    for naming in ("camel", "snake"):
        description = await _description(service, naming)
        for described in description.operations:
            for status, response in described.operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                for name, example in content.get("examples", {}).items():
                    label = f"{described.name} {status} {name}"
                    if "value" in example:
                        description.check_value(content["schema"], example["value"], label)


async def test_bodies_that_are_shown_are_as_the_schemas_say_when_they_are_right(
    service: RunningService,
) -> None:
    for naming in ("camel", "snake"):
        description = await _description(service, naming)
        for described in description.operations:
            body = described.operation.get("requestBody", {}).get("content", {}).get("application/json")
            for shown in shown_requests(described) if body else ():
                if shown.request.get("contentType") == "application/json" and shown.status < "207":
                    description.check_value(body["schema"], shown.request["body"], shown.label)
                if shown.name in ("incomplete", "none", "nobody"):
                    with pytest.raises(AssertionError):
                        description.check_value(body["schema"], shown.request["body"], shown.label)


async def test_a_naming_that_is_not_known_is_refused_before_anything_is_done(service: RunningService) -> None:
    await service.post(PAGEVIEW)
    refused = await service.http.post("/api/analytics/reset", params={"naming": "kebab"})
    assert refused.status_code == 422
    assert (await service.get("/api/analytics/summary"))["summary"]["pagesVisited"] == {"/pricing": 1}


async def test_a_file_has_the_naming_that_is_asked_for(service: RunningService) -> None:
    await service.post(PAGEVIEW)
    await service.service.mover.catch_up()
    files = {}
    for kind in ("csv", "ndjson"):
        for naming in ("camel", "snake"):
            query = {"format": kind, "naming": naming}
            file = await service.http.get("/api/analytics/export", params=query)
            files[kind, naming] = file.text.splitlines()
    assert ["sessionId" in "".join(lines) for lines in files.values()] == [True, False] * 2
    assert ["session_id" in "".join(lines) for lines in files.values()] == [False, True] * 2
    assert files["csv", "camel"][1:] == files["csv", "snake"][1:]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_a_file_that_cannot_be_made_is_refused_before_it_begins(
    service: RunningService, kind: str
) -> None:
    description = await _description(service)
    query = {"format": kind, "from": "1969-01-01T00:00:00Z"}
    answer = await service.http.get("/api/analytics/export", params=query)
    assert answer.status_code == 422
    description.check_answer(description.of("GET", "/api/analytics/export"), answer)


# The table of parameters and the parsers


async def _ask(service: RunningService, described: Described, **changed: str | int | None) -> httpx.Response:
    """Send the first request that is shown, with other query parameters."""
    requests = sorted(shown_requests(described), key=lambda one: one.status != "200")
    shown = requests[0]
    query = {**shown.request.get("query", {}), **changed}
    given = {name: value for name, value in query.items() if value is not None}
    return await send(service, shown._replace(request={**shown.request, "query": given}))


def _faults(answer: httpx.Response) -> dict[str, str]:
    if answer.status_code != 422:
        return {}
    return {fault["field"]: fault["message"] for fault in answer.json()["errors"]}


def _strict(description: Description) -> list[Described]:
    """Operations that refuse what they do not know."""
    return [one for one in description.operations if "site" in one.parameters_in("query")]


async def test_the_parsers_know_the_parameters_that_are_described_and_no_others(
    service: RunningService,
) -> None:
    description = await _description(service)
    asked = 0
    for described in _strict(description):
        names = set(described.parameters_in("query"))
        if described.method == "POST" and "requestBody" in described.operation:
            continue  # erasing takes the common ones alone; the door ignores what it does not know
        message = _faults(await _ask(service, described, unheard_of="x"))["query"]
        known = set(message.partition("known are ")[2].split(", "))
        assert known - SNAKE_QUERIES == names, described.name
        asked += 1
    assert asked >= 14


async def test_the_parsers_have_the_limits_that_are_described(service: RunningService) -> None:
    description = await _description(service)
    asked = 0
    for described in _strict(description):
        for name, parameter in described.parameters_in("query").items():
            schema = parameter["schema"]
            asked += await _check_number(service, described, name, schema)
            asked += await _check_length(service, described, name, schema)
            if parameter.get("required"):
                assert name in _faults(await _ask(service, described, **{name: None})), described.name
    assert asked > 100


async def _check_number(service: RunningService, described: Described, name: str, schema: Document) -> int:
    if "maximum" not in schema:
        return 0
    least, most = schema["minimum"], schema["maximum"]
    for value, is_right in ((least, True), (most, True), (least - 1, False), (most + 1, False)):
        answer = await _ask(service, described, **{name: value})
        assert (answer.status_code == 200) is is_right, f"{described.name} {name}={value}"
    return 4


async def _check_length(service: RunningService, described: Described, name: str, schema: Document) -> int:
    if "maxLength" not in schema:
        return 0
    most = schema["maxLength"]
    refusal = f"must be at most {most} characters"
    # Some texts have to be more than short: what counts is that the length is not the reason.
    assert refusal not in _faults(await _ask(service, described, **{name: "x" * most})).values()
    assert _faults(await _ask(service, described, **{name: "x" * (most + 1)}))[name] == refusal
    return 2


async def test_the_parsers_know_the_values_that_are_described_and_no_others(service: RunningService) -> None:
    description = await _description(service)
    asked = 0
    for described in _strict(description):
        for name, parameter in described.parameters_in("query").items():
            values = parameter["schema"].get("enum", ())
            if not values or name == "naming":
                continue
            hour = {} if name == "range" else {"range": "hour"}
            for value in values:
                answer = await _ask(service, described, **{**hour, name: value})
                assert answer.status_code == 200, f"{described.name} {name}={value}: {answer.text}"
            # An interval is a number to its parser first.
            wrong = 7 if parameter["schema"].get("type") == "integer" else "unheard-of"
            message = _faults(await _ask(service, described, **{**hour, name: wrong}))[name]
            listed = message.partition(" of ")[2].removesuffix(" seconds").split(", ")
            assert listed == [str(value) for value in values], described.name
            asked += 1
    assert asked >= 10


async def test_every_value_that_is_shown_for_a_parameter_is_taken(service: RunningService) -> None:
    description = await _description(service)
    asked = 0
    for described in description.operations:
        for name, parameter in described.parameters_in("query").items():
            for value in parameter["schema"].get("examples", ()):
                answer = await _ask(service, described, **{"range": None, "interval": None, name: value})
                assert answer.status_code == 200, f"{described.name} {name}={value}: {answer.text}"
                asked += 1
    assert asked > 50


async def test_the_dimensions_that_are_described_are_those_that_are_known(service: RunningService) -> None:
    description = await _description(service)
    described = description.of("GET", "/api/analytics/top/{dimension}")
    for value in described.parameters_in("path")["dimension"]["schema"]["enum"]:
        assert (await service.http.get(f"/api/analytics/top/{value}")).status_code == 200
    refused = await service.http.get("/api/analytics/top/weather")
    assert refused.status_code == 404
    known = refused.json()["message"].removeprefix("Events are counted by ").split(", ")
    assert known == described.parameters_in("path")["dimension"]["schema"]["enum"]


# How it is served


async def test_descriptions_are_made_once_and_named_by_their_content(service: RunningService) -> None:
    for path in ("/openapi.json", "/asyncapi.json"):
        first = await service.http.get(path)
        again = await service.http.get(path)
        snake = await service.http.get(path, headers={"x-naming": "snake"})
        assert first.content == again.content
        assert first.headers["etag"] == again.headers["etag"] != snake.headers["etag"]
        assert first.headers["cache-control"] == "no-cache"
        for tags in (
            first.headers["etag"],
            f"W/{first.headers['etag']}",
            '"x", ' + first.headers["etag"],
            "*",
        ):
            same = await service.http.get(path, headers={"if-none-match": tags})
            assert (same.status_code, same.content) == (304, b""), tags
        other = await service.http.get(path, headers={"if-none-match": snake.headers["etag"]})
        assert other.status_code == 200


async def test_the_page_and_all_that_it_loads_is_served_here(service: RunningService) -> None:
    page = await service.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for file in ("init.js", "docs.css", "vendor/swagger-ui-bundle.js", "vendor/swagger-ui.css"):
        assert f"/static/docs/{file}" in page.text
        assert (await service.http.get(f"/static/docs/{file}")).status_code == 200
    assert "/asyncapi.json" in page.text
    assert "docs/websocket.md" in page.text
