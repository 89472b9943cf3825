"""FAULTS.md 4.5 to 4.8: logging in with a browser, what it may do, and its end."""

import asyncio
import logging
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.contract.posting import EVENT, refusal
from tests.contract.tenants import ADMIN, ANN, PASSWORD, Place, two_sites
from tests.support.service import RunningService, run_service, settings_for_tests
from tracker.http.cookies import NAME, NAME_ON_LOOPBACK

JSON = {"content-type": "application/json"}


async def _login(service: RunningService, email: str, password: str, **headers: str) -> httpx.Response:
    body = {"email": email, "password": password}
    return await service.http.post("/api/auth/login", json=body, headers=headers)


def _cookie(answer: httpx.Response, name: str) -> Any:
    return SimpleCookie(answer.headers["set-cookie"])[name]


async def test_S4_05_the_first_start_makes_the_administrator_by_a_link_once() -> None:
    async with run_service(settings_for_tests(auth__mode="required")) as service:
        token = service.service.setup_token
        me = await service.get("/api/auth/me")
        assert (me["mode"], me["needsSetup"], me["user"], me["may"]) == ("required", True, None, [])
        refusal(await _login(service, ADMIN, "admin"), 401)
        body = {"token": token, "password": PASSWORD}
        weak = await service.http.post("/api/auth/setup", json=body | {"password": "password"})
        refusal(weak, 422)
        other = await service.http.post("/api/auth/setup", json=body | {"email": "me@evil.example"})
        refusal(other, 422)
        refusal(await service.http.post("/api/auth/setup", json=body | {"token": "guessed"}), 401)
        done = await service.http.post("/api/auth/setup", json=body)
        assert done.status_code == 200, done.text
        assert done.json()["data"]["user"] == {"email": ADMIN, "isOperator": True}
        assert done.json()["data"]["needsSetup"] is False
        refusal(await service.http.post("/api/auth/setup", json=body), 401)
        assert (await service.get("/api/auth/me"))["may"] == ["read", "admin", "operate"]
        new = await service.http.post(
            "/api/auth/register", json={"name": "C"}, headers={"sec-fetch-site": "same-origin"}
        )
        assert new.status_code == 201


async def test_S4_05_a_wrong_password_and_an_unknown_user_get_one_answer() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        wrong = await _login(place.service, ANN, "not the password")
        unknown = await _login(place.service, "nobody@a.example", "not the password")
        for answer in (wrong, unknown):
            refusal(answer, 401)
            assert "set-cookie" not in answer.headers
        assert wrong.json()["message"] == unknown.json()["message"]
        assert (await place.audited())[-2:] == [("login_failed", ANN, ""), ("login_failed", "", "")]


async def test_S4_05_guessing_is_slowed_down_and_tells_when_to_come_back() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        answers = [await _login(place.service, ANN, f"guess number {n}") for n in range(7)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
        assert int(answers[-1].headers["retry-after"]) >= 1
        # Whom a proxy that is not trusted names makes no difference.
        spoofed = await _login(place.service, ANN, PASSWORD, **{"x-forwarded-for": "203.0.113.77"})
        refusal(spoofed, 429)


async def test_S4_06_the_cookie_of_one_s_own_machine_and_of_https(caplog: pytest.LogCaptureFixture) -> None:
    async with two_sites(limits__login_per_minute=0) as place:
        await place.add_user(ANN, a="admin")
        with caplog.at_level(logging.WARNING):
            local = [await _login(place.service, ANN, PASSWORD) for _ in range(2)]
        assert sum("not marked as secure" in line for line in caplog.messages) == 1
        morsel = _cookie(local[0], NAME_ON_LOOPBACK)
        assert morsel["httponly"]
        assert not morsel["secure"]
        assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("lax", "/", "")
        behind = {"host": "stats.example.com", "origin": "https://stats.example.com"}
        public = await _login(place.service, ANN, PASSWORD, **behind)
        morsel = _cookie(public, NAME)
        assert morsel["secure"]
        assert morsel["httponly"]
        assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("lax", "/", "")
        token = morsel.value
        assert len(token) >= 43, "256 bits"
        for name, status in ((NAME, 200), (NAME_ON_LOOPBACK, 401)):
            headers = {"host": "stats.example.com", "cookie": f"{name}={token}"}
            async with httpx.AsyncClient(
                base_url=place.service.base_url, trust_env=False, timeout=30
            ) as http:
                assert (await http.get("/api/visitors?site=a", headers=headers)).status_code == status


async def test_S4_06_without_https_nobody_logs_in_from_elsewhere() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        plain = {"host": "stats.example.com", "origin": "http://stats.example.com"}
        answer = await _login(place.service, ANN, PASSWORD, **plain)
        assert "HTTPS" in refusal(answer, 403)["message"]
        assert "set-cookie" not in answer.headers


async def test_S4_06_a_login_gets_a_new_token_and_ends_the_one_before() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        browser = await place.log_in()
        before = browser.cookie
        again = await browser.post("/api/auth/login", {"email": ANN, "password": PASSWORD})
        assert again.status_code == 200
        assert browser.cookie != before
        browser.http.cookies.clear()
        old = await browser.http.get("/api/visitors?site=a", headers={"cookie": before})
        refusal(old, 401)


@pytest.mark.parametrize("everywhere", [False, True])
async def test_S4_06_F2e_06_logging_out_ends_the_login_and_its_sockets(everywhere: bool) -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="viewer")
        here, there = await place.log_in(), await place.log_in()
        headers = [{"cookie": one.cookie} for one in (here, there)]
        url = place.service.socket_url
        origin: Any = here.origin
        async with (
            connect(url, origin=origin, additional_headers=headers[0]) as first,
            connect(url, origin=origin, additional_headers=headers[1]) as second,
        ):
            assert (await here.post("/api/auth/logout", {"everywhere": everywhere})).status_code == 200
            async with asyncio.timeout(15):
                await first.wait_closed()
                if everywhere:
                    await second.wait_closed()
            assert first.close_code == 1008
            if everywhere:
                assert second.close_code == 1008
            else:
                await (await second.ping())
        refusal(await here.get("/api/visitors"), 401)
        assert (await there.get("/api/visitors")).status_code == (401 if everywhere else 200)
        refusal(await here.post("/api/auth/logout"), 401)


