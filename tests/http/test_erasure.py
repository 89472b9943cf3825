"""What ``POST /api/visitors/erase`` takes and refuses; what it does: tests/test_erasing.py."""

import pytest

from tests.support.service import run_service


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("[]", "body"),
        ("{}", "body"),
        ('{"userId": "a", "ip": "192.0.2.1"}', "body"),
        ('{"userId": "a", "user_id": "a"}', "body"),
        ('{"name": "a"}', "body"),
        ('{"userId": "a", "site": "b"}', "body"),
        ('{"userId": ""}', "userId"),
        ('{"sessionId": 1}', "sessionId"),
        ('{"ip": null}', "ip"),
        ('{"email": "ann"}', "email"),
        ('{"email": "@"}', "email"),
        ('{"email": "a b@c.example"}', "email"),
        ('{"ip": "' + "1" * 65 + '"}', "ip"),
    ],
)
async def test_S4_21_exactly_one_name_is_taken(body: str, field: str) -> None:
    async with run_service() as service:
        response = await service.http.post(
            "/api/visitors/erase", content=body, headers={"content-type": "application/json"}
        )
        assert response.status_code == 422, response.text
        assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_S4_21_the_answer_has_one_shape() -> None:
    async with run_service() as service:
        await service.post({"type": "pageview", "sessionId": "s", "userId": "u"})
        for name in ("user_id", "userId"):
            response = await service.http.post("/api/visitors/erase?naming=snake", json={name: "u"})
            assert response.status_code == 200
            assert list(response.json()["data"]["erased"]) == [
                "events",
                "sessions",
                "rejects",
                "identities",
                "live",
            ]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": "{", "headers": {"content-type": "application/json"}}, 400),
        ({"json": {"ip": "192.0.2.1"}, "headers": {"origin": "https://elsewhere.example"}}, 403),
        ({"content": "{}", "headers": {"content-type": "text/plain"}}, 415),
    ],
)
async def test_S4_21_other_refusals(request_: dict[str, object], status: int) -> None:
    async with run_service() as service:
        response = await service.http.post("/api/visitors/erase", **request_)  # type: ignore[arg-type]  # by name
        assert response.status_code == status, response.text
        assert (await service.http.get("/api/visitors/erase")).status_code == 405
