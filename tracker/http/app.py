"""The application: all routes, one shape of error, headers on every answer."""

import logging
from asyncio import Future
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from tracker.access.principal import Need
from tracker.http.access import Gate, GuardedRoute, guard
from tracker.http.errors import APIError
from tracker.http.headers import STRICT_TRANSPORT, RawHeaders, SecurityHeaders, with_security_headers
from tracker.http.known_heads import KnownHeads
from tracker.http.protocol import EXCHANGE
from tracker.http.requests import DirectRequest
from tracker.http.responses import asks_snake, failure

log = logging.getLogger(__name__)

Translations = Mapping[type[Exception], Callable[[Any], APIError]]
ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]

MAX_REQUESTS = 5_000
_OVERLOADED = APIError(503, "Too many requests at once; try again", headers={"Retry-After": "1"})

MESSAGES = {
    404: "There is nothing here",
    405: "This method is not allowed here",
}


class Halves(Protocol):
    """An endpoint before the disk has answered and after it. Both may raise whatever has a refusal."""

    def begin(self, request: Request, body: bytes) -> Any:
        """Check what is said of the body too, and return what :meth:`finish` needs.

        Its ``stored`` is the future to wait for, or ``None``.
        """
        ...

    def finish(self, request: Request, taken: Any) -> Response: ...


class DirectRoute(GuardedRoute):
    """A route that is answered without Starlette's layers: for what comes thousands of times a second.

    Its path has no parameters, and its endpoint returns a response with a body
    (no stream, no background task). ``headers`` go with every answer, refusals too.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[[Request], Awaitable[Response]],
        need: Need | None,
        methods: Collection[str] = ("GET",),
        headers: RawHeaders | None = None,
        halves: Halves | None = None,
    ) -> None:
        """``halves``: what answers a POST whose body is there already."""
        super().__init__(path, endpoint, need, methods)
        self.headers = headers or []
        self.halves = halves


class Application:
    """Answers direct routes itself; Starlette, which knows them too, answers everything else.

    So what is odd about a request to a direct route (its method, a slash too
    many) is told as everywhere.
    """

    def __init__(
        self, routes: Sequence[BaseRoute], gate: Gate, refusals: Translations, max_requests: int
    ) -> None:
        self._gate = gate
        self._max_requests = max_requests
        self.heads = KnownHeads()
        self.running = 0
        """HTTP requests that are being answered."""
        self._refusals = refusals
        self._direct = {route.path: route for route in routes if isinstance(route, DirectRoute)}
        self.short_paths = frozenset(path for path, route in self._direct.items() if route.halves is not None)
        """Those whose POSTs :meth:`post` takes."""
        handlers: dict[type[Exception], ExceptionHandler] = dict.fromkeys(refusals, self._refused)
        guard(routes, gate)
        self._came_over_tls = gate.addresses.came_over_tls
        self._rest = SecurityHeaders(
            Starlette(routes=routes, exception_handlers=handlers), self._came_over_tls
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
        elif self.running >= self._max_requests:
            await self._send(failure(_OVERLOADED), scope, send)
        else:
            self.running += 1
            try:
                await self._answer(scope, receive, send)
            finally:
                self.running -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._direct.get(scope["path"])
        if route is None or scope["method"] not in (route.methods or ()):
            await self._rest(scope, receive, send)
            return
        request = DirectRequest(scope, receive)
        try:
            self._gate.admit(request, route.need)
            response = await route.endpoint(request)
        except Exception as error:
            response = self._refusal(request, error)
        response.raw_headers += route.headers
        await self._send(response, scope, send)

    def post(self, request: DirectRequest, body: bytes, respond: Callable[[Response], None]) -> None:
        """Answer a POST to one of ``short_paths``, at once or when the disk has answered: without a task."""
        route = self._direct[request.scope["path"]]
        halves = cast(Halves, route.halves)
        if self.running >= self._max_requests:
            respond(self._complete(failure(_OVERLOADED), request.scope))
            return
        self.running += 1
        try:
            self._gate.admit_again(request, route.need)
            taken = halves.begin(request, body)
        except Exception as error:
            self._respond(request, route, self._refusal(request, error), respond)
            return

        def finish(stored: "Future[Any] | None") -> None:
            try:
                response = halves.finish(request, taken)
            except Exception as error:
                response = self._refusal(request, error)
            self._respond(request, route, response, respond)

        if taken.stored is None:
            finish(None)
        else:
            taken.stored.add_done_callback(finish)

    def _respond(
        self, request: Request, route: DirectRoute, response: Response, respond: Callable[[Response], None]
    ) -> None:
        self.running -= 1
        response.raw_headers += route.headers
        respond(self._complete(response, request.scope))

    def _complete(self, response: Response, scope: Scope) -> Response:
        if self._came_over_tls(scope):
            response.raw_headers.append(STRICT_TRANSPORT)
        return response

    async def _send(self, response: Response, scope: Scope, send: Send) -> None:
        await _send(self._complete(response, scope), scope, send)

    async def _refused(self, request: Request, error: Exception) -> Response:
        return self._refusal(request, error)

    def _refusal(self, request: Request, error: Exception) -> Response:
        kind = next(kind for kind in type(error).__mro__ if kind in self._refusals)
        if kind is Exception:
            log.error("a request failed", exc_info=error)
        refusal = self._refusals[kind]
        return failure(refusal(error), asks_snake(request))


def build_app(
    routes: Sequence[BaseRoute],
    gate: Gate,
    translations: Translations | None = None,
    max_requests: int = MAX_REQUESTS,
) -> Application:
    """Put the routes together, each behind ``gate``.

    ``translations``: errors of other rooms, by their class, and the refusal that each becomes.
    ``max_requests``: so many are answered at a time, one more gets 503 at once.
    """
    return Application(routes, gate, {**_OWN_REFUSALS, **(translations or {})}, max_requests)


async def _send(response: Response, scope: Scope, send: Send) -> None:
    exchange = scope.get("extensions", {}).get(EXCHANGE)
    if exchange is not None:
        exchange.answer(response)
        return
    headers = with_security_headers(response.raw_headers)
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _as_it_is(error: APIError) -> APIError:
    return error


def _http_exception(error: HTTPException) -> APIError:
    message = MESSAGES.get(error.status_code, "The request cannot be answered")
    return APIError(error.status_code, message, headers=error.headers)


def _unexpected(error: Exception) -> APIError:
    return APIError(500, "The service failed; please tell its operator the request id")


_OWN_REFUSALS: Translations = {
    APIError: _as_it_is,
    HTTPException: _http_exception,
    Exception: _unexpected,
}
