"""Who is here now: the table, the figures over it, one visit."""

from tracker.http import sessions, visitors
from tracker.http.description import samples
from tracker.http.description.parameters import COMMON, PERIOD
from tracker.http.description.parts import Example, Operation, Success
from tracker.http.errors import APIError, FieldFault

TAG = "Who is here now"
LIMIT_WRONG = APIError(
    422, "A query parameter is not valid",
    [FieldFault("limit", f"must be a whole number from 1 to {visitors.MAX_ROWS}")],
)  # fmt: skip
SUMMARY = visitors.SessionSummary("s1", "/pricing", ["/", "/pricing"], 90.0, "DE", "mobile", samples.LATER)
BREAKDOWN = visitors.Breakdown(
    1,
    {"DE": 1},
    {"/pricing": 1},
    {"mobile": 1},
    {"Firefox": 1},
    {"https://example.org/": 1},
    {"Acme GmbH": 1},
)
OPERATIONS = [
    Operation(
        "GET",
        "/api/visitors",
        TAG,
        "getVisitors",
        "The visitor table",
        "Those that match, the most recently active first. A filter costs a walk over the table.",
        (*COMMON, "country", "page", "company", "limit of rows"),
        successes={200: Success("The rows and the figures.", (visitors.Visitors,))},
        examples=(
            Example(
                "visitors", 200, "Ten visitors from Germany",
                visitors.Visitors([samples.ROW], 1, samples.AVERAGES, 0),
                query={"country": "DE", "limit": 10}, message="The visitors of this moment",
            ),
            Example("limit", 422, "Too many", LIMIT_WRONG, query={"limit": visitors.MAX_ROWS + 1}),
        ),
    ),
    Operation(
        "GET",
        "/api/analytics/summary",
        TAG,
        "getSummary",
        "The figures of this moment",
        "Active sessions, distinct sessions since midnight or the last reset, the 50 most visited pages.",
        (*COMMON, "country", "page"),
        successes={200: Success("The figures.", (visitors.Summary,))},
        examples=(
            Example(
                "summary", 200, "All figures", visitors.Summary(samples.STATISTICS, samples.LATER),
                message="The figures of this moment",
            ),
        ),
    ),
    Operation(
        "GET",
        "/api/analytics/sessions",
        TAG,
        "getSessions",
        "The active sessions, in short",
        parameters=(*COMMON, "country", "page", "limit of rows"),
        successes={200: Success("The sessions.", (visitors.Sessions,))},
        examples=(
            Example(
                "sessions", 200, "All of them", visitors.Sessions([SUMMARY], 1),
                message="The active sessions",
            ),
            Example("limit", 422, "None", LIMIT_WRONG, query={"limit": 0}),
        ),
    ),
    Operation(
        "GET",
        "/api/analytics/sessions/{session_id}",
        TAG,
        "getSession",
        "One visit, live or ended",
        "The row with times in its journey, and the last 1,000 events, oldest first.",
        (*COMMON, "session_id"),
        successes={200: Success("The visit.", (sessions.SessionDetail,))},
        examples=(
            Example(
                "session", 200, "A visit", samples.DETAIL, path={"session_id": "s1"},
                message="The session",
            ),
            Example(
                "unknownSession", 404, "No such visit", APIError(404, "There is no such session"),
                path={"session_id": "nobody"},
            ),
        ),
    ),
    Operation(
        "GET",
        "/api/analytics/visits",
        TAG,
        "getVisits",
        "The past visits of a company",
        "Those that began in the time asked for and have ended, also those that left no events.",
        (*COMMON, *PERIOD, "company required", "limit of visits"),
        successes={200: Success("The visits.", (sessions.Visits,))},
        failures=(503,),
        examples=(
            Example(
                "visits", 200, "Of one company", sessions.Visits([]), query={"company": "acme"},
                message="The visits that have ended",
            ),
            Example(
                "missing", 422, "Without company",
                APIError(422, "A query parameter is missing", [FieldFault("company", "is required")]),
            ),
        ),
    ),
    Operation(
        "GET",
        "/api/analytics/detailed",
        TAG,
        "getDetailed",
        "The visitors of this moment, counted",
        "Visitors without a value are left out of its counts.",
        (*COMMON, "country", "page", "company"),
        successes={200: Success("The counts.", (visitors.Breakdown,))},
        examples=(
            Example(
                "detailed", 200, "All of them", BREAKDOWN,
                message="The visitors of this moment, counted",
            ),
        ),
    ),
    Operation(
        "POST",
        "/api/analytics/reset",
        TAG,
        "resetLiveFigures",
        "Let the live figures begin anew",
        "Today's figures, the last ten minutes and the feed; history stays, and nobody leaves the table.",
        COMMON,
        successes={200: Success("Done.")},
        examples=(
            Example("reset", 200, "Begin anew", message="The live figures begin anew; history stays"),
            Example(
                "otherOrigin", 403, "A page of another origin asks",
                APIError(403, "Pages of this origin may not do this; see server.allowed_origins"),
                headers={"Origin": "https://elsewhere.example"},
            ),
        ),
    ),
]  # fmt: skip
