"""``POST /api/events``: the door for web pages, apps and webhooks."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tracker.core.clock import Clock
from tracker.core.statistics import Statistics
from tracker.http import bodies
from tracker.http.clients import ClientAddresses
from tracker.http.errors import APIError, FieldFault
from tracker.http.responses import asks_snake, failure, success, wants_snake
from tracker.http.sites import site_of
from tracker.ingest import strict_json
from tracker.ingest.door import Accepted, Conflict, NotStored, Outcome, Refused
from tracker.ingest.events import EventContext, FieldError
from tracker.ingest.rejects import RejectLog
from tracker.live import messages, rows

MAX_EVENT_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024
MAX_EVENTS = 1000
CONTENT_TYPES = ("application/json", "text/plain")
"""A beacon cannot send JSON across origins without asking first, so it may call it text."""

CORS = {"Access-Control-Allow-Origin": "*", "Vary": "Origin"}
PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "content-type, x-api-key, authorization, idempotency-key, x-naming",
    "Access-Control-Max-Age": "86400",
}


class Door(Protocol):
    async def take(
        self, raw_events: Sequence[Any], context: EventContext, encoded: bytes
    ) -> list[Outcome]: ...


class Taken(msgspec.Struct, rename="camel"):
    id: str
    session_id: str
    current_stats: messages.Statistics


class TakenBefore(Taken, rename="camel"):
    duplicate: bool = True


class Rejected(msgspec.Struct):
    index: int
    errors: list[FieldFault]


class Batch(msgspec.Struct, rename="camel"):
    accepted: int
    duplicates: int
    rejected: list[Rejected]
    current_stats: messages.Statistics


class EventEndpoint:
    """Takes one event or an array of them."""

    def __init__(
        self,
        door: Door,
        rejects: RejectLog,
        clock: Clock,
        addresses: ClientAddresses,
        new_id: Callable[[], str],
        anonymous_id: Callable[[str, str], str],
        statistics: Callable[[str], Statistics],
    ) -> None:
        self._door = door
        self._rejects = rejects
        self._clock = clock
        self._addresses = addresses
        self._new_id = new_id
        self._anonymous_id = anonymous_id
        self._statistics = statistics

    def routes(self) -> list[BaseRoute]:
        return [
            Route(path, self.post, methods=["POST", "OPTIONS"])
            for path in ("/api/events", "/api/analytics/collect")
        ]

    async def post(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        try:
            response = await self._take(request)
        except NotStored as error:
            wait = {"Retry-After": str(max(1, ceil(error.retry_after_s)))}
            response = failure(APIError(503, "The event could not be stored; send it again", headers=wait))
        except APIError as error:
            response = failure(error, asks_snake(request))
        response.headers.update(CORS)
        return response

    async def _take(self, request: Request) -> Response:
        wants_snake(request)
        site = site_of(request)
        body = await bodies.read(request, CONTENT_TYPES, MAX_BODY_BYTES)
        raw = self._decode(body, site)
        context = EventContext(
            self._clock.now(),
            site,
            self._addresses.of(request),
            request.headers.get("user-agent", ""),
            self._new_id,
            self._anonymous_id,
        )
        if isinstance(raw, list):
            return await self._take_many(request, raw, context, body)
        if len(body) > MAX_EVENT_BYTES:
            raise bodies.too_large(MAX_EVENT_BYTES)
        raw = _with_idempotency_key(request, raw)
        (outcome,) = await self._door.take([raw], context, body)
        return self._answer(request, outcome, context.site)

    def _decode(self, body: bytes, site: str) -> Any:
        try:
            return strict_json.decode(body, MAX_BODY_BYTES)
        except strict_json.JSONRejected as error:
            self._rejects.add("http", site, error.reason, body)
            raise APIError(400, error.message, [FieldFault("body", error.message)]) from error

    async def _take_many(
        self, request: Request, raw_events: list[Any], context: EventContext, body: bytes
    ) -> Response:
        if not 0 < len(raw_events) <= MAX_EVENTS:
            fault = FieldFault("body", f"must hold 1 to {MAX_EVENTS} events")
            raise APIError(422, f"Send 1 to {MAX_EVENTS} events at once", [fault])
        outcomes = await self._door.take(raw_events, context, body)
        rejected = [
            Rejected(index, _faults(outcome))
            for index, outcome in enumerate(outcomes)
            if not isinstance(outcome, Accepted)
        ]
        duplicates = sum(isinstance(outcome, Accepted) and outcome.duplicate for outcome in outcomes)
        accepted = len(outcomes) - len(rejected) - duplicates
        batch = Batch(accepted, duplicates, rejected, self._stats(context.site))
        if len(rejected) == len(outcomes):
            faults = [
                FieldFault(f"[{item.index}].{fault.field}", fault.message)
                for item in rejected
                for fault in item.errors
            ]
            raise APIError(422, "No event was stored", faults)
        message = f"{accepted} stored, {duplicates} known already, {len(rejected)} refused"
        return success(request, batch, message, 207 if rejected else 201)

    def _answer(self, request: Request, outcome: Outcome, site: str) -> Response:
        if isinstance(outcome, Refused):
            raise APIError(422, "The event is not valid", _faults(outcome))
        if isinstance(outcome, Conflict):
            raise APIError(409, "Another event has this id", _faults(outcome))
        event = outcome.event
        taken = (event.id, event.session_id, self._stats(site))
        if outcome.duplicate:
            replayed = {"Idempotent-Replayed": "true"}
            return success(request, TakenBefore(*taken), "The event was stored before", 200, replayed)
        return success(request, Taken(*taken), "Event stored", 201)

    def _stats(self, site: str) -> messages.Statistics:
        return rows.statistics(self._statistics(site))


def _with_idempotency_key(request: Request, raw: Any) -> Any:
    """The header stands in for an ``id`` that the event does not give."""
    key = request.headers.get("idempotency-key")
    if key is None or not isinstance(raw, dict) or "id" in raw:
        return raw
    return {**raw, "id": key}


def _faults(outcome: Outcome) -> list[FieldFault]:
    if isinstance(outcome, Conflict):
        return [FieldFault("id", "is taken by an event with other content; use a new one")]
    errors: list[FieldError] = outcome.errors if isinstance(outcome, Refused) else []
    return [FieldFault(error.field, error.message) for error in errors]
