"""Query parameters: read, checked and named when they are wrong."""

from collections.abc import Iterable

from starlette.requests import Request

from tracker.http.errors import APIError, FieldFault
from tracker.http.responses import wants_snake

COMMON = ("site", "naming")
MAX_TEXT = 2000


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """A parameter that nobody reads would silently answer another question.

    Nor is anything done for a naming that is not known.
    """
    allowed = (*COMMON, *known)
    faults = [
        FieldFault("query", f"has a parameter that is not known here; known are {', '.join(allowed)}")
        for name in request.query_params
        if name not in allowed
    ]
    if faults:
        raise APIError(422, "A query parameter is not known", faults[:1])
    wants_snake(request)


def text(request: Request, name: str) -> str | None:
    value = request.query_params.get(name)
    if value is not None and len(value) > MAX_TEXT:
        fault = FieldFault(name, f"must be at most {MAX_TEXT} characters")
        raise APIError(422, "A query parameter is not valid", [fault])
    return value or None


def whole_number(request: Request, name: str, default: int, most: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= 9 and 1 <= int(value) <= most):
        fault = FieldFault(name, f"must be a whole number from 1 to {most}")
        raise APIError(422, "A query parameter is not valid", [fault])
    return int(value)
