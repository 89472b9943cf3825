"""``/api/auth/…``: sites and their keys."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.audit import Action
from tracker.access.book import BookFull, SiteNotValid, UnknownSite
from tracker.access.keys import KeyNotValid
from tracker.access.limits import RateLimiter, network_of
from tracker.access.principal import Need, sites_of
from tracker.core.accounts import Key, Scope
from tracker.core.clock import Clock
from tracker.http import queries
from tracker.http.access import PUBLIC, SITE_UNKNOWN, Gate, GuardedRoute, admitted
from tracker.http.errors import APIError, FieldFault
from tracker.http.fields import not_valid, read_fields
from tracker.http.responses import success
from tracker.live.messages import Wire
from tracker.live.rows import iso

REMEMBERED = 10_000


class Registered(Wire, frozen=True):
    """``key``: the whole of it, shown this once."""

    site: str
    name: str
    key: str
    prefix: str
    scopes: list[str]


class KeyRow(Wire, frozen=True):
    prefix: str
    name: str
    scopes: list[str]
    origins: list[str]
    created_at: str
    last_used_at: str | None


class Keys(Wire, frozen=True):
    keys: list[KeyRow]


class NewKey(Wire, frozen=True):
    """``key``: the whole of it, shown this once."""

    key: str
    prefix: str
    scopes: list[str]
    origins: list[str]


class Prefix(Wire, frozen=True):
    prefix: str


class SiteRow(Wire, frozen=True):
    id: str
    name: str
    created_at: str


class Sites(Wire, frozen=True):
    sites: list[SiteRow]


class SiteId(Wire, frozen=True):
    site: str


class SiteEndpoints:
    """``open_per_minute``: registrations of one address; 0 is no limit. ``None``: not for everybody."""

    def __init__(self, gate: Gate, clock: Clock, open_per_minute: int | None) -> None:
        self._gate = gate
        self._book = gate.access.book
        self._is_open = open_per_minute is not None
        per_minute = open_per_minute or 0
        self._limiter = RateLimiter(per_minute / 60, per_minute, clock, REMEMBERED)

    def routes(self) -> list[BaseRoute]:
        registering = PUBLIC if self._is_open else Need.OPERATE
        return [
            GuardedRoute("/api/auth/register", self.register, registering, ["POST"]),
            GuardedRoute("/api/auth/api-key", self.api_key, Need.ADMIN, ["GET", "POST"]),
            GuardedRoute("/api/auth/revoke", self.revoke, Need.ADMIN, ["POST"]),
            GuardedRoute("/api/auth/sites", self.sites, Need.READ_ANY),
            GuardedRoute("/api/auth/sites/remove", self.remove_site, Need.OPERATE, ["POST"]),
        ]

    async def register(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        fields = await read_fields(request)
        name, origins = fields.text("name"), fields.texts("origins")
        fields.check()
        if origins:
            raise not_valid("origins", "the first key is not for web pages; make an ingest key and bind that")
        address = self._gate.address_of(request)
        self._limit(address)
        try:
            new = await self._book.register(name)
        except SiteNotValid as error:
            raise not_valid("name", error.reason) from error
        except BookFull as error:
            raise _full(error) from error
        actor = "" if self._is_open else admitted(request).principal.name
        self._gate.access.audit.add(Action.SITE_ADDED, actor, new.site.id, address)
        key = new.first.key
        data = Registered(new.site.id, new.site.name, new.first.text, key.prefix, sorted(key.scopes))
        return success(request, data, "The site is there; keep its key, it is not shown again", 201)

    async def api_key(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        if request.method == "POST":
            return await self._create_key(request)
        keys = self._book.keys_of(admitted(request).site)
        rows = [_row(key) for key in keys if key.revoked_at is None]
        return success(request, Keys(rows), "The keys of the site")

    async def _create_key(self, request: Request) -> Response:
        fields = await read_fields(request)
        name, scopes = fields.optional_text("name") or "", fields.texts("scopes")
        origins = fields.texts("origins")
        fields.check()
        if not all(scope in set(Scope) for scope in scopes):
            raise not_valid("scopes", f"must be some of {', '.join(Scope)}")
        asking = admitted(request)
        try:
            new = await self._book.create_key(asking.site, [Scope(one) for one in scopes], name, origins)
        except KeyNotValid as error:
            raise not_valid(error.field, error.reason) from error
        except BookFull as error:
            raise _full(error) from error
        except UnknownSite as error:
            raise SITE_UNKNOWN from error
        key = new.key
        asking.note(Action.KEY_CREATED, key.prefix)
        data = NewKey(new.text, key.prefix, sorted(key.scopes), list(key.origins))
        return success(request, data, "Keep the key: it is not shown again", 201)

    async def revoke(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        fields = await read_fields(request)
        prefix = fields.text("key")
        fields.check()
        asking = admitted(request)
        revoked = await self._book.revoke_key(prefix, asking.site)
        if revoked is None:
            raise APIError(404, "There is no such key", [FieldFault("key", "is not known")])
        asking.note(Action.KEY_REVOKED, revoked.prefix)
        return success(request, Prefix(revoked.prefix), "The key is worth nothing any more")

    async def sites(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        own = set(sites_of(admitted(request).principal, self._book.sites))
        listed = [site for site in self._book.list_sites() if site.id in own]
        rows = [SiteRow(site.id, site.name, iso(site.created_at)) for site in listed]
        return success(request, Sites(rows), "The sites")

    async def remove_site(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        fields = await read_fields(request)
        site = fields.text("site")
        fields.check()
        try:
            await self._gate.access.remove_site(site)
        except UnknownSite as error:
            raise SITE_UNKNOWN from error
        except SiteNotValid as error:
            raise not_valid("site", error.reason) from error
        admitted(request).note(Action.SITE_REMOVED, site=site)
        return success(request, SiteId(site), "The site is removed; its history stays where it is")

    def _limit(self, address: str) -> None:
        grant = self._limiter.take([network_of(address)])
        if grant is not None and not grant.allowed:
            raise APIError(429, "Too many registrations; try again later", headers=grant.headers())


def _row(key: Key) -> KeyRow:
    used = None if key.last_used_at is None else iso(key.last_used_at)
    return KeyRow(key.prefix, key.name, sorted(key.scopes), list(key.origins), iso(key.created_at), used)


def _full(error: BookFull) -> APIError:
    return APIError(422, "There is no room for more", [FieldFault("body", str(error))])
