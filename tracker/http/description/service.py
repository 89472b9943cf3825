"""The service itself: how it is, its pages, its description."""

from tracker.http.description.parts import Example, Operation, Schema, Success
from tracker.http.errors import APIError, FieldFault

TAG = "The service itself"
PAGES = "Pages"
NAMING = ("naming", "x-naming")
HTML = "text/html; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
COUNTS: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
PART: Schema = {"type": "object", "description": "Sizes, counts and states of this part."}
HEALTH: Schema = {
    "type": "object",
    "properties": {"status": {"const": "alive"}},
    "required": ["status"],
}
READY: Schema = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ready", "degraded"]},
        "degraded": {**TEXTS, "description": "What is away outside, and why: the rest goes on without it."},
    },
    "required": ["status", "degraded"],
}
PARTS = ("core", "ingest", "upstream", "lookups", "dashboards", "access", "webhooks", "store", "history")
STATUS: Schema = {
    "type": "object",
    "properties": {
        "uptimeS": {"type": "number", "minimum": 0},
        "faults": {**TEXTS, "description": "Parts that are down, and why."},
        "degraded": {**TEXTS, "description": "What is away outside, and why."},
        "restarts": {**COUNTS, "description": "How often a part died and was started again."},
        "loopLagS": {"type": "number", "description": "How late the clock's last tick was, seconds."},
        **dict.fromkeys(PARTS, PART),
    },
    "required": ["uptimeS", "faults", "degraded", "restarts", "loopLagS", *PARTS],
}
"""Parts come and go with the service's inside, so their fields are not promised."""
STATUS_EXAMPLE: Schema = {
    "uptimeS": 12.5,
    "faults": {},
    "degraded": {},
    "restarts": {},
    "loopLagS": 0.0004,
    **{part: {} for part in PARTS},
}

NOT_READY = APIError(503, "Not ready: service", [FieldFault("service", "is stopping")])


def _page(path: str, name: str, summary: str) -> Operation:
    return Operation(
        "GET",
        path,
        PAGES,
        name,
        summary,
        successes={200: Success("The page.", schema={"type": "string"}, media_types=(HTML,))},
        examples=(Example("page", 200, summary),),
    )


def _description(path: str, name: str, summary: str) -> Operation:
    return Operation(
        "GET",
        path,
        TAG,
        name,
        summary,
        parameters=(*NAMING, "If-None-Match"),
        successes={
            200: Success("The description.", schema={"type": "object"}, is_whole=True, headers=("ETag",)),
            304: Success("It is still the one you have.", media_types=(), headers=("ETag",)),
        },
        examples=(
            Example("description", 200, summary),
            Example("unchanged", 304, "Still the same", headers={"If-None-Match": "*"}),
        ),
    )


OPERATIONS = [
    Operation(
        "GET",
        "/health",
        TAG,
        "getHealth",
        "Is the service alive",
        parameters=NAMING,
        successes={200: Success("It is.", schema=HEALTH)},
        examples=(Example("alive", 200, "Alive", {"status": "alive"}, message="The service is alive"),),
    ),
    Operation(
        "GET",
        "/ready",
        TAG,
        "getReady",
        "Can the service do its work",
        "503 while a part of it is down. What is away outside does not count: then it is degraded.",
        NAMING,
        successes={200: Success("It can.", schema=READY)},
        failures=(503,),
        examples=(
            Example(
                "ready", 200, "Ready", {"status": "ready", "degraded": {}}, message="The service is ready"
            ),
        ),
    ),
    Operation(
        "GET",
        "/api/status",
        TAG,
        "getStatus",
        "The parts and how they are",
        parameters=NAMING,
        successes={200: Success("The parts.", schema=STATUS)},
        examples=(
            Example("status", 200, "All parts", STATUS_EXAMPLE, message="The parts and how they are"),
        ),
    ),
    Operation(
        "GET",
        "/metrics",
        TAG,
        "getMetrics",
        "Figures for Prometheus",
        "Totals over all sites: no label names a site or a visitor. docs/operations.md has the list.",
        successes={
            200: Success(
                "Prometheus text, format 0.0.4.", schema={"type": "string"}, media_types=(PROMETHEUS,)
            )
        },
        examples=(Example("metrics", 200, "All figures"),),
    ),
    _description("/openapi.json", "getOpenAPI", "This description (OpenAPI 3.1)"),
    _description("/asyncapi.json", "getAsyncAPI", "The description of the live feed (AsyncAPI 3)"),
    _page("/", "getDashboard", "The dashboard"),
    _page("/dashboard.html", "getDashboardPage", "The dashboard, by its other name"),
    _page("/docs", "getDocs", "This description to read and to try"),
    Operation(
        "GET",
        "/tracker.js",
        PAGES,
        "getSnippet",
        "The script that web pages load to tell of their visitors",
        parameters=("If-None-Match",),
        successes={
            200: Success(
                "The script.", schema={"type": "string"}, media_types=(JAVASCRIPT,), headers=("ETag",)
            ),
            304: Success("It is still the one you have.", media_types=(), headers=("ETag",)),
        },
        examples=(
            Example("script", 200, "The script"),
            Example("unchanged", 304, "Still the same", headers={"If-None-Match": "*"}),
        ),
    ),
    Operation(
        "GET",
        "/static/{file}",
        PAGES,
        "getFile",
        "What the pages are made of",
        parameters=("file",),
        successes={200: Success("The file.", schema={"type": "string"}, media_types=("*/*",))},
        failures=(404,),
        examples=(
            Example("file", 200, "An image", path={"file": "favicon.svg"}),
            Example(
                "unknownFile", 404, "No such file", APIError(404, "There is nothing here"),
                path={"file": "nothing.js"},
            ),
        ),
    ),
]  # fmt: skip
