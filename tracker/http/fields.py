"""The fields of a small JSON object, read one by one; what is wrong is told all at once."""

from collections.abc import Collection
from typing import Any

from starlette.requests import Request

from tracker.http import bodies
from tracker.http.errors import APIError, FieldFault
from tracker.ingest import strict_json

MAX_BODY_BYTES = 16 * 1024
MAX_ITEMS = 50


async def read_fields(request: Request, can_be_empty: bool = False) -> "Fields":
    """Return the body's fields.

    Raises:
        APIError: 400, 413 or 415 for a body that cannot be read, 422 when it is no object.
    """
    body = await bodies.read(request, ("application/json",), MAX_BODY_BYTES)
    if can_be_empty and not body.strip():
        return Fields({})
    try:
        raw = strict_json.decode(body, MAX_BODY_BYTES)
    except strict_json.JSONRejected as error:
        raise APIError(400, error.message, [FieldFault("body", error.message)]) from error
    if not isinstance(raw, dict):
        raise not_valid("body", "must be a JSON object")
    return Fields(raw)


class Fields:
    """Each method reads one field; :meth:`check` raises what they found."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._known: set[str] = set()
        self._faults: list[FieldFault] = []

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if value is None and not self._is_faulty(name):
            self._faults.append(FieldFault(name, "is required"))
        return value or ""

    def optional_text(self, name: str) -> str | None:
        value: str | None = self._read(name, str, "must be a string")
        return value

    def flag(self, name: str) -> bool:
        return bool(self._read(name, bool, "must be true or false"))

    def texts(self, name: str) -> list[str]:
        items = self._read(name, list, "must be an array of strings") or []
        if len(items) > MAX_ITEMS or not all(isinstance(item, str) for item in items):
            self._faults.append(FieldFault(name, f"must be an array of at most {MAX_ITEMS} strings"))
            return []
        return items

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        value = self.text(name)
        if value not in allowed and not self._is_faulty(name):
            self._faults.append(FieldFault(name, f"must be one of {', '.join(allowed)}"))
        return value

    def check(self) -> None:
        """Raise ``APIError`` (422) with every fault, also for fields that nobody has read."""
        if any(name not in self._known for name in self._values):
            known = ", ".join(sorted(self._known))
            self._faults.append(FieldFault("body", f"has a field that is not known here; known are {known}"))
        if self._faults:
            raise APIError(422, "The request is not valid", self._faults)

    def _is_faulty(self, name: str) -> bool:
        return any(fault.field == name for fault in self._faults)

    def _read(self, name: str, kind: type, problem: str) -> Any:
        self._known.add(name)
        value = self._values.get(name)
        if value is not None and not isinstance(value, kind):
            self._faults.append(FieldFault(name, problem))
            return None
        return value


def not_valid(field: str, *reasons: str) -> APIError:
    return APIError(422, "The request is not valid", [FieldFault(field, reason) for reason in reasons])
