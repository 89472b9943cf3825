"""FAULTS.md 4.3, 4.4: keys, what they are for, and their end."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.contract.posting import EVENT, fields, refusal
from tests.contract.tenants import Place, key, two_sites
from tests.support.service import run_service, settings_for_tests
from tracker.http.fields import MAX_BODY_BYTES


async def _new_key(place: Place, **body: Any) -> str:
    answer = await place.post("/api/auth/api-key", place.a.admin, body)
    assert answer.status_code == 201, answer.text
    text: str = answer.json()["data"]["key"]
    return text


async def test_S4_03_an_ingest_key_writes_and_sees_nothing() -> None:
    async with two_sites() as place:
        answer = await place.a.post(place.service)
        assert answer.status_code == 201
        assert answer.json()["data"]["currentStats"] is None
        many = await place.service.post([EVENT], headers=key(place.a.ingest))
        assert many.json()["data"]["currentStats"] is None
        seen = await place.service.post(EVENT, headers=key(place.a.every))
        assert seen.json()["data"]["currentStats"]["totalActive"] == 2
        refusal(await place.get("/api/visitors", place.a.ingest), 403)
        refusal(await place.service.post(EVENT, headers=key(place.a.read)), 403)
        refusal(await place.service.post(EVENT, headers=key(place.a.admin)), 403)


async def test_S4_03_a_bound_key_is_good_on_its_own_pages_only() -> None:
    async with two_sites() as place:
        bound = await _new_key(place, name="web", scopes=["ingest"], origins=["https://shop.example"])
        for origin, status in (
            ("https://shop.example", 201),
            ("https://shop.example.evil.example", 403),
            ("http://shop.example", 403),
            ("null", 403),
        ):
            answer = await place.service.post(EVENT, headers=key(bound) | {"origin": origin})
            assert answer.status_code == status, origin
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers
        refusal(await place.service.post(EVENT, headers=key(bound)), 403)


async def test_S4_04_only_an_ingest_key_may_stand_in_a_url() -> None:
    async with two_sites() as place:
        beacon = {"content": '{"event": "e"}', "headers": {"content-type": "text/plain"}}
        for text, status in ((place.a.ingest, 201), (place.a.every, 401), (place.a.read, 401)):
            answer = await place.http.post("/api/events", params={"key": text}, **beacon)  # type: ignore[arg-type]
            assert answer.status_code == status, answer.text
        answer = await place.http.get("/api/visitors", params={"key": place.a.read})
        refusal(answer, 401)
        assert place.a.read not in answer.text


async def test_both_headers_carry_a_key() -> None:
    async with two_sites() as place:
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = {"authorization": f"{scheme} {place.a.read}"}
            assert (await place.http.get("/api/visitors", headers=headers)).status_code == 200
        other = {"authorization": "Basic dXNlcjpwYXNz"}
        refusal(await place.http.get("/api/visitors", headers=other), 401)
        assert (await place.http.get("/api/visitors", headers=other | key(place.a.read))).status_code == 200


async def test_S4_04_F2e_06_a_revoked_key_ends_with_its_sockets() -> None:
    async with two_sites() as place:
        text = await _new_key(place, name="screen", scopes=["read"])
        async with (
            connect(place.service.socket_url, additional_headers=key(text)) as socket,
            connect(place.service.socket_url, additional_headers=key(place.a.read)) as other,
        ):
            revoked = await place.post("/api/auth/revoke", place.a.admin, {"key": text[:14]})
            assert revoked.json()["data"] == {"prefix": text[:14]}
            async with asyncio.timeout(15):
                await socket.wait_closed()
            assert socket.close_code == 1008
            await (await other.ping())
        refusal(await place.get("/api/visitors", text), 401)
        with pytest.raises(InvalidStatus) as refused:
            async with connect(place.service.socket_url, additional_headers=key(text)):
                raise AssertionError
        assert refused.value.response.status_code == 401
        assert place.access.watchers.size == 0
        refusal(await place.post("/api/auth/revoke", place.a.admin, {"key": text[:14]}), 404)
        actions = [line[0] for line in await place.audited()]
        assert actions[:2] == ["key_created", "key_revoked"]


async def test_the_list_tells_what_a_key_is_for_and_never_the_key() -> None:
    async with two_sites() as place:
        text = await _new_key(place, name="web", scopes=["ingest"], origins=["https://shop.example"])
        await place.service.post(EVENT, headers=key(text) | {"origin": "https://shop.example"})
        answer = await place.get("/api/auth/api-key", place.a.admin)
        assert text not in answer.text
        (row,) = [one for one in answer.json()["data"]["keys"] if one["name"] == "web"]
        assert row["prefix"] == text[:14]
        assert (row["scopes"], row["origins"]) == (["ingest"], ["https://shop.example"])
        assert row["lastUsedAt"] >= row["createdAt"]


async def test_an_open_service_registers_whoever_asks_and_its_keys_work() -> None:
    async with run_service() as service:
        answer = await service.http.post("/api/auth/register", json={"name": "My Shop"})
        assert answer.status_code == 201, answer.text
        data = answer.json()["data"]
        assert set(data) == {"site", "name", "key", "prefix", "scopes"}
        assert data["key"].startswith(data["prefix"])
        posted = await service.post(EVENT, headers=key(data["key"]))
        assert posted.status_code == 201
        for query, headers in (({"site": "my-shop"}, {}), ({}, key(data["key"]))):
            found = await service.http.get("/api/visitors", params=query, headers=headers)
            assert found.json()["data"]["total"] == 1
        assert await service.visitors() == {}, "without a name it is the default site"


async def test_registering_needs_the_operator_unless_it_is_open() -> None:
    async with two_sites() as place:
        refusal(await place.http.post("/api/auth/register", json={"name": "C"}), 401)
        refusal(await place.post("/api/auth/register", place.a.every, {"name": "C"}), 403)
    settings = settings_for_tests(
        auth__mode="required", auth__open_registration=True, limits__login_per_minute=2
    )
    async with run_service(settings) as service:
        answers = [await service.http.post("/api/auth/register", json={"name": "C"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert int(answers[2].headers["retry-after"]) >= 1
        assert answers[0].json()["data"]["site"] != answers[1].json()["data"]["site"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("register", {}, "name"),
        ("register", {"name": 1}, "name"),
        ("register", {"name": " "}, "name"),
        ("register", {"name": "C", "origins": ["https://c.example"]}, "origins"),
        ("register", {"name": "C", "site": "default"}, "body"),
        ("register", [], "body"),
        ("api-key", {"scopes": []}, "scopes"),
        ("api-key", {"scopes": ["operate"]}, "scopes"),
        ("api-key", {"scopes": "read"}, "scopes"),
        ("api-key", {"scopes": ["ingest"], "origins": ["shop.example"]}, "origins"),
        ("api-key", {"scopes": ["read"], "origins": ["https://shop.example"]}, "origins"),
        ("api-key", {"scopes": ["read"], "name": "a\u0000"}, "name"),
        ("api-key", {"scopes": ["read"], "site": "b"}, "body"),
        ("revoke", {}, "key"),
        ("sites/remove", {"site": "default"}, "site"),
        ("users", {"email": "x", "role": "admin"}, "email"),
        ("users", {"email": "x@y.example", "role": "owner", "password": "long enough one"}, "role"),
        ("users", {"email": "x@y.example", "role": "admin"}, "password"),
        ("users", {"email": "x@y.example", "role": "admin", "password": "short"}, "password"),
        ("users/password", {"password": "long enough one"}, "email"),
    ],
)
async def test_S4_15_what_is_not_valid_is_named(path: str, body: Any, field: str) -> None:
    async with run_service() as service:
        answer = await service.http.post(f"/api/auth/{path}", json=body)
        assert fields(refusal(answer, 422)) == [field]


async def test_S4_17_bodies_are_bounded_and_of_one_kind() -> None:
    async with run_service() as service:
        for path in ("login", "setup", "register", "api-key", "revoke", "users", "users/remove"):
            url, json = f"/api/auth/{path}", {"content-type": "application/json"}
            refusal(await service.http.post(url, content=b" " * (MAX_BODY_BYTES + 1), headers=json), 413)
            refusal(await service.http.post(url, content=b"{", headers=json), 400)
            refusal(await service.http.post(url, data={"email": "a"}), 415)


async def test_S4_11_pages_of_other_origins_may_ask_first_and_read_why_they_are_refused() -> None:
    async with two_sites() as place:
        asks = {"origin": "https://shop.example", "access-control-request-method": "POST"}
        preflight = await place.http.options("/api/events", headers=asks)
        assert preflight.status_code == 204
        assert "x-api-key" in preflight.headers["access-control-allow-headers"]
        refused = await place.service.post(EVENT, headers={"origin": "https://shop.example"})
        refusal(refused, 401)
        for answer in (preflight, refused):
            assert answer.headers["access-control-allow-origin"] == "*"
        for path in ("/api/visitors", "/api/auth/me"):
            seen = await place.http.get(path, headers={"origin": "https://shop.example"} | key(place.a.read))
            assert "access-control-allow-origin" not in seen.headers


async def test_S4_17_a_stranger_s_large_body_is_not_read_and_the_connection_goes_on() -> None:
    async with two_sites() as place:
        for path in ("/api/events", "/api/auth/api-key"):
            for _ in range(3):
                refusal(await place.http.post(path, content=b"x" * 3_000_000), 401)
        assert (await place.get("/api/visitors", place.a.read)).status_code == 200
