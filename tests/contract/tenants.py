"""A service that asks for keys and logins, with two sites on it that must not know of each other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import httpx

from tests.support.service import RunningService, run_service, settings_for_tests
from tracker.access.control import AccessControl
from tracker.core.accounts import Role, Scope

PASSWORD = "correct horse battery"
ANN = "ann@a.example"
ADMIN = "admin@localhost"


class Tenant(NamedTuple):
    """One site and its keys, by what they may do."""

    site: str
    every: str
    ingest: str
    read: str
    admin: str

    async def post(self, service: RunningService, **event: Any) -> httpx.Response:
        event = {"type": "pageview", "sessionId": f"s-{self.site}", "page": f"/{self.site}"} | event
        return await service.post(event, headers=key(self.ingest))


class Place(NamedTuple):
    service: RunningService
    a: Tenant
    b: Tenant
    browsers: AsyncExitStack

    @property
    def http(self) -> httpx.AsyncClient:
        return self.service.http

    @property
    def access(self) -> AccessControl:
        return self.service.service.access

    async def get(self, path: str, of: str, **query: str) -> httpx.Response:
        return await self.http.get(path, params=query or None, headers=key(of))

    async def post(self, path: str, of: str, body: Any = None, **query: str) -> httpx.Response:
        return await self.http.post(path, params=query, headers=key(of), json={} if body is None else body)

    async def log_in(self, email: str = ANN, password: str = PASSWORD) -> "Browser":
        """Log in as a browser does, from the dashboard's own page."""
        client = httpx.AsyncClient(base_url=self.service.base_url, trust_env=False, timeout=30)
        browser = Browser(await self.browsers.enter_async_context(client))
        answer = await browser.post("/api/auth/login", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return browser

    async def add_user(self, email: str = ANN, **roles: str) -> None:
        hashed = await self.access.passwords.hash(PASSWORD, email)
        named = {site: Role(role) for site, role in roles.items()}
        await self.access.users.add(email, hashed, named, self.access.book.sites)

    async def audited(self) -> list[tuple[str, str, str]]:
        """Wait for the disk and return action, actor and site of the lines so far, the oldest first."""
        await self.access.audit.flush()
        rows = await self.service.service.database.writer.run(
            lambda connection: connection.execute(
                "SELECT action, actor, site FROM audit ORDER BY number"
            ).fetchall()
        )
        return [tuple(row) for row in rows]


class Browser(NamedTuple):
    http: httpx.AsyncClient

    @property
    def origin(self) -> str:
        return str(self.http.base_url).rstrip("/")

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.http.get(path, params=query)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {"sec-fetch-site": "same-origin", "origin": self.origin}
        return await self.http.post(path, json={} if body is None else body, headers=sent | headers)


@asynccontextmanager
async def two_sites(**settings: object) -> AsyncIterator[Place]:
    async with run_service(settings_for_tests(auth__mode="required", **settings)) as service:
        access = service.service.access
        async with AsyncExitStack() as browsers:
            yield Place(service, await _tenant(access, "A"), await _tenant(access, "B"), browsers)


async def _tenant(access: AccessControl, name: str) -> Tenant:
    new = await access.book.register(name)
    keys = [await access.book.create_key(new.site.id, [scope]) for scope in Scope]
    return Tenant(new.site.id, new.first.text, *(one.text for one in keys))


def key(text: str) -> dict[str, str]:
    return {"x-api-key": text}


def same_but_for_the_number(one: httpx.Response, other: httpx.Response) -> bool:
    """Tell whether two failures differ in their ``requestId`` alone."""
    contents = []
    for answer in (one, other):
        number = answer.json().get("requestId", "")
        headers = sorted((name, value) for name, value in answer.headers.multi_items() if name != "date")
        contents.append((answer.status_code, headers, answer.text.replace(number, "")))
    return contents[0] == contents[1]
