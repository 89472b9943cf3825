"""``POST /api/events``: the door for web pages, apps and webhooks."""

import asyncio
from asyncio import Future
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.principal import Need
from tracker.core.clock import Clock
from tracker.http import bodies
from tracker.http.access import Admitted, Gate, admitted
from tracker.http.app import DirectRoute
from tracker.http.errors import APIError, FieldFault
from tracker.http.figures import EncodedStatistics
from tracker.http.responses import success, wants_snake
from tracker.ingest import plain_events, strict_json
from tracker.ingest.door import Accepted, Conflict, Outcome, Refused, Taking
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


POSTING = "tracker.posting"
"""What a request's scope remembers of who posts."""


class Door(Protocol):
    def begin(self, raw_events: Sequence[Any], context: EventContext, encoded: bytes) -> Taking: ...

    def finish(self, taking: Taking) -> list[Outcome]: ...


class Posting(NamedTuple):
    """Who posts, and in which way: the same for every request of one head from one address."""

    sender: Admitted
    context: EventContext
    is_snake: bool
    idempotency_key: str | None
    sees_statistics: bool


class Underway(NamedTuple):
    """A request whose events are on their way to the disk."""

    posting: Posting
    taking: Taking
    is_array: bool

    @property
    def stored(self) -> "Future[Any] | None":
        return self.taking.stored


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
            DirectRoute(path, self.post, Need.INGEST, ["POST", "OPTIONS"], CORS, self)
            for path in ("/api/events", "/api/analytics/collect")
        ]

    async def post(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        wants_snake(request)
        taken = self.begin(request, await self._read(request, admitted(request).site))
        if taken.stored is not None:
            # How it ended is told by finish().
            await asyncio.wait((taken.stored,))
        return self.finish(request, taken)

    def begin(self, request: Request, body: bytes) -> Underway:
        """Give the events of an admitted request to the journal. Raises ``APIError``, ``NotStored``."""
        posting = self._posting(request)
        site = posting.sender.site
        raw = self._decode(request, body, site)
        is_array = isinstance(raw, list)
        self._gate.charge(request, max(1, len(raw)) if is_array else 1)
        if is_array:
            if not 0 < len(raw) <= MAX_EVENTS:
                self._rejects.add("http", site, "wrong_count", body)
                fault = FieldFault("body", f"must hold 1 to {MAX_EVENTS} events")
                raise APIError(422, f"Send 1 to {MAX_EVENTS} events at once", [fault])
        elif len(body) > MAX_EVENT_BYTES:
            self._rejects.add("http", site, UNREAD[413], body)
            raise bodies.too_large(MAX_EVENT_BYTES)
        else:
            raw = [_with_id(posting.idempotency_key, raw)]
        return Underway(posting, self._door.begin(raw, posting.context, body), is_array)

    def finish(self, request: Request, taken: Underway) -> Response:
        """Answer, once ``taken.stored`` is done. Raises ``APIError``, ``NotStored``."""
        outcomes = self._door.finish(taken.taking)
        if taken.is_array:
            return self._answer_many(request, outcomes, taken.posting)
        return self._answer(request, outcomes[0], taken.posting)

    def _posting(self, request: Request) -> Posting:
        sender = admitted(request)
        posting: Posting | None = request.scope.get(POSTING)
        if posting is None or posting.sender is not sender:
            is_snake = wants_snake(request)
            with self._counting_unread(request, sender.site):
                bodies.check_type(request, CONTENT_TYPES)
            headers = request.headers
            context = EventContext(
                self._clock.now(),
                sender.site,
                sender.address,
                headers.get("user-agent", ""),
                self._new_id,
                self._anonymous_id,
            )
            # Who holds the key of a public web page may send and not see.
            posting = Posting(
                sender,
                context,
                is_snake,
                headers.get("idempotency-key"),
                sender.may(Need.READ),
            )
            request.scope[POSTING] = posting
        else:
            posting.context.renew(self._clock.now())
        return posting

    async def _read(self, request: Request, site: str) -> bytes:
        with self._counting_unread(request, site):
            return await bodies.read(request, CONTENT_TYPES, MAX_BODY_BYTES)

    @contextmanager
    def _counting_unread(self, request: Request, site: str) -> Iterator[None]:
        try:
            yield
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

    def _answer_many(self, request: Request, outcomes: list[Outcome], posting: Posting) -> Response:
        rejected = [
            Rejected(index, _faults(outcome))
            for index, outcome in enumerate(outcomes)
            if not isinstance(outcome, Accepted)
        ]
        duplicates = sum(isinstance(outcome, Accepted) and outcome.duplicate for outcome in outcomes)
        accepted = len(outcomes) - len(rejected) - duplicates
        batch = Batch(accepted, duplicates, rejected, self._stats(posting))
        if len(rejected) == len(outcomes):
            faults = [
                FieldFault(f"[{item.index}].{fault.field}", fault.message)
                for item in rejected
                for fault in item.errors
            ]
            raise APIError(422, "No event was stored", faults)
        message = f"{accepted} stored, {duplicates} known already, {len(rejected)} refused"
        return success(request, batch, message, 207 if rejected else 201)

    def _answer(self, request: Request, outcome: Outcome, posting: Posting) -> Response:
        if isinstance(outcome, Refused):
            raise APIError(422, "The event is not valid", _faults(outcome))
        if isinstance(outcome, Conflict):
            raise APIError(409, "Another event has this id", _faults(outcome))
        event = outcome.event
        taken = (event.id, event.session_id, self._stats(posting))
        if outcome.duplicate:
            replayed = {"Idempotent-Replayed": "true"}
            return success(request, TakenBefore(*taken), "The event was stored before", 200, replayed)
        return success(request, Taken(*taken), "Event stored", 201)

    def _stats(self, posting: Posting) -> msgspec.Raw:
        if not posting.sees_statistics:
            return NOTHING_TO_SEE
        return self._statistics.of(posting.sender.site, Naming.SNAKE if posting.is_snake else Naming.CAMEL)


def _with_id(idempotency_key: str | None, raw: Any) -> Any:
    """The header stands in for an ``id`` that the event does not give."""
    if idempotency_key is None:
        return raw
    if isinstance(raw, PlainEvent):
        raw = msgspec.to_builtins(raw)
    return raw if not isinstance(raw, dict) or "id" in raw else {**raw, "id": idempotency_key}


def _faults(outcome: Outcome) -> list[FieldFault]:
    if isinstance(outcome, Conflict):
        return [FieldFault("id", "is taken by an event with other content; use a new one")]
    errors: list[FieldError] = outcome.errors if isinstance(outcome, Refused) else []
    return [FieldFault(error.field, error.message) for error in errors]