async def test_S4_06_F2e_06_a_login_that_is_too_old_ends_with_its_sockets() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="viewer")
        browser = await place.log_in()
        origin: Any = browser.origin
        async with connect(
            place.service.socket_url, origin=origin, additional_headers={"cookie": browser.cookie}
        ) as socket:
            # As the sweep does, which runs every second: tests/access/test_logins.py moves the clock.
            place.access.logins.end_all(ANN)
            async with asyncio.timeout(15):
                await socket.wait_closed()
            assert socket.close_code == 1008


async def test_S4_07_a_cookie_opens_a_socket_from_a_page_of_ours_alone() -> None:
    async with two_sites(server__allowed_origins=["https://panel.example"]) as place:
        await place.add_user(ANN, a="viewer")
        browser = await place.log_in()
        origins: list[Any] = [None, "null", "http://evil.example", browser.origin + ".evil.example"]
        for origin in origins:
            with pytest.raises(InvalidStatus) as refused:
                async with connect(
                    place.service.socket_url, origin=origin, additional_headers={"cookie": browser.cookie}
                ):
                    raise AssertionError
            assert refused.value.response.status_code == 403, origin
        allowed: list[Any] = [browser.origin, "https://panel.example"]
        for origin in allowed:
            async with connect(
                place.service.socket_url, origin=origin, additional_headers={"cookie": browser.cookie}
            ) as socket:
                await socket.recv()


def _changing(place: Place) -> list[str]:
    return [
        "/api/analytics/reset", "/api/visitors/erase", "/api/auth/api-key", "/api/auth/revoke",
        "/api/auth/users", "/api/auth/users/password", "/api/auth/users/remove", "/api/auth/logout",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "OWN"},
    ],
    ids=str,
)
async def test_S4_08_no_other_page_changes_anything_with_the_cookie(headers: dict[str, str]) -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        browser = await place.log_in()
        sent = {name: browser.origin if value == "OWN" else value for name, value in headers.items()}
        for path in _changing(place):
            refusal(await browser.http.post(path, json={}, headers=sent), 403)
        assert (await browser.get("/api/visitors")).status_code == 200


async def test_S4_08_our_own_page_does_and_sends_json() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        browser = await place.log_in()
        own = {"origin": browser.origin}
        for headers in (own, {"sec-fetch-site": "same-origin"}):
            done = await browser.http.post("/api/analytics/reset", json={}, headers=headers)
            assert done.status_code == 200
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
                form = await browser.http.post(
                    "/api/analytics/reset", content=b"{}", headers=headers | {"content-type": kind}
                )
                refusal(form, 415)


async def test_S4_08_a_page_cannot_log_somebody_in_or_send_events_with_a_cookie() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        body = {"email": ANN, "password": PASSWORD}
        evil = {"origin": "https://evil.example"}
        refusal(await place.http.post("/api/auth/login", json=body, headers=evil), 403)
        refusal(await place.http.post("/api/auth/login", data=body), 415)
        browser = await place.log_in()
        refusal(await browser.post("/api/events?site=a", EVENT), 401)


async def test_S4_08_nothing_is_changed_by_asking() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="admin")
        browser = await place.log_in()
        for path in _changing(place):
            answer = await browser.get(path)
            is_list = path.endswith(("api-key", "/users"))
            assert answer.status_code == (200 if is_list else 405), path


