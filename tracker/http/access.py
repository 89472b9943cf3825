"""Who may ask what: the need of every route, and the gate that each request passes before it."""

import hmac
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from starlette.requests import HTTPConnection, Request
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from tracker.access.audit import Action, AuditLog
from tracker.access.control import AccessControl, Credentials
from tracker.access.keys import digest_of
from tracker.access.principal import KEY_GRANTS, Need, Principal
from tracker.access.verdicts import Denied, Reason
from tracker.core.accounts import DEFAULT_SITE
from tracker.core.accounts import Scope as KeyScope
from tracker.http.clients import ClientAddresses, is_loopback
from tracker.http.cookies import LoginCookie
from tracker.http.errors import APIError, FieldFault
from tracker.http.headers import with_security_headers
from tracker.http.hosts import ServedHosts
from tracker.http.origin import check_origin, check_own_page
from tracker.http.responses import failure

PUBLIC = None
"""The need of a route that asks for nothing."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
KEY_START = "trk_"
BEARER = "bearer "
ADMITTED = "tracker.admitted"
ADMITTED_AT = "tracker.admitted.version"
""":attr:`SiteBook.version` when it was let in."""
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
SITE_UNKNOWN = APIError(404, "There is no such site", [FieldFault("site", "is not known")])
OPERATOR = Principal("cli", DEFAULT_SITE, {}, KEY_GRANTS[KeyScope.ADMIN] | {Need.OPERATE}, True)
"""Who could read the file that the service made for its owner."""


class GuardedRoute(Route):
    def __init__(
        self, path: str, endpoint: Callable[..., Any], need: Need | None, methods: Collection[str] = ("GET",)
    ) -> None:
        super().__init__(path, endpoint, methods=list(methods))
        self.need = need


class GuardedMount(Mount):
    def __init__(self, path: str, app: ASGIApp, need: Need | None) -> None:
        super().__init__(path, app)
        self.need = need


class GuardedSocket(WebSocketRoute):
    def __init__(self, path: str, endpoint: Callable[..., Any], need: Need | None) -> None:
        super().__init__(path, endpoint)
        self.need = need


class Admitted(NamedTuple):
    """A request that may be answered."""

    principal: Principal
    site: str
    """The one that it is about."""
    address: str
    """Of the client."""
    audit: AuditLog

    def may(self, need: Need) -> bool:
        principal = self.principal
        return need in principal.grants.get(self.site, principal.grants_elsewhere)

    def note(self, action: Action, detail: str = "", site: str | None = None) -> None:
        """Add a line to the audit."""
        named = self.site if site is None else site
        self.audit.add(action, self.principal.name, named, self.address, detail)


def admitted(connection: HTTPConnection) -> Admitted:
    """Return as what ``connection`` was let in. Raises ``KeyError`` where no gate stood before."""
    found: Admitted = connection.scope[ADMITTED]
    return found


def sees_contacts(connection: HTTPConnection) -> bool:
    """Tell whether an admitted request may be told who a visitor is, beyond the company."""
    return admitted(connection).may(Need.CONTACTS)


class Gate:
    """Lets a request through, or raises the refusal. ``hosts``: those it has to be for; ``None`` is any."""

    def __init__(
        self,
        access: AccessControl,
        addresses: ClientAddresses,
        allowed_origins: Collection[str] = (),
        hosts: ServedHosts | None = None,
    ) -> None:
        self.access = access
        self.cookie = LoginCookie()
        self.addresses = addresses
        self._hosts = hosts
        self._allowed_origins = frozenset(allowed_origins)
        self._operator: bytes | None = None

    def trust_operator(self, token: str) -> None:
        """Take ``token`` as the operator's, from this machine only."""
        self._operator = digest_of(token)

    def admit(self, connection: HTTPConnection, need: Need | None) -> None:
        """Find out who asks and whether they may; :func:`admitted` tells it from then on.

        Raises:
            APIError: 401, 403, 404 or 421; it says nothing of what is there.
        """
        if self._hosts is not None:
            self._hosts.check(connection.scope)
        method = connection.scope.get("method", "GET")
        if method == "OPTIONS":
            return
        if need is not PUBLIC:
            address = self.address_of(connection)
            principal = self.identify(connection, address, with_login=need is not Need.INGEST)
            if principal.login is not None:
                self._check_page(connection, method)
            verdict = self.access.decide(principal, need, connection.query_params.get("site"), address)
            if isinstance(verdict, Denied):
                raise refusal(verdict)
            connection.scope[ADMITTED] = Admitted(principal, verdict.site, address, self.access.audit)
        if need is not Need.INGEST and method not in SAFE_METHODS:
            check_origin(connection, self._allowed_origins)

    def admit_again(self, request: Request, need: Need | None) -> None:
        """As :meth:`admit`, for a request that may be the very same as one that was let in before.

        It is not looked at again unless sites or keys have changed.
        """
        book = self.access.book
        scope = request.scope
        if scope.get(ADMITTED_AT) != book.version:
            self.admit(request, need)
            scope[ADMITTED_AT] = book.version
        elif need is not PUBLIC:
            key = admitted(request).principal.key
            if key is not None:
                book.note_used(key)

    def identify(self, connection: HTTPConnection, address: str, with_login: bool = True) -> Principal:
        """Return who asks. Raises ``APIError`` for credentials that are not good.

        ``with_login``: whether a cookie counts.
        """
        key, is_in_url = _key_of(connection)
        if key is not None and not is_in_url and self._is_operators(key):
            return self._operator_at(connection, address)
        token = self.cookie.read(connection) if with_login and key is None else None
        if key is None and token is None:
            return self.access.nobody
        found = self.access.identify(
            Credentials(key, is_in_url, token, connection.headers.get("origin"), address)
        )
        if isinstance(found, Denied):
            raise refusal(found)
        return found

    def address_of(self, connection: HTTPConnection) -> str:
        return self.addresses.of(connection)

    def charge(self, request: Request, events: int) -> None:
        """Count events of an admitted request. Raises ``APIError`` (429) when they are too many."""
        sender = admitted(request)
        grant = self.access.take_ingest(sender.principal, sender.site, sender.address, events)
        if grant is not None and not grant.allowed:
            raise APIError(429, "Too many events; send them more slowly", headers=grant.headers())

    def charge_export(self, request: Request) -> None:
        """Count an admitted request as an export. Raises ``APIError`` (429) when there were too many."""
        asking = admitted(request)
        grant = self.access.take_export(asking.principal, asking.site, asking.address)
        if grant is not None and not grant.allowed:
            raise APIError(429, "Too many exports; try again later", headers=grant.headers())

    def _check_page(self, connection: HTTPConnection, method: str) -> None:
        """A browser sends its cookie whoever's page asked it to."""
        is_socket = connection.scope["type"] == "websocket"
        if not is_socket and method in SAFE_METHODS:
            return
        check_own_page(connection, self._allowed_origins)
        kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not is_socket and kind != "application/json":
            raise APIError(415, "Send the body as application/json in the header Content-Type")

    def _is_operators(self, key: str) -> bool:
        if self._operator is None or key.startswith(KEY_START):
            return False
        return hmac.compare_digest(digest_of(key), self._operator)

    def _operator_at(self, connection: HTTPConnection, address: str) -> Principal:
        peer = connection.client.host if connection.client else ""
        is_forwarded = any(name in connection.headers for name in FORWARDED)
        if is_forwarded or not is_loopback(peer) or not is_loopback(address):
            self.access.audit.add(Action.DENIED, OPERATOR.name, address=address, detail="not_local")
            raise APIError(403, "The operator's token is good on this machine only")
        return OPERATOR


