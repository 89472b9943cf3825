"""Everything that is read from an address or a header, once.

The parsers are in queries.py, periods.py, responses.py and the endpoints. A test
asks the service whether both agree: names, values, limits.
"""

from tracker.core.history import DIMENSIONS
from tracker.http.description.parts import Parameter, Schema
from tracker.http.export import FORMATS
from tracker.http.past import MAX_EVENTS, MAX_STEPS, MAX_TOP
from tracker.http.periods import DEFAULT_RANGE, NAMES, RANGES_S
from tracker.http.queries import MAX_TEXT
from tracker.http.sessions import MAX_VISITS
from tracker.http.sites import DEFAULT_SITE
from tracker.http.visitors import MAX_ROWS
from tracker.ingest.event_fields import MAX_ID

INTERVALS_S = (1, 10, 60, 300, 900, 3_600, 21_600, 86_400, 604_800, 2_419_200)
IDENTIFIER = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"
"""Without control characters, and no space at either end."""


def _text(example: str, **more: object) -> Schema:
    return {"type": "string", "maxLength": MAX_TEXT, "examples": [example], **more}


def _number(most: int, default: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default, "examples": [default]}


_TIME = "ISO 8601; without an offset it is UTC, a date is its midnight"

_FILTERS = {
    "type": ("pageview", "type of the event"),
    "page": ("/pricing", "page of the event; of live visitors: the page on which they are now"),
    "country": ("DE", "country, in any case of letters"),
    "device": ("mobile", "device"),
    "browser": ("Firefox", "name of the browser"),
    "os": ("Android", "name of the operating system"),
    "referrer": ("https://example.org/", "where the visitor came from"),
    "company": ("acme", "part of the company's name or domain, or its GUID"),
    "userId": ("u7", "your own name for the user"),
    "sessionId": ("s1", "one visit"),
}

PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("site", {"type": "string", "default": DEFAULT_SITE}, "Whose visitors."),
        Parameter(
            "naming",
            {"enum": ["camel", "snake"], "default": "camel"},
            "How field names are written. The header x-naming does the same. "
            "`/openapi.json?naming=snake` describes the answers in snake_case.",
        ),
        Parameter("x-naming", {"enum": ["camel", "snake"]}, "The same as naming, as a header.", "header"),
        *(Parameter(name, _text(_FILTERS[name][0]), f"Only: {_FILTERS[name][1]}.") for name in NAMES),
        Parameter(
            "range",
            {"enum": list(RANGES_S), "default": DEFAULT_RANGE, "examples": list(RANGES_S)},
            "The time until now; a month is 30 days. Not beside from or to.",
        ),
        Parameter("from", _text("2026-11-15T08:00:00Z", format="date-time"), f"Begin of the time. {_TIME}."),
        Parameter(
            "to",
            _text("2099-12-31T00:00:00Z", format="date-time"),
            f"End of the time, which is not in it. {_TIME}.",
        ),
        Parameter(
            "interval",
            {"type": "integer", "enum": list(INTERVALS_S), "examples": [3600]},
            "Seconds of each point. Without it one is chosen that gives at most 200 points; more than "
            "10,000 are refused.",
        ),
        Parameter("timezone", _text("Europe/Berlin"), "Time zone of the days; server.timezone without it."),
        Parameter("cursor", {"type": "string", "maxLength": MAX_TEXT}, "`next` of the page before."),
        Parameter(
            "format",
            {"enum": list(FORMATS), "default": "csv", "examples": list(FORMATS)},
            "CSV as spreadsheets read it, or one JSON object in each line.",
        ),
        Parameter(
            "steps",
            _text("/,/pricing,signup", minLength=1),
            f"1 to {MAX_STEPS} steps with commas between. One that begins with / is a page, any other an "
            "event type.",
            required=True,
        ),
        Parameter("event", _text("pageview", minLength=1), "Type of the event.", required=True),
        Parameter(
            "dimension",
            {"enum": list(DIMENSIONS), "examples": list(DIMENSIONS)},
            "What events are counted by.",
            "path",
            required=True,
        ),
        Parameter("session_id", {"type": "string", "minLength": 1}, "One visit.", "path", required=True),
        Parameter("id", {"type": "string", "minLength": 1}, "As the list tells it.", "path", required=True),
        Parameter(
            "file",
            {"type": "string", "minLength": 1, "examples": ["favicon.svg"]},
            "Path of the file, with its folders.",
            "path",
            required=True,
        ),
        Parameter(
            "Idempotency-Key",
            {"type": "string", "minLength": 1, "maxLength": MAX_ID, "pattern": IDENTIFIER},
            "The id of one event that has none. An array is sent without it.",
            "header",
        ),
        Parameter(
            "If-None-Match",
            {"type": "string"},
            "An ETag; while it is still right, the answer is 304.",
            "header",
        ),
    )
}

ROWS_LIMIT = _number(MAX_ROWS, MAX_ROWS)
TOP_LIMIT = _number(MAX_TOP, 5)
EVENTS_LIMIT = _number(MAX_EVENTS, 100)
VISITS_LIMIT = _number(MAX_VISITS, MAX_VISITS)

PARAMETERS |= {
    "limit of rows": Parameter("limit", ROWS_LIMIT, "Rows at the most, the most recently active first."),
    "limit of items": Parameter("limit", TOP_LIMIT, "Items at the most."),
    "limit of events": Parameter("limit", EVENTS_LIMIT, "Events on one page."),
    "limit of visits": Parameter("limit", VISITS_LIMIT, "Visits at the most, the newest first."),
    "company required": PARAMETERS["company"]._replace(required=True),
    "userId required": PARAMETERS["userId"]._replace(
        schema=_text("u7", minLength=1), description="Your own name for the user.", required=True
    ),
}

COMMON = ("site", "naming", "x-naming")
PERIOD = ("range", "from", "to")
FILTERS = tuple(NAMES)
