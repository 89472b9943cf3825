"""What the description of one operation is made of."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from tracker.http.errors import APIError

Schema = dict[str, Any]

JSON = "application/json"
TEXT = "text/plain"


class Parameter(NamedTuple):
    """A part of the address or a header that is read."""

    name: str
    schema: Schema
    """In JSON Schema; its ``examples`` are sent to the service by a test."""
    description: str
    place: str = "query"
    """``query``, ``path`` or ``header``."""
    required: bool = False


class Success(NamedTuple):
    """What a status below 400 means and brings."""

    description: str
    data: tuple[type[msgspec.Struct], ...] = ()
    """What may stand as ``data``; empty for ``null``."""
    schema: Schema | None = None
    """In place of ``data``: its schema, or that of the whole body."""
    is_whole: bool = False
    """Whether the body is ``schema`` itself, without the envelope; it always is when it is not JSON."""
    media_types: tuple[str, ...] = (JSON,)
    """Empty for an answer without a body."""
    headers: tuple[str, ...] = ()


class Example(NamedTuple):
    """A request that may be sent as it is, and its answer."""

    name: str
    status: int
    summary: str
    answer: Any = None
    """``data`` of a success (a Struct), the :class:`APIError` of a failure, or a body that is not JSON."""
    query: Mapping[str, str | int] = {}
    path: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: Any = None
    media_type: str = JSON
    """Of the body; ``text/plain`` is sent as it stands."""
    message: str = "OK"


class Operation(NamedTuple):
    """One method of one route."""

    method: str
    path: str
    tag: str
    name: str
    """The ``operationId``."""
    summary: str
    description: str = ""
    parameters: tuple[str, ...] = ()
    """Names in ``PARAMETERS``."""
    bodies: Mapping[str, Schema] = {}
    """Schema of the request's body by its media type."""
    successes: Mapping[int, Success] = {}
    failures: tuple[int, ...] = ()
    """Statuses that are answered with a failure, beside those of ``examples``."""
    examples: tuple[Example, ...] = ()


class Failing(NamedTuple):
    """What a status from 400 on means, with an answer to show."""

    description: str
    example: APIError
    headers: tuple[str, ...] = ()