def guard(routes: Iterable[BaseRoute], gate: Gate) -> None:
    """Put ``gate`` before every route. Raises ``TypeError`` for one that does not say what it needs."""
    for route in routes:
        if not isinstance(route, GuardedRoute | GuardedMount | GuardedSocket):
            raise TypeError(f"{route!r} does not say who may ask it")
        route.app = _Guard(gate, route.need, route.app)


class _Guard:
    def __init__(self, gate: Gate, need: Need | None, app: ASGIApp) -> None:
        self._gate = gate
        self._need = need
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            self._gate.admit(Request(scope), self._need)
        elif not await self._lets_in(WebSocket(scope, receive, send)):
            return
        await self._app(scope, receive, send)

    async def _lets_in(self, websocket: WebSocket) -> bool:
        # Apart, so that nothing of it is held as long as the connection is open.
        try:
            self._gate.admit(websocket, self._need)
        except APIError as error:
            await deny(websocket, error)
            return False
        return True


async def deny(websocket: WebSocket, error: APIError) -> None:
    """Refuse a WebSocket before its handshake."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        response = failure(error)
        response.raw_headers = with_security_headers(response.raw_headers)
        await websocket.send_denial_response(response)
    else:
        await websocket.close()


def refusal(denied: Denied) -> APIError:
    if denied.reason is Reason.NO_SUCH_SITE:
        return SITE_UNKNOWN
    headers = {"WWW-Authenticate": "Bearer"} if denied.status == 401 else None
    return APIError(denied.status, denied.message, headers=headers)


def _key_of(connection: HTTPConnection) -> tuple[str | None, bool]:
    """Return the key that was sent, if any, and whether it stood in the URL."""
    headers = connection.headers
    key = headers.get("x-api-key")
    if key is not None:
        return key, False
    authorization = headers.get("authorization")
    # Another scheme is between the browser and a proxy.
    if authorization is not None and authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip(), False
    return connection.query_params.get("key"), True
