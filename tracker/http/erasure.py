"""``POST /api/visitors/erase``: forget one visitor."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.audit import Action
from tracker.access.principal import Need
from tracker.core.visitor import Erased, Visitor
from tracker.http import bodies, queries
from tracker.http.access import GuardedRoute, admitted
from tracker.http.errors import APIError, FieldFault
from tracker.http.responses import success
from tracker.http.sites import site_of
from tracker.ingest import strict_json
from tracker.ingest.texts import identifier_problem
from tracker.live.messages import Wire

MAX_BODY_BYTES = 4096
MAX_ID = 200
MAX_IP = 64
MAX_EMAIL = 320
NAMES = {"userId": "user_id", "sessionId": "session_id", "ip": "ip", "email": "email"}
"""By what a visitor may be named, and the same in snake_case."""


class Counts(Wire, frozen=True):
    events: int
    sessions: int
    rejects: int
    identities: int
    live: int


class Answer(Wire, frozen=True):
    erased: Counts


class ErasureEndpoint:
    """``erase`` returns when nothing of the visitor is left, however often it is asked."""

    def __init__(self, erase: Callable[[Visitor], Awaitable[Erased]]) -> None:
        self._erase = erase

    def routes(self) -> list[BaseRoute]:
        return [GuardedRoute("/api/visitors/erase", self.erase, Need.ADMIN, ["POST"])]

    async def erase(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        site = site_of(request)
        body = await bodies.read(request, ("application/json",), MAX_BODY_BYTES)
        try:
            raw = strict_json.decode(body, MAX_BODY_BYTES)
        except strict_json.JSONRejected as error:
            raise APIError(400, error.message, [FieldFault("body", error.message)]) from error
        name, value = _named(raw)
        erased = await self._erase(_visitor(site, name, value))
        admitted(request).note(Action.ERASED, f"by {name}")
        return success(request, Answer(Counts(*erased)), "Nothing is kept of this visitor")


def _visitor(site: str, name: str, value: str) -> Visitor:
    match name:
        case "userId":
            return Visitor(site, user_id=value)
        case "sessionId":
            return Visitor(site, session_id=value)
        case "ip":
            return Visitor(site, ip=value)
        case _:
            return Visitor(site, email=value)


def _named(raw: Any) -> tuple[str, str]:
    """Return by what the visitor is named, and the value."""
    if not isinstance(raw, dict):
        raise _refusal("body", "must be a JSON object")
    names = {snake: name for name, snake in NAMES.items()} | {name: name for name in NAMES}
    unknown = [key for key in raw if key not in names]
    given = {names[key]: value for key, value in raw.items() if key in names}
    if unknown or len(given) != 1 or len(raw) != 1:
        raise _refusal("body", f"must hold exactly one of {', '.join(NAMES)}")
    ((name, value),) = given.items()
    problem = _problem(name, value)
    if problem is not None:
        raise _refusal(name, problem)
    return name, str(value)


def _problem(name: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if name == "email":
        is_address = 3 <= len(value) <= MAX_EMAIL and value.count("@") == 1 and value.isprintable()
        is_address = is_address and " " not in value and all(value.split("@"))
        return None if is_address else "must be an e-mail address"
    return identifier_problem(value, MAX_IP if name == "ip" else MAX_ID)


def _refusal(field: str, message: str) -> APIError:
    return APIError(422, "It is not clear who is meant", [FieldFault(field, message)])
