"""``/api/auth/…``: who am I, logging in and out, the first administrator."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.control import AccessControl
from tracker.access.passwords import PasswordRefused
from tracker.access.principal import Mode, Need, Principal, sites_of
from tracker.access.signin import Refused
from tracker.access.users import UserNotValid, canonical_email
from tracker.access.verdicts import Denied, Reason
from tracker.core.accounts import Role
from tracker.http import queries
from tracker.http.access import PUBLIC, SITE_UNKNOWN, Gate, GuardedRoute, refusal
from tracker.http.errors import APIError
from tracker.http.fields import not_valid, read_fields
from tracker.http.origin import check_own_page
from tracker.http.responses import success
from tracker.live.messages import Wire

SITE_NEEDS = (Need.INGEST, Need.READ, Need.ADMIN, Need.OPERATE)


class ShownUser(Wire, frozen=True):
    email: str
    is_operator: bool


class ShownKey(Wire, frozen=True):
    prefix: str
    scopes: list[str]


class ShownSite(Wire, frozen=True):
    id: str
    name: str
    role: str


class Me(Wire, frozen=True):
    mode: str
    needs_setup: bool
    user: ShownUser | None
    key: ShownKey | None
    site: str
    sites: list[ShownSite]
    may: list[str]


class LoginEndpoints:
    def __init__(self, gate: Gate, allowed_origins: tuple[str, ...] = ()) -> None:
        self._gate = gate
        self._access: AccessControl = gate.access
        self._allowed_origins = frozenset(allowed_origins)

    def routes(self) -> list[BaseRoute]:
        return [
            GuardedRoute("/api/auth/me", self.me, PUBLIC),
            GuardedRoute("/api/auth/login", self.login, PUBLIC, ["POST"]),
            GuardedRoute("/api/auth/logout", self.logout, PUBLIC, ["POST"]),
            GuardedRoute("/api/auth/setup", self.setup, PUBLIC, ["POST"]),
        ]

    async def me(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        address = self._gate.address_of(request)
        try:
            principal = self._gate.identify(request, address)
        except APIError:
            # A login that is over is nobody's; a key that is not good is told so.
            principal = self._gate.identify(request, address, with_login=False)
        site = request.query_params.get("site") or principal.home
        is_theirs = site in sites_of(principal, self._access.book.sites)
        if principal.is_known and site != principal.home and not is_theirs:
            raise SITE_UNKNOWN
        return success(
            request, self._me(principal, site if is_theirs else principal.home), "Who you are here"
        )

    async def login(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        self._gate.cookie.need_a_browser_that_keeps_it(request)
        fields = await read_fields(request)
        email, password = fields.text("email"), fields.text("password")
        fields.check()
        address = self._gate.address_of(request)
        before = self._gate.cookie.read(request)
        outcome = await self._access.signin.login(email, password, address, before)
        if isinstance(outcome, Refused):
            raise refused(outcome)
        return self._logged_in(request, outcome.token, outcome.principal)

    async def logout(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        token = self._gate.cookie.read(request)
        if token is None:
            raise refusal(Denied(Reason.NO_CREDENTIALS))
        check_own_page(request, self._allowed_origins)
        fields = await read_fields(request, can_be_empty=True)
        everywhere = fields.flag("everywhere")
        fields.check()
        if not await self._access.signin.logout(token, self._gate.address_of(request), everywhere):
            raise refusal(Denied(Reason.BAD_LOGIN))
        response = success(request, {}, "Logged out")
        self._gate.cookie.clear(response, request)
        return response

    async def setup(self, request: Request) -> Response:
        """Make the administrator and log in as him; the token that was printed is good for one time."""
        queries.refuse_unknown(request, ())
        self._gate.cookie.need_a_browser_that_keeps_it(request)
        fields = await read_fields(request)
        token, email = fields.text("token"), fields.optional_text("email")
        password = fields.text("password")
        fields.check()
        self._check_email(email)
        address = self._gate.address_of(request)
        try:
            outcome = await self._access.setup.redeem(token, password, address)
        except PasswordRefused as error:
            raise not_valid("password", *error.faults) from error
        if isinstance(outcome, Refused):
            raise refused(outcome)
        new_token, login = self._access.logins.open(outcome.email, self._gate.cookie.read(request))
        principal = self._access.users.principal(login)
        assert principal is not None
        return self._logged_in(request, new_token, principal)

    def _check_email(self, email: str | None) -> None:
        if email is None:
            return
        try:
            is_the_administrators = canonical_email(email) == self._access.users.admin_email
        except UserNotValid as error:
            raise not_valid(error.field, error.reason) from error
        if not is_the_administrators:
            raise not_valid("email", "is the one that auth.admin_email names; leave it out")

    def _logged_in(self, request: Request, token: str, principal: Principal) -> Response:
        response = success(request, self._me(principal, principal.home), "Logged in")
        self._gate.cookie.set(response, request, token)
        return response

    def _me(self, principal: Principal, site: str) -> Me:
        access, user, key = self._access, principal.user, principal.key
        needs_setup = access.mode is Mode.REQUIRED and not access.users.has_administrator()
        granted = principal.grants.get(site, principal.grants_elsewhere) if principal.is_known else ()
        return Me(
            access.mode.value,
            needs_setup,
            None if user is None else ShownUser(user.email, user.email == access.users.admin_email),
            None if key is None else ShownKey(key.prefix, sorted(key.scopes)),
            site,
            self._sites(principal),
            [need.value for need in SITE_NEEDS if need in granted],
        )

    def _sites(self, principal: Principal) -> list[ShownSite]:
        shown = []
        for site in self._access.book.list_sites():
            granted = principal.grants.get(site.id, principal.grants_elsewhere)
            if principal.is_known and Need.READ in granted:
                role = Role.ADMIN if Need.ADMIN in granted else Role.VIEWER
                shown.append(ShownSite(site.id, site.name, role.value))
        return shown


def refused(outcome: Refused) -> APIError:
    headers: dict[str, Any] = {}
    if outcome.retry_after_s:
        headers["Retry-After"] = str(outcome.retry_after_s)
    return APIError(outcome.status, outcome.message, headers=headers)
