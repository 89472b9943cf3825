"""DNS rebinding: a page whose own name points at this machine reaches nothing of an open service."""

import pytest
from starlette.types import Scope

from tests.contract.posting import refusal
from tests.contract.rig import listen
from tests.contract.tenants import key, two_sites
from tests.support.service import run_service, settings_for_tests
from tracker.http.errors import APIError
from tracker.http.hosts import MAX_KNOWN, ServedHosts

HANDSHAKE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
ALLOWED = ("https://stats.example.com", "http://[fd00::7]:8080")


def scope(*hosts: str, path: str = "/api/visitors") -> Scope:
    return {"path": path, "headers": [(b"accept", b"*/*"), *((b"host", host.encode()) for host in hosts)]}


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:3000", "localhost.", "shop.localhost:3000", "127.0.0.1:3000", "127.8.9.10",
        "[::1]", "[::1]:3000", "stats.example.com", "Stats.Example.com:8443", "[fd00::7]",
    ],
)  # fmt: skip
def test_S4_07_names_of_this_machine_and_those_that_are_allowed_are_served(host: str) -> None:
    ServedHosts(ALLOWED).check(scope(host))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example",
        "notlocalhost", "0.0.0.0:3000", "192.168.1.5", "[::]", "[::2]", "", "localhost:3000:1", "local host",
        "a@localhost",
        "stats.example.com.evil.example", "xstats.example.com", "localhost" + "." * 300,
    ],
)  # fmt: skip
def test_S4_07_any_other_name_is_another_pages(host: str) -> None:
    hosts = ServedHosts(ALLOWED)
    for _ in range(2):
        with pytest.raises(APIError) as refused:
            hosts.check(scope(host))
        assert refused.value.status == 421
        assert not host or host not in refused.value.message
    hosts.check(scope(host, path="/health"))


def test_one_good_header_does_not_cover_another() -> None:
    with pytest.raises(APIError):
        ServedHosts().check(scope("localhost", "evil.example"))
    ServedHosts().check(scope())


def test_headers_that_are_remembered_are_bounded() -> None:
    hosts = ServedHosts()
    for number in range(3 * MAX_KNOWN):
        hosts.check(scope(f"a{number}.localhost"))
    assert 0 < hosts.known <= MAX_KNOWN


async def test_S4_07_an_open_service_tells_a_rebound_page_nothing() -> None:
    async with run_service(settings_for_tests(server__allowed_origins=["https://ours.example"])) as service:
        event = {"type": "pageview", "sessionId": "s"}
        evil = {"host": "evil.example:3000", "origin": "http://evil.example:3000"}
        assert (await service.post(event)).status_code == 201
        for method, path in (
            ("GET", "/"), ("GET", "/static/index.html"), ("GET", "/api/visitors"), ("POST", "/api/events"),
            ("OPTIONS", "/api/events"), ("GET", "/api/analytics/export"), ("POST", "/api/auth/register"),
            ("GET", "/metrics"), ("GET", "/ready"),
        ):  # fmt: skip
            answer = await service.http.request(method, path, headers=evil)
            if answer.status_code != 404:
                refusal(answer, 421)
                assert "server.allowed_origins" in answer.text
            assert "evil.example" not in answer.text
        assert (await service.http.get("/health", headers=evil)).status_code == 200
        assert set(await service.visitors()) == {"s"}
        ours = {"host": "ours.example", "origin": "https://ours.example"}
        assert (await service.post(event, headers=ours)).status_code == 201
        refused = await service.http.get("/ws", headers=evil | HANDSHAKE)
        refusal(refused, 421)
        assert refused.headers["content-security-policy"]
        async with listen(service.socket_url.replace("127.0.0.1", "localhost")) as dashboard:
            await dashboard.wait_for("snapshot", within_s=10)


async def test_where_access_is_required_any_name_is_served() -> None:
    async with two_sites() as place:
        named = key(place.a.read) | {"host": "stats.example.com"}
        assert (await place.http.get("/api/visitors", headers=named)).status_code == 200
