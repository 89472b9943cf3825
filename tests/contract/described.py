"""The service as its own description tells of it: what may be sent, and what comes back."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
from jsonschema import Draft202012Validator

from tests.support.service import RunningService

Document = dict[str, Any]


class Described(NamedTuple):
    """One method of one path."""

    method: str
    path: str
    operation: Document

    @property
    def name(self) -> str:
        return str(self.operation["operationId"])

    @property
    def parameters(self) -> list[Document]:
        return list(self.operation.get("parameters", ()))

    def parameters_in(self, place: str) -> dict[str, Document]:
        return {one["name"]: one for one in self.parameters if one["in"] == place}

    def statuses(self) -> set[tuple[str, str]]:
        return {(self.name, status) for status in self.operation["responses"]}


class Shown(NamedTuple):
    """A request that the description shows, and the answer that it promises."""

    of: Described
    status: str
    name: str
    request: Document
    answer: Any

    @property
    def label(self) -> str:
        return f"{self.of.method} {self.of.path}: {self.name}"


def shown_requests(described: Described) -> Iterator[Shown]:
    """Every example that has a request, in the order of the requests' names in the document."""
    found = []
    for status, response in described.operation["responses"].items():
        examples = [content.get("examples", {}) for content in response.get("content", {}).values()]
        for group in [*examples, response.get("x-examples", {})]:
            for name, example in group.items():
                if "x-request" in example:
                    found.append(Shown(described, status, name, example["x-request"], example.get("value")))
    bodies = described.operation.get("requestBody", {}).get("content", {}).values()
    order = [name for content in bodies for name in content.get("examples", {})]
    unique = {one.name: one for one in found}
    yield from sorted(unique.values(), key=lambda one: order.index(one.name) if one.name in order else -1)


async def send(service: RunningService, shown: Shown) -> httpx.Response:
    request = shown.request
    headers = dict(request.get("headers", {}))
    options: dict[str, Any] = {"params": request.get("query", {})}
    if "body" in request:
        if request["contentType"] == "application/json":
            options["json"] = request["body"]
        else:
            options["content"] = request["body"]
            headers["content-type"] = request["contentType"]
    path = shown.of.path.format(**request.get("path", {}))
    return await service.http.request(shown.of.method, path, headers=headers, **options)


class Description:
    """A document, and whether answers are as it says."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.operations = [
            Described(method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        self._components = {"schemas": closed(document["components"]["schemas"])}

    def of(self, method: str, path: str) -> Described:
        (found,) = (one for one in self.operations if (one.method, one.path) == (method, path))
        return found

    def check_answer(self, described: Described, answer: httpx.Response) -> None:
        """Fail unless the answer is as described: its status, type, headers and every field of its body."""
        status = str(answer.status_code)
        responses = described.operation["responses"]
        assert status in responses, f"{described.name} answered {status}: {answer.text[:300]}"
        response = responses[status]
        missing = [name for name in response.get("headers", {}) if name.lower() not in answer.headers]
        assert missing == [], f"{described.name} {status} lacks {missing}"
        content = response.get("content")
        if content is None:
            assert answer.content == b""
            return
        kind = answer.headers["content-type"]
        assert kind in content or "*/*" in content, f"{described.name} {status} is {kind}"
        if kind == "application/json":
            self.check_value(content[kind]["schema"], answer.json(), f"{described.name} {status}")

    def check_value(self, schema: Document, value: Any, label: str) -> None:
        """Fail unless ``value`` has all that ``schema`` has, and nothing else."""
        whole = {**closed(schema), "components": self._components}
        validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
        problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
        assert problems == [], f"{label}: {problems}"


def closed(schema: Any) -> Any:
    """Return ``schema`` with every object that names its fields closed to others.

    Clients are free to meet new fields; a field that nobody has described is a fault here.
    """
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    narrowed = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        narrowed.setdefault("additionalProperties", False)
    return narrowed
