"""What a dashboard may ask, read strictly."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tracker.core.filters import SessionFilter

FilterText = Annotated[str, Meta(max_length=200)]
MAX_FIELD_LENGTH = 64


class Filter(Struct, frozen=True, forbid_unknown_fields=True):
    country: FilterText | UnsetType = UNSET
    page: FilterText | UnsetType = UNSET
    company: FilterText | UnsetType = UNSET

    def narrowed(self) -> SessionFilter:
        return SessionFilter(**msgspec.to_builtins(self))


class DetailedStatsRequest(Struct, frozen=True, tag_field="type", tag="request_detailed_stats"):
    filter: Filter = Filter()


class TrackAction(Struct, frozen=True, tag_field="type", tag="track_dashboard_action"):
    action: Annotated[str, Meta(min_length=1, max_length=100)]
    details: dict[str, Any] = {}


class Resume(Struct, frozen=True, tag_field="type", tag="resume"):
    seq: Annotated[int, Meta(ge=0)]


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    pass


Request = DetailedStatsRequest | TrackAction | Resume | Ping
_decoder = msgspec.json.Decoder(Request)
_TYPES = "request_detailed_stats, track_dashboard_action, resume, ping"


class RequestError(Exception):
    """The message cannot be used; ``field`` names what is wrong with it, where that can be named."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def parse(text: str) -> Request:
    """Return the request in ``text``.

    Raises:
        RequestError: it is no JSON, of no known type, or a field is not as it has to be.
    """
    try:
        request: Request = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from None
    except (ValueError, RecursionError):
        raise RequestError("A message must be JSON") from None
    return request


def _explain(reason: str) -> RequestError:
    what, _, place = reason.partition(" - at `$")
    field = place.rstrip("`").lstrip(".")
    unknown = re.search(r"unknown field `(.*)`", what, re.DOTALL)
    missing = re.search(r"missing required field `(.*)`", what)
    if unknown:
        return RequestError("Unknown field", _join(field, unknown[1]))
    if field == "type" or (missing and missing[1] == "type"):
        return RequestError(f"type must be one of {_TYPES}", "type")
    if missing:
        return RequestError("Required field is missing", _join(field, missing[1]))
    if not field:
        return RequestError("A message must be a JSON object")
    return RequestError(what, field[:MAX_FIELD_LENGTH])


def _join(parent: str, name: str) -> str:
    return f"{parent}.{name}"[:MAX_FIELD_LENGTH] if parent else name[:MAX_FIELD_LENGTH]
