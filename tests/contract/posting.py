"""What tests of ``POST /api/events`` share: an event, the shape of refusals, the count of what is stored."""

from typing import Any

import httpx

from tests.support.service import RunningService

EVENT = {"type": "pageview", "sessionId": "s1", "page": "/pricing"}
INPUT = "input-of-the-sender"
JSON = {"Content-Type": "application/json"}


def refusal(response: httpx.Response, status: int) -> dict[str, Any]:
    """Check the one shape of failures and return the body."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    assert set(body) == {"success", "message", "errors", "requestId"}
    assert body["success"] is False
    assert body["message"]
    assert body["requestId"]
    assert all(set(fault) == {"field", "message"} for fault in body["errors"])
    assert INPUT not in response.text, "the input is never echoed"
    assert "Traceback" not in response.text
    return body


def fields(body: dict[str, Any]) -> list[str]:
    return [fault["field"] for fault in body["errors"]]


async def send(service: RunningService, body: bytes, **headers: str) -> httpx.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await service.http.post("/api/events", content=body, headers=JSON | headers)


async def stored(service: RunningService) -> int:
    count: int = (await service.get("/api/status"))["store"]["storedEvents"]
    return count
