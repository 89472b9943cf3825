"""Events in: ``POST /api/events`` and its other name."""

from tracker.http.description import samples
from tracker.http.description.parts import JSON, TEXT, Example, Operation, Success
from tracker.http.errors import APIError, FieldFault
from tracker.http.events import MAX_EVENT_BYTES, PREFLIGHT, Batch, Rejected, Taken, TakenBefore
from tracker.ingest.event_fields import MAX_EVENTS
from tracker.live.messages import Wire

PATHS = {"/api/events": ("postEvents", "e"), "/api/analytics/collect": ("collectEvents", "c")}
"""With the name of each, and what ids in its examples begin with."""
TAG = "Events in"
BODY = {"$ref": "#/components/schemas/NewEvents"}
CORS = ("Access-Control-Allow-Origin",)

PAGEVIEW = {
    "type": "pageview",
    "sessionId": "s1",
    "page": "/pricing",
    "country": "DE",
    "userId": "u7",
    "metadata": {"device": "mobile", "referrer": "https://example.org/", "plan": "pro"},
}
BY_EVENT_TYPE = {"eventType": "signup", "userId": "u7", "metadata": {"page": "/signup", "browser": "Firefox"}}
BY_EVENT = {
    "event": "visit",
    "url": "https://www.example.com/docs?utm_source=mail",
    "referrer": "https://example.org/",
    "device": "desktop",
}
NO_SESSION = {"type": "pageview", "page": "/pricing"}
REQUIRED = FieldFault("sessionId", "is required")


class TakenExample(Wire, frozen=True):
    """``Taken`` with its figures not encoded yet."""

    id: str
    session_id: str
    current_stats: object = samples.STATISTICS


class TakenBeforeExample(TakenExample, frozen=True, rename="camel"):
    duplicate: bool = True


class BatchExample(Wire, frozen=True):
    accepted: int
    duplicates: int
    rejected: list[Rejected]
    current_stats: object = samples.STATISTICS


def _examples(prefix: str) -> tuple[Example, ...]:
    """Return the requests in the order in which they are sent; ``prefix`` makes their ids new."""
    first, second, third = (f"{prefix}{number}" for number in (1, 2, 3))
    pageview = {**PAGEVIEW, "id": first}
    return (
    Example(
        "pageview", 201, "An event of the dialect type", TakenExample(first, "s1"), body=pageview,
        message="Event stored",
    ),
    Example(
        "repeated", 200, "The same once more", TakenBeforeExample(first, "s1"), body=pageview,
        message="The event was stored before",
    ),
    Example(
        "conflict", 409, "The same id with other content",
        APIError(
            409, "Another event has this id",
            [FieldFault("id", "is taken by an event with other content; use a new one")],
        ),
        body={**pageview, "page": "/about"},
    ),
    Example(
        "eventType", 201, "An event of the dialect eventType",
        TakenExample("0192f7a0-0b5c-7c3e-8a51-3c9d2f6b1e44", "u7"), body=BY_EVENT_TYPE,
        message="Event stored",
    ),
    Example(
        "event", 201, "An event of the dialect event",
        TakenExample("0192f7a0-0b5c-7c3e-8a51-3c9d2f6b1e45", "v-5f0c2d9e7a1b4c38"), body=BY_EVENT,
        message="Event stored",
    ),
    Example(
        "keyed", 201, "An event whose id is a header", TakenExample(second, "u7"), body=BY_EVENT_TYPE,
        headers={"Idempotency-Key": second}, message="Event stored",
    ),
    Example(
        "array", 201, "Several at once", BatchExample(2, 0, []), body=[BY_EVENT_TYPE, BY_EVENT],
        message="2 stored, 0 known already, 0 refused",
    ),
    Example(
        "partly", 207, "Several, of which one is wrong",
        BatchExample(1, 0, [Rejected(1, [REQUIRED])]), body=[BY_EVENT, NO_SESSION],
        message="1 stored, 0 known already, 1 refused",
    ),
    Example(
        "incomplete", 422, "An event that lacks a field",
        APIError(422, "The event is not valid", [REQUIRED]), body=NO_SESSION,
    ),
    Example(
        "none", 422, "Several, of which none is right",
        APIError(422, "No event was stored", [FieldFault("[0].sessionId", "is required")]),
        body=[NO_SESSION],
    ),
    Example(
        "beacon", 201, "As a page sends it that is being left", TakenExample(third, "s1"),
        body=f'{{"type":"leave","sessionId":"s1","id":"{third}"}}', media_type=TEXT, message="Event stored",
    ),
    Example(
        "empty", 400, "Nothing",
        APIError(400, "The body is empty.", [FieldFault("body", "The body is empty.")]),
        body=" ", media_type=TEXT,
    ),
)  # fmt: skip


SUCCESSES = {
    200: Success("The event was stored before.", (TakenBefore,), headers=(*CORS, "Idempotent-Replayed")),
    201: Success("Stored: it is on the disk. An array gives counts.", (Taken, Batch), headers=CORS),
    207: Success("Some of the array were stored, some were not.", (Batch,), headers=CORS),
}
DESCRIPTION = f"""Takes one event or an array of up to {MAX_EVENTS:,}, in any of three dialects told apart by
the key that an event has; field names in camelCase or snake_case. One event is at most
{MAX_EVENT_BYTES:,} bytes.

Success means that it is on the disk. An `id`, or the header `Idempotency-Key`, makes it harmless to
send an event again for at least 24 hours. Pages of any origin may post here, without credentials."""

OPERATIONS = [
    operation
    for path, (name, prefix) in PATHS.items()
    for operation in (
        Operation(
            "POST",
            path,
            TAG,
            name,
            "Take events in",
            DESCRIPTION,
            ("site", "naming", "x-naming", "Idempotency-Key"),
            {JSON: BODY, TEXT: {"type": "string", "contentMediaType": JSON, "contentSchema": BODY}},
            SUCCESSES,
            (400, 409, 413, 415, 422, 429, 503),
            _examples(prefix),
        ),
        Operation(
            "OPTIONS",
            path,
            TAG,
            f"{name}Preflight",
            "Tell browsers what pages of other origins may send",
            successes={
                204: Success("What may be sent.", media_types=(), headers=(*CORS, *PREFLIGHT)),
            },
            examples=(Example("preflight", 204, "A browser asks first"),),
        ),
    )
]
