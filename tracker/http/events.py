"""``POST /api/events``: the door for web pages, apps and webhooks."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.principal import Need
from tracker.core.clock import Clock
from tracker.http import bodies
from tracker.http.access import Gate, admitted
from tracker.http.app import DirectRoute
from tracker.http.errors import APIError, FieldFault
from tracker.http.figures import EncodedStatistics
from tracker.http.responses import success, wants_snake
from tracker.ingest import plain_events, strict_json
from tracker.ingest.door import Accepted, Conflict, NotStored, Outcome, Refused
from tracker.ingest.event_fields import MAX_EVENTS
from tracker.ingest.events import EventContext, FieldError
from tracker.ingest.plain_events import PlainEvent
from tracker.ingest.rejects import RejectLog
from tracker.live.encoding import Naming

MAX_EVENT_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024
CONTENT_TYPES = ("application/json", "text/plain")
"""A beacon cannot send JSON across origins without asking first, so it may call it text."""

CORS = [(b"access-control-allow-origin", b"*"), (b"vary", b"Origin")]
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "content-type, x-api-key, authorization, idempotency-key, x-naming",
    "Access-Control-Max-Age": "86400",
}

NOTHING_TO_SEE = msgspec.Raw(b"null")
UNREAD = {400: "unfinished", 413: "too_large", 415: "wrong_type"}
"""Reasons, for the counters, why a body was not taken, by the status of the answer."""


class Door(Protocol):
    async def take(
        self, raw_events: Sequence[Any], context: EventContext, encoded: bytes
    ) -> list[Outcome]: ...


class Taken(msgspec.Struct, rename="camel"):
    """``current_stats`` are ``live.messages.Statistics``, or null for a sender who may not read the site."""

    id: str
    session_id: str
    current_stats: msgspec.Raw


class TakenBefore(Taken, rename="camel"):
    duplicate: bool = True


class Rejected(msgspec.Struct):
    index: int
    errors: list[FieldFault]


class Batch(msgspec.Struct, rename="camel"):
    accepted: int
    duplicates: int
    rejected: list[Rejected]
    current_stats: msgspec.Raw


class EventEndpoint:
    """Takes one event or an array of them."""

    def __init__(
        self,
        door: Door,
        rejects: RejectLog,
        clock: Clock,
        gate: Gate,
        new_id: Callable[[float], str],
        anonymous_id: Callable[[str, str], str],
        statistics: EncodedStatistics,
    ) -> None:
        self._door = door
        self._rejects = rejects
        self._clock = clock
        self._gate = gate
        self._new_id = new_id
        self._anonymous_id = anonymous_id
        self._statistics = statistics

    def routes(self) -> list[BaseRoute]:
        return [
            DirectRoute(path, self.post, Need.INGEST, ["POST", "OPTIONS"], CORS)
            for path in ("/api/events", "/api/analytics/collect")
        ]

    async def post(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        try:
            return await self._take(request)
        except NotStored as error:
            wait = {"Retry-After": str(max(1, ceil(error.retry_after_s)))}
            raise APIError(503, "The event could not be stored; send it again", headers=wait) from error

    async def _take(self, request: Request) -> Response:
        wants_snake(request)
        sender = admitted(request)
        site = sender.site
        body = await self._read(request, site)
        raw = self._decode(request, body, site)
        self._gate.charge(request, max(1, len(raw)) if isinstance(raw, list) else 1)
        context = EventContext(
            self._clock.now(),
            site,
            sender.address,
            request.headers.get("user-agent", ""),
            self._new_id,
            self._anonymous_id,
        )
        if isinstance(raw, list):
            return await self._take_many(request, raw, context, body)
        if len(body) > MAX_EVENT_BYTES:
            self._rejects.add("http", site, UNREAD[413], body)
            raise bodies.too_large(MAX_EVENT_BYTES)
        raw = _with_idempotency_key(request, raw)
        (outcome,) = await self._door.take([raw], context, body)
        return self._answer(request, outcome, context.site)

    async def _read(self, request: Request, site: str) -> bytes:
        try:
            return await bodies.read(request, CONTENT_TYPES, MAX_BODY_BYTES)
        except APIError as error:
            self._gate.charge(request, 1)
            self._rejects.add("http", site, UNREAD[error.status], b"")
            raise

    def _decode(self, request: Request, body: bytes, site: str) -> Any:
        try:
            return plain_events.read(body) or strict_json.decode(body, MAX_BODY_BYTES)
        except strict_json.JSONRejected as error:
            self._gate.charge(request, 1)
            self._rejects.add("http", site, error.reason, body)
            raise APIError(400, error.message, [FieldFault("body", error.message)]) from error

    async def _take_many(
        self, request: Request, raw_events: list[Any], context: EventContext, body: bytes
    ) -> Response:
        if not 0 < len(raw_events) <= MAX_EVENTS:
            self._rejects.add("http", context.site, "wrong_count", body)
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
        batch = Batch(accepted, duplicates, rejected, self._stats(request, context.site))
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
        taken = (event.id, event.session_id, self._stats(request, site))
        if outcome.duplicate:
            replayed = {"Idempotent-Replayed": "true"}
            return success(request, TakenBefore(*taken), "The event was stored before", 200, replayed)
        return success(request, Taken(*taken), "Event stored", 201)

    def _stats(self, request: Request, site: str) -> msgspec.Raw:
        # Who holds the key of a public web page may send and not see.
        if not admitted(request).may(Need.READ):
            return NOTHING_TO_SEE
        return self._statistics.of(site, Naming.SNAKE if wants_snake(request) else Naming.CAMEL)


def _with_idempotency_key(request: Request, raw: Any) -> Any:
    """The header stands in for an ``id`` that the event does not give."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return raw
    if isinstance(raw, PlainEvent):
        raw = msgspec.to_builtins(raw)
    return raw if not isinstance(raw, dict) or "id" in raw else {**raw, "id": key}


def _faults(outcome: Outcome) -> list[FieldFault]:
    if isinstance(outcome, Conflict):
        return [FieldFault("id", "is taken by an event with other content; use a new one")]
    errors: list[FieldError] = outcome.errors if isinstance(outcome, Refused) else []
    return [FieldFault(error.field, error.message) for error in errors]
