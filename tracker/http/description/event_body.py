"""The body of ``POST /api/events``: three dialects, made from the tables of the parser."""

from typing import Any

from tracker.http.description.parameters import IDENTIFIER
from tracker.http.description.parts import Schema
from tracker.ingest import metadata
from tracker.ingest.event_fields import DIALECTS, FIELDS, MAX_EVENTS, SNAKE_NAMES, Dialect, Field
from tracker.live.encoding import Naming

NOT_BLANK = r"[^\x01-\x20\x7f]"
EVERYWHERE = (
    "sessionId", "userId", "id", "timestamp", "country", "ip", "device", "browser", "os", "referrer",
    "metadata",
)  # fmt: skip
"""Fields of every dialect."""
_COMPONENT = "#/components/schemas/"


def component_of(dialect: Dialect) -> str:
    return f"EventBy{dialect.key[0].upper()}{dialect.key[1:]}"


def event_schemas(naming: Naming) -> dict[str, Schema]:
    """Return the components: one for each dialect, one for metadata, one for either."""
    dialects = [component_of(dialect) for dialect in DIALECTS.values()]
    return {
        **{component_of(dialect): _dialect(dialect, naming) for dialect in DIALECTS.values()},
        "NewEvent": {
            "description": "One event, in one of three dialects told apart by the key that it has.",
            "oneOf": [{"$ref": _COMPONENT + name} for name in dialects],
        },
        "NewEvents": {
            "description": "One event, or several. Unknown fields are ignored.",
            "oneOf": [
                {"$ref": _COMPONENT + "NewEvent"},
                {
                    "type": "array",
                    "items": {"$ref": _COMPONENT + "NewEvent"},
                    "minItems": 1,
                    "maxItems": MAX_EVENTS,
                },
            ],
        },
        "Metadata": _metadata(),
        "MetadataValue": _metadata_value(),
    }


def renamed(event: dict[str, Any], naming: Naming) -> dict[str, Any]:
    """Return an event that is written in camelCase in ``naming``."""
    return {_name(key, naming): value for key, value in event.items()}


def _name(key: str, naming: Naming) -> str:
    return SNAKE_NAMES.get(key, key) if naming is Naming.SNAKE else key


def _dialect(dialect: Dialect, naming: Naming) -> Schema:
    names = dict.fromkeys((*dialect.required, dialect.page_key, *EVERYWHERE))
    others = [key for key in DIALECTS if key != dialect.key]
    return {
        "title": component_of(dialect),
        "type": "object",
        "properties": {
            _name(name, naming): _field(FIELDS[name], required=name in dialect.required) for name in names
        },
        "required": [_name(name, naming) for name in dialect.required],
        "not": {"anyOf": [{"required": [_name(key, naming)]} for key in others]},
    }


def _field(field: Field, required: bool) -> Schema:
    nullable = [] if required else ["null"]
    schema = _KINDS[field.kind](field, nullable)
    if field.name in ("page", "url"):
        schema["pattern"] = NOT_BLANK
    limit = f" At most {field.limit} characters are kept." if field.kind == "text" else ""
    return {**schema, "description": f"{field.description[0].upper()}{field.description[1:]}.{limit}"}


def _identifier(field: Field, nullable: list[str]) -> Schema:
    return {"type": ["string", *nullable], "minLength": 1, "maxLength": field.limit, "pattern": IDENTIFIER}


def _time(field: Field, nullable: list[str]) -> Schema:
    return {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": 0}]
        + [{"type": kind} for kind in nullable]
    }


def _object(field: Field, nullable: list[str]) -> Schema:
    return {"anyOf": [{"$ref": _COMPONENT + "Metadata"}, *({"type": kind} for kind in nullable)]}


def _text(field: Field, nullable: list[str]) -> Schema:
    return {"type": ["string", *nullable]}


_KINDS = {"name": _identifier, "identifier": _identifier, "time": _time, "object": _object, "text": _text}


def _metadata() -> Schema:
    known = {field.name: _field(field, required=False) for field in FIELDS.values() if field.in_metadata}
    return {
        "title": "Metadata",
        "description": "Whatever shall be kept with an event: at most "
        f"{metadata.MAX_VALUES} values, {metadata.MAX_DEPTH} levels, {metadata.MAX_BYTES} bytes as JSON. "
        "Some names stand in for the field of that name.",
        "type": "object",
        "properties": known,
        "additionalProperties": {"$ref": _COMPONENT + "MetadataValue"},
        "propertyNames": _key(),
        "maxProperties": metadata.MAX_VALUES,
    }


def _metadata_value() -> Schema:
    value = {"$ref": _COMPONENT + "MetadataValue"}
    return {
        "title": "MetadataValue",
        "description": f"Any JSON; of a text the first {metadata.MAX_TEXT} characters are kept.",
        "anyOf": [
            {"type": ["string", "boolean", "null"]},
            {"type": "integer", "minimum": -metadata.MAX_INTEGER, "maximum": metadata.MAX_INTEGER},
            {"type": "number"},
            {"type": "array", "items": value, "maxItems": metadata.MAX_VALUES},
            {"type": "object", "additionalProperties": value, "propertyNames": _key()},
        ],
    }


def _key() -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": metadata.MAX_KEY, "pattern": IDENTIFIER}
