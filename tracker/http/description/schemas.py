"""JSON Schema of the Structs that encode the answers and read the requests."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from tracker.http.description.parts import Schema
from tracker.live import messages
from tracker.live.encoding import Naming
from tracker.live.messages import to_snake

REF = "#/components/schemas/{name}"
RAW = {"current_stats": messages.Statistics}
"""Fields that hold JSON made elsewhere, and of what."""
TIMES = {
    "at", "connected_at", "created_at", "disabled_at", "ended_at", "first_seen", "generated_at",
    "last_activity", "last_activity_at", "last_seen", "last_used_at", "next_try_at", "opened_at",
    "received_at", "server_time", "settled_at", "since", "time", "timestamp", "week",
}  # fmt: skip
"""Fields that are times in ISO 8601."""


def components(types: Iterable[Any], naming: Naming) -> tuple[list[Schema], dict[str, Schema]]:
    """Return a reference for each of ``types``, and the schemas of all that they are made of."""
    asked = list(types)
    references, found = msgspec.json.schema_components([*asked, *RAW.values()], ref_template=REF)
    structs = {kind.__name__: kind for kind in _structs_of(asked)}
    for name, schema in list(found.items()):
        if "properties" in schema:
            _complete(schema, structs.get(name))
            if naming is Naming.SNAKE:
                found[name] = rename_fields(schema)
    return list(references[: len(asked)]), found


def plain(value: Any, naming: Naming) -> Any:
    """Return ``value``, a Struct or what holds some, as the service writes it."""
    return msgspec.to_builtins(to_snake(value) if naming is Naming.SNAKE else value)


def snake(name: str) -> str:
    return re.sub("(?=[A-Z])", "_", name).lower()


def rename_fields(schema: Schema) -> Schema:
    """Return ``schema`` of an object with its fields in snake_case."""
    fields = {snake(name): field for name, field in schema["properties"].items()}
    return {**schema, "properties": fields, "required": [*map(snake, schema.get("required", ()))]}


def _complete(schema: Schema, struct: type[msgspec.Struct] | None) -> None:
    docs = _docs(struct) if struct else {}
    for name, field in schema["properties"].items():
        if snake(name) in RAW and not field:
            field["anyOf"] = [{"$ref": REF.format(name=RAW[snake(name)].__name__)}, {"type": "null"}]
        if snake(name) in TIMES:
            _set_time(field)
        if snake(name) in docs:
            field["description"] = docs[snake(name)]


def _set_time(field: Schema) -> None:
    for choice in field.get("anyOf", [field]):
        if choice.get("type") == "string":
            choice["format"] = "date-time"


def _docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the texts that stand below the fields in the source, those of its bases too."""
    found: dict[str, str] = {}
    for kind in reversed(struct.__mro__):
        if kind.__module__.startswith("tracker."):
            # A field that a subclass writes anew is another one.
            found = {name: text for name, text in found.items() if name not in kind.__annotations__}
            found |= _docs_in(kind.__module__).get(kind.__name__, {})
    return found


@cache
def _docs_in(module: str) -> dict[str, dict[str, str]]:
    source = Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8")
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_documented(node.body)) for node in classes}


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, following in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            yield field.target.id, cleandoc(str(following.value.value))


def _structs_of(types: Iterable[Any]) -> list[type[msgspec.Struct]]:
    """Return every Struct that ``types`` are made of."""
    waiting = [msgspec.inspect.type_info(kind) for kind in types]
    found: dict[type[msgspec.Struct], None] = {}
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType) and info.cls not in found:
            found[info.cls] = None
            waiting += [field.type for field in info.fields]
        for name in ("types", "item_type", "value_type", "type"):
            inner = getattr(info, name, ())
            waiting += inner if isinstance(inner, tuple) else [inner]
    return list(found)
