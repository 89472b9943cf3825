"""``/openapi.json``: every route, made from the types that encode and the tables that parse."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import metadata
from typing import Any

from tracker.http.description import accounts, arriving, forgetting, notifying, past, present, service
from tracker.http.description.event_body import event_schemas, renamed
from tracker.http.description.failures import FAILURES, NAMING_UNKNOWN, SITE_UNKNOWN
from tracker.http.description.forgetting import visitor_schemas
from tracker.http.description.parameters import PARAMETERS
from tracker.http.description.parts import JSON, Example, Operation, Parameter, Schema, Success
from tracker.http.description.schemas import components, plain, rename_fields, snake
from tracker.http.errors import APIError
from tracker.http.headers import NO_STORE, SECURITY_HEADERS
from tracker.http.responses import Failure
from tracker.live.encoding import Naming

OPERATIONS: tuple[Operation, ...] = (
    *arriving.OPERATIONS,
    *present.OPERATIONS,
    *past.OPERATIONS,
    *forgetting.OPERATIONS,
    *notifying.OPERATIONS,
    *accounts.OPERATIONS,
    *service.OPERATIONS,
)
REQUEST_ID = "9f2c4b1a7d3e5f60"
HEADERS = {
    "Retry-After": "Seconds after which to ask again.",
    "Allow": "The methods that are allowed here.",
    "ETag": "Names this version, for If-None-Match.",
    "Idempotent-Replayed": "`true`: nothing was stored again.",
    "Content-Disposition": "The name of the file.",
    "Access-Control-Allow-Origin": "`*`: pages of any origin may read this answer.",
    "Access-Control-Allow-Methods": "Methods that such pages may use.",
    "Access-Control-Allow-Headers": "Headers that such pages may send.",
    "Access-Control-Max-Age": "Seconds for which browsers may remember this.",
}
ABOUT = """Times are ISO 8601 in UTC, durations are seconds.

A success is `{{"success": true, "message", "data"}}`, a failure is `{{"success": false, "message",
"errors": [{{"field", "message"}}], "requestId"}}`. Texts of errors never repeat what was sent. A query
parameter that is not known is refused. Keys that are data (pages, countries, your metadata) are never
renamed.

This describes names in {naming}; `/openapi.json?naming={other}` describes them in the other one. The
live feed `/ws` is described by `/asyncapi.json`; docs/websocket.md tells more.

A method that is not described is answered with 405, what has no description with 404, what arrives too
slowly with 408, and what fails in the service with 500, all in the shape of a failure.

A service on a loopback host asks for no key, and requests that name another host than its own get
421. Where access is required, 401 means no or bad credentials,
403 that they are not for this, and what belongs to another site is 404, like what is not there. Keys
travel as the header `x-api-key` or as `Authorization: Bearer`; docs/access.md tells more. Too much is
answered with 429 and the header Retry-After. HEAD is answered
wherever GET is. Every answer has the headers {headers}."""

_Body = dict[str, Any]


def version() -> str:
    """Return the version that is installed; a bare checkout has none."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version("tracker")
    return "0"


def document(naming: Naming = Naming.CAMEL) -> dict[str, Any]:
    """Return the OpenAPI document for answers in ``naming``."""
    return _Document(naming).whole()


