"""FAULTS.md 4.1 to 4.3: a walk over all routes, so that none is forgotten."""

import base64
from typing import NamedTuple

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.access.opened import open_access
from tests.contract.tenants import Place, key, same_but_for_the_number, two_sites
from tracker.access.principal import Need
from tracker.http.access import PUBLIC, Gate, GuardedMount, GuardedRoute, GuardedSocket, guard
from tracker.http.app import build_app
from tracker.http.clients import ClientAddresses

ANYBODYS = {
    ("GET", "/health"), ("GET", "/ready"), ("GET", "/"), ("GET", "/dashboard.html"),
    ("GET", "/static/app.js"), ("GET", "/docs"), ("GET", "/openapi.json"),
    ("GET", "/asyncapi.json"), ("GET", "/tracker.js"),
    ("GET", "/api/auth/me"), ("POST", "/api/auth/login"), ("POST", "/api/auth/setup"),
    ("POST", "/api/auth/logout"),
}  # fmt: skip
"""What asks for nothing. Logging out, without a login, is a 401 all the same."""
HANDSHAKE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": base64.b64encode(bytes(16)).decode(),
}


class Asked(NamedTuple):
    method: str
    path: str
    need: Need | None

    async def by(self, place: Place, headers: dict[str, str], **query: str) -> httpx.Response:
        more = HANDSHAKE if self.path == "/ws" else {}
        return await place.http.request(self.method, self.path, headers=more | headers, params=query)


def asked(routes: list[BaseRoute]) -> list[Asked]:
    """Every method of every route."""
    found = []
    for route in routes:
        assert isinstance(route, GuardedRoute | GuardedMount | GuardedSocket), f"{route} says no need"
        if isinstance(route, GuardedMount):
            found.append(Asked("GET", f"{route.path}/app.js", route.need))
        elif isinstance(route, GuardedSocket):
            found.append(Asked("GET", route.path, route.need))
        else:
            path = route.path.replace("{session_id:path}", "s").replace("{dimension}", "page")
            path = path.replace("{id}", "unknown")
            assert "{" not in path, f"fill in the parameters of {route.path}"
            methods = (route.methods or set()) - {"HEAD", "OPTIONS"}
            found += [Asked(method, path, route.need) for method in sorted(methods)]
    return found


def guarded(place: Place) -> list[Asked]:
    return [one for one in asked(place.service.service.routes) if one.need is not PUBLIC]


def lacking(place: Place, need: Need | None) -> str:
    """Return a key of site A that may not do ``need``."""
    match need:
        case Need.INGEST | Need.ADMIN:
            return place.a.read
        case Need.OPERATE:
            return place.a.every
        case _:
            return place.a.ingest


async def test_S4_01_without_credentials_every_route_but_the_public_ones_answers_401() -> None:
    async with two_sites() as place:
        everything = asked(place.service.service.routes)
        assert len(everything) > 35, "the walk found the routes"
        public = {(one.method, one.path) for one in everything if one.need is PUBLIC}
        assert public <= ANYBODYS
        for one in everything:
            answer = await one.by(place, {})
            if one.need is not PUBLIC or one.path == "/api/auth/logout":
                assert answer.status_code == 401, one
                assert answer.headers["www-authenticate"] == "Bearer"
                assert set(answer.json()) == {"success", "message", "errors", "requestId"}
            else:
                assert answer.status_code not in (401, 403), one


async def test_S4_01_a_bad_key_is_no_better_than_none() -> None:
    async with two_sites() as place:
        bad = place.a.every[:-1] + ("a" if place.a.every[-1] != "a" else "b")
        for one in guarded(place):
            for headers in (key(bad), key(""), {"authorization": f"Bearer {bad}"}):
                assert (await one.by(place, headers)).status_code == 401, one


async def test_S4_03_the_wrong_scope_is_403_everywhere() -> None:
    async with two_sites() as place:
        for one in guarded(place):
            answer = await one.by(place, key(lacking(place, one.need)))
            assert answer.status_code == 403, (one, answer.text)


async def test_S4_02_the_name_of_anothers_site_is_as_unknown_as_none() -> None:
    async with two_sites() as place:
        for one in guarded(place):
            others = await one.by(place, key(place.a.every), site=place.b.site)
            nobodys = await one.by(place, key(place.a.every), site="nonesuch")
            assert others.status_code == 404, one
            assert same_but_for_the_number(others, nobodys), one


async def test_S4_02_strangers_are_not_told_which_sites_there_are() -> None:
    async with two_sites() as place:
        answers = [await one.by(place, {}, site=site) for one in guarded(place) for site in ("a", "nonesuch")]
        assert {answer.status_code for answer in answers} == {401}


async def test_S4_01_a_route_that_does_not_say_who_may_ask_it_is_not_built() -> None:
    async def answer(request: Request) -> Response:
        return Response()

    async with open_access() as opened:
        gate = Gate(opened.access, ClientAddresses(()))
        with pytest.raises(TypeError, match="who may ask"):
            build_app([Route("/forgotten", answer)], gate)
        guard([GuardedRoute("/fine", answer, Need.READ)], gate)
