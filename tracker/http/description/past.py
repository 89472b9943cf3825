"""What was: questions to the history."""

from collections.abc import Mapping

from tracker.core.history import DIMENSIONS
from tracker.http import past
from tracker.http.description import samples
from tracker.http.description.parameters import COMMON, FILTERS, PERIOD
from tracker.http.description.parts import Example, Operation, Schema, Success
from tracker.http.errors import APIError, FieldFault
from tracker.http.export import COLUMNS, FORMATS
from tracker.http.periods import RANGES_S
from tracker.live.messages import Wire

TAG = "What was"
EVERYWHERE = (*COMMON, *PERIOD, *FILTERS)
UNKNOWN_RANGE = Example(
    "range", 422, "A time that is not known",
    APIError(
        422, "The time that is asked for is not valid",
        [FieldFault("range", f"must be one of {', '.join(RANGES_S)}")],
    ),
    query={"range": "year"},
)  # fmt: skip


def _missing(field: str) -> Example:
    refusal = APIError(422, "A query parameter is missing", [FieldFault(field, "is required")])
    return Example("missing", 422, f"Without {field}", refusal)


def _question(
    path: str,
    name: str,
    summary: str,
    answer: Wire,
    message: str,
    *more: str,
    query: Mapping[str, str | int],
    description: str = "",
    path_values: Mapping[str, str] | None = None,
    known: tuple[str, ...] = EVERYWHERE,
    refused: Example = UNKNOWN_RANGE,
    others: tuple[Example, ...] = (),
) -> Operation:
    path_values = path_values or {}
    shown = Example(name, 200, summary, answer, query=query, path=path_values, message=message)
    return Operation(
        "GET",
        path,
        TAG,
        f"get{name[0].upper()}{name[1:]}",
        summary,
        description,
        (*known, *more),
        successes={200: Success(message, (type(answer),))},
        failures=(503,),
        examples=(shown, refused._replace(path=path_values), *others),
    )


def _file_schema(kind: str) -> Schema:
    columns = ", ".join(COLUMNS)
    if kind == "csv":
        return {"type": "string", "description": f"CSV with the columns {columns}."}
    return {"type": "string", "description": f"In each line an object with the fields {columns}."}


OPERATIONS = [
    _question(
        "/api/analytics/totals", "totals", "How much there was", past.Totals(3, 1, 1), "How much there was",
        query={"range": "week"},
    ),
    _question(
        "/api/analytics/timeseries", "timeseries", "Events and visitors over time",
        past.TimeSeries(3600, [past.Point(samples.AT, 3, 1)]), "How much there was, part by part",
        "interval", "timezone", query={"range": "day", "interval": 3600},
        description="Empty points are included. `interval` is in seconds.",
    ),
    _question(
        "/api/analytics/top/{dimension}", "top", "The most frequent values",
        past.Items([past.Item("/pricing", 3, 1)]), "The most frequent values",
        "dimension", "limit of items", query={"range": "week", "limit": 3}, path_values={"dimension": "page"},
        others=(
            Example(
                "unknownDimension", 404, "No such dimension",
                APIError(404, f"Events are counted by {', '.join(DIMENSIONS)}"),
                path={"dimension": "weather"},
            ),
        ),
    ),
    _question(
        "/api/analytics/event-summary", "eventSummary", "One type of event",
        past.EventSummary("pageview", 3, 1, {"mobile": 3}), "What there is of this type",
        "event", query={"event": "pageview"}, refused=_missing("event"),
    ),
    _question(
        "/api/analytics/user-stats", "userStats", "One user",
        past.UserStats("u7", 3, samples.AT, samples.LATER, {"mobile": 3}, {"DE": 3}, [samples.EVENT]),
        "What there is of this user", "userId required",
        known=tuple(name for name in EVERYWHERE if name != "userId"),
        query={"userId": "u7"}, refused=_missing("userId"), description="Of all time, unless one is given.",
    ),
    _question(
        "/api/analytics/funnel", "funnel", "How many sessions came how far",
        past.Funnel([past.FunnelStep("/", 4, 1.0), past.FunnelStep("signup", 1, 0.25)]),
        "How many sessions came how far", "steps", query={"steps": "/,signup", "range": "month"},
        refused=_missing("steps"), description="The steps in their order, session by session.",
    ),
    _question(
        "/api/analytics/retention", "retention", "How many users came back",
        past.Retention([past.Cohort(samples.AT, 10, [4, 2])]),
        "How many users came back, week by week", "timezone", query={"range": "month"},
        description="Of the users first seen in a week: how many came back in the first week after it, "
        "the second, …",
    ),
    _question(
        "/api/analytics/events", "events", "The events, newest first",
        past.Events([samples.EVENT], None), "The events, newest first",
        "limit of events", "cursor", query={"limit": 10, "page": "/pricing"},
        description="`next` is the cursor of the next page, or null. New events neither repeat nor hide any.",
        others=(
            Example(
                "cursor", 422, "A cursor that is none",
                APIError(
                    422, "A query parameter is not valid", [FieldFault("cursor", "is none of ours")]
                ),
                query={"cursor": "1"},
            ),
        ),
    ),
    Operation(
        "GET",
        "/api/analytics/export",
        TAG,
        "exportEvents",
        "The events as a file, oldest first",
        "Written while it is read; its end is missing when the history fails on the way. In CSV a cell that "
        "a spreadsheet would run gets a ' in front.",
        (*EVERYWHERE, "format"),
        successes={
            200: Success(
                "The file.",
                schema=_file_schema("csv"),
                media_types=tuple(media_type for media_type, _, _ in FORMATS.values()),
                headers=("Content-Disposition",),
            )
        },
        failures=(429, 503),
        examples=(
            Example("csv", 200, "CSV", query={"range": "month", "format": "csv"}),
            Example("ndjson", 200, "One object in each line", query={"range": "month", "format": "ndjson"}),
            Example(
                "format", 422, "A format that is not known",
                APIError(
                    422, "A query parameter is not valid",
                    [FieldFault("format", f"must be one of {', '.join(FORMATS)}")],
                ),
                query={"format": "xlsx"},
            ),
        ),
    ),
]  # fmt: skip