class _Document:
    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        kinds = dict.fromkeys(
            kind
            for operation in OPERATIONS
            for success in operation.successes.values()
            for kind in success.data
        )
        references, schemas = components([Failure, *kinds], naming)
        self._references = dict(zip(kinds, references[1:], strict=True))
        self._schemas = {**schemas, **event_schemas(naming), **visitor_schemas(naming)}

    def whole(self) -> dict[str, Any]:
        other = Naming.CAMEL if self._naming is Naming.SNAKE else Naming.SNAKE
        names = [name.decode() for name, _ in (*SECURITY_HEADERS, NO_STORE)]
        about = ABOUT.format(naming=self._naming, other=other, headers=", ".join(names))
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "tracker",
                "version": version(),
                "summary": "Who is on your website right now",
                "description": about,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in OPERATIONS)],
            "paths": self._paths(),
            "components": {
                "schemas": self._schemas,
                "responses": {str(status): self._failure(status, ()) for status in FAILURES},
            },
        }

    def _paths(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for operation in OPERATIONS:
            paths.setdefault(operation.path, {})[operation.method.lower()] = self._operation(operation)
        return paths

    def _operation(self, operation: Operation) -> _Body:
        described: _Body = {
            "tags": [operation.tag],
            "operationId": operation.name,
            "summary": operation.summary,
        }
        if operation.description:
            described["description"] = operation.description
        examples = (*operation.examples, *_common_refusals(operation, self._naming))
        if operation.parameters:
            described["parameters"] = [
                self._parameter(PARAMETERS[name], operation) for name in operation.parameters
            ]
        if operation.bodies:
            described["requestBody"] = self._request_body(operation.bodies, examples)
        described["responses"] = self._responses(operation, examples)
        return described

    def _parameter(self, parameter: Parameter, operation: Operation) -> _Body:
        schema = parameter.schema
        if parameter.name in ("naming", "x-naming"):
            # Answers in the other naming have the other description.
            schema = {"enum": [self._naming.value]}
        described: _Body = {
            "name": self._query_name(parameter.name) if parameter.place == "query" else parameter.name,
            "in": parameter.place,
            "description": parameter.description,
            "schema": schema,
        }
        if parameter.name == "naming" and self._naming is Naming.SNAKE:
            described["required"] = True
        if parameter.required:
            described["required"] = True
            shown = operation.examples[0]
            value = (shown.path if parameter.place == "path" else shown.query)[parameter.name]
            described["example"] = value
        return described

    def _query_name(self, name: str) -> str:
        return snake(name) if self._naming is Naming.SNAKE else name

    def _request_body(self, bodies: Mapping[str, Schema], examples: Iterable[Example]) -> _Body:
        content: _Body = {}
        for media_type, schema in bodies.items():
            shown = {
                one.name: {"summary": one.summary, "value": self._body(one)}
                for one in examples
                if one.body is not None and one.media_type == media_type
            }
            content[media_type] = {"schema": schema, **({"examples": shown} if shown else {})}
        return {"required": True, "content": content}

    def _body(self, example: Example) -> Any:
        """Return the body of a request, whose fields the tables have in camelCase."""
        if isinstance(example.body, list):
            return [renamed(one, self._naming) for one in example.body]
        return renamed(example.body, self._naming) if isinstance(example.body, dict) else example.body

    def _responses(self, operation: Operation, examples: Iterable[Example]) -> _Body:
        described: _Body = {}
        for status, success in sorted(operation.successes.items()):
            shown = [one for one in examples if one.status == status]
            described[str(status)] = self._success(success, shown)
        refused = [one for one in examples if one.status >= 400]
        common = ({431} if operation.parameters else set()) | (
            {422} if "naming" in operation.parameters else set()
        )
        for status in sorted({*common, *operation.failures, *(one.status for one in refused)}):
            described[str(status)] = self._failure(status, [one for one in refused if one.status == status])
        return described

    def _success(self, success: Success, examples: Iterable[Example]) -> _Body:
        described: _Body = {"description": success.description, **_headers(success.headers)}
        shown = {one.name: self._shown(one, self._answer(one, success)) for one in examples}
        content = {}
        for media_type in success.media_types:
            content[media_type] = {"schema": self._body_schema(success, media_type), "examples": shown}
        if content:
            described["content"] = content
        elif shown:
            described["x-examples"] = shown
        return described

    def _body_schema(self, success: Success, media_type: str) -> Schema:
        if media_type != JSON or success.is_whole:
            return success.schema or {}
        data = self._data_schema(success)
        return {
            "type": "object",
            "properties": {"success": {"const": True}, "message": {"type": "string"}, "data": data},
            "required": ["success", "message", "data"],
        }

    def _data_schema(self, success: Success) -> Schema:
        choices = [self._references[kind] for kind in success.data]
        if choices:
            return choices[0] if len(choices) == 1 else {"anyOf": choices}
        if success.schema is None:
            return {"type": "null"}
        return rename_fields(success.schema) if self._naming is Naming.SNAKE else success.schema

    def _answer(self, example: Example, success: Success) -> Any:
        if JSON not in success.media_types or success.is_whole:
            return None
        data = plain(example.answer, self._naming)
        if isinstance(example.answer, dict) and self._naming is Naming.SNAKE:
            data = {snake(name): value for name, value in example.answer.items()}
        return {"success": True, "message": example.message, "data": data}

    def _failure(self, status: int, examples: Iterable[Example]) -> _Body:
        failing = FAILURES[status]
        shown = {one.name: self._shown(one, self._refusal(one.answer)) for one in examples}
        if not shown:
            shown = {"refused": {"value": self._refusal(failing.example)}}
        content = {JSON: {"schema": {"$ref": "#/components/schemas/Failure"}, "examples": shown}}
        return {"description": failing.description, **_headers(failing.headers), "content": content}

    def _refusal(self, error: APIError) -> Any:
        return plain(Failure(False, error.message, list(error.faults), REQUEST_ID), self._naming)

    def _shown(self, example: Example, answer: Any) -> _Body:
        """Return the answer with the request that is answered so."""
        naming = {"naming": "snake"} if self._naming is Naming.SNAKE else {}
        query = {**naming, **{self._query_name(name): value for name, value in example.query.items()}}
        request: _Body = {"query": query, "path": example.path, "headers": example.headers}
        if example.body is not None:
            request |= {"body": self._body(example), "contentType": example.media_type}
        request = {name: value for name, value in request.items() if value != {} or name == "body"}
        shown: _Body = {"summary": example.summary, "x-request": request}
        return shown if answer is None else {**shown, "value": answer}


def _common_refusals(operation: Operation, naming: Naming) -> list[Example]:
    """What may be wrong wherever a site or a naming is taken."""
    shown = operation.examples[0]
    refusals = []
    if "site" in operation.parameters:
        query = {**shown.query, "site": "nowhere"}
        refusals.append(
            shown._replace(
                name="unknownSite", status=404, summary="No such site", answer=SITE_UNKNOWN, query=query
            )
        )
    # Who names none that is known is answered in camelCase.
    if "naming" in operation.parameters and naming is Naming.CAMEL:
        query = {**shown.query, "naming": "kebab"}
        refusals.append(
            shown._replace(
                name="naming", status=422, summary="No such naming", answer=NAMING_UNKNOWN, query=query
            )
        )
    return refusals


def _headers(names: Iterable[str]) -> _Body:
    described = {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}
    return {"headers": described} if described else {}