async def test_S4_03_a_viewer_sees_and_changes_nothing() -> None:
    async with two_sites() as place:
        await place.add_user(ANN, a="viewer")
        browser = await place.log_in()
        me = (await browser.get("/api/auth/me")).json()["data"]
        assert me["may"] == ["read"]
        assert me["sites"] == [{"id": "a", "name": "A", "role": "viewer"}]
        assert (await browser.get("/api/visitors")).status_code == 200
        assert (await browser.get("/api/status")).status_code == 200
        for path in ("/api/auth/api-key", "/api/auth/users"):
            refusal(await browser.get(path), 403)
        for path in set(_changing(place)) - {"/api/auth/logout", "/api/auth/users/password"}:
            refusal(await browser.post(path), 403)
        for site in ("b", "nonesuch"):
            refusal(await browser.get("/api/visitors", site=site), 404)
            refusal(await browser.get("/api/auth/me", site=site), 404)


async def test_an_admin_gives_and_takes_roles_on_the_own_site_alone() -> None:
    async with two_sites(limits__login_per_minute=0) as place:
        await place.add_user(ANN, a="admin")
        await place.add_user("bob@b.example", b="viewer")
        ann = await place.log_in()
        her = {"email": "eve@a.example"}
        eve = {"email": "Eve@a.example", "password": PASSWORD, "role": "viewer"}
        assert (await ann.post("/api/auth/users", eve)).status_code == 201
        listed = (await ann.get("/api/auth/users")).json()["data"]["users"]
        roles = {one["email"]: one["role"] for one in listed}
        assert roles == {ANN: "admin", "eve@a.example": "viewer"}
        for taken in ({"email": "bob@b.example"}, {"email": ADMIN, "password": PASSWORD}):
            refusal(await ann.post("/api/auth/users", {"role": "admin"} | taken), 422)
        stolen = {"email": "eve@a.example", "password": "another password", "role": "viewer"}
        refusal(await ann.post("/api/auth/users", stolen), 422)
        refusal(await ann.post("/api/auth/users/password", {**her, "password": "another password"}), 403)
        assert (await ann.post("/api/auth/users", {**her, "role": "admin"})).status_code == 200
        assert (await place.log_in("eve@a.example")).http.cookies
        assert (await ann.post("/api/auth/users/remove", her)).status_code == 200
        refusal(await _login(place.service, "eve@a.example", PASSWORD), 401)


async def test_a_new_password_ends_the_logins_of_the_old_one() -> None:
    async with two_sites(limits__login_per_minute=0) as place:
        await place.add_user(ANN, a="viewer")
        here, there = await place.log_in(), await place.log_in()
        new = {"password": "a better pass phrase"}
        refusal(await here.post("/api/auth/users/password", new), 422)
        refusal(await here.post("/api/auth/users/password", new | {"old": "wrong one"}), 422)
        changed = await here.post("/api/auth/users/password", new | {"old": PASSWORD})
        assert changed.status_code == 200, changed.text
        assert (await here.get("/api/visitors")).status_code == 200, "who changed it stays"
        refusal(await there.get("/api/visitors"), 401)
        refusal(await _login(place.service, ANN, PASSWORD), 401)
        assert (await _login(place.service, ANN, new["password"])).status_code == 200
        assert "password_changed" in [line[0] for line in await place.audited()]


async def test_the_operator_of_this_machine_needs_no_login_and_no_other_machine_has_one() -> None:
    async with two_sites(server__trusted_proxies=["127.0.0.1"]) as place:
        place.service.service.gate.trust_operator("token-of-the-operator")
        headers = {"authorization": "Bearer token-of-the-operator"}
        new = await place.http.post("/api/auth/register", json={"name": "C"}, headers=headers)
        assert new.status_code == 201
        user = {"email": ANN, "password": PASSWORD, "role": "viewer"}
        added = await place.http.post("/api/auth/users?site=c", json=user, headers=headers)
        assert added.status_code == 201
        changed = await place.http.post(
            "/api/auth/users/password", json={"email": ANN, "password": "another one 9"}, headers=headers
        )
        assert changed.status_code == 200
        for forwarded in ("203.0.113.9", "127.0.0.1"):
            far = headers | {"x-forwarded-for": forwarded}
            refusal(await place.http.get("/api/auth/sites", headers=far), 403)
        refusal(await place.http.get("/api/visitors?key=token-of-the-operator"), 401)
        refusal(await place.http.get("/api/visitors", headers={"authorization": "Bearer other"}), 401)


async def test_an_old_cookie_keeps_nobody_out_of_an_open_service() -> None:
    async with run_service() as service:
        old = {"cookie": f"{NAME_ON_LOOPBACK}=of-another-day"}
        assert (await service.http.get("/api/visitors", headers=old)).status_code == 200
        me = (await service.http.get("/api/auth/me", headers=old)).json()["data"]
        assert me == {
            "mode": "open", "needsSetup": False, "user": None, "key": None, "site": "default",
            "sites": [{"id": "default", "name": "default", "role": "admin"}],
            "may": ["ingest", "read", "admin", "operate"],
        }  # fmt: skip
