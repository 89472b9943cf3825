"""Events as a file, written while they are read."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

COLUMNS = (
    "id",
    "type",
    "sessionId",
    "userId",
    "timestamp",
    "receivedAt",
    "page",
    "country",
    "device",
    "browser",
    "os",
    "referrer",
    "ip",
    "metadata",
    "timestampAdjusted",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00", "＝", "＋", "－", "＠")
"""A spreadsheet runs a cell that begins with one of these, the full-width forms too."""

Rows = AsyncIterator[list[dict[str, Any]]]


def export_response(kind: str, rows: Rows) -> Response:
    """Return ``rows`` as a file to save. Its end is missing when the history fails on the way."""
    media_type, encode, head = FORMATS[kind]

    async def parts() -> AsyncIterator[bytes]:
        if head:
            yield head
        async for chunk in rows:
            yield encode(chunk)

    headers = {"Content-Disposition": f'attachment; filename="events.{kind}"'}
    return StreamingResponse(parts(), media_type=media_type, headers=headers)


def cell(value: object) -> str:
    """Return ``value`` as a cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        value = msgspec.json.encode(value).decode() if value else ""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv(rows: list[dict[str, Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([cell(row[name]) for name in COLUMNS] for row in rows)
    return buffer.getvalue().encode()


def _ndjson(rows: list[dict[str, Any]]) -> bytes:
    return msgspec.json.Encoder().encode_lines(rows)


def _head() -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(COLUMNS)
    return buffer.getvalue().encode()


FORMATS: dict[str, tuple[str, Callable[[list[dict[str, Any]]], bytes], bytes]] = {
    "csv": ("text/csv; charset=utf-8", _csv, _head()),
    "ndjson": ("application/x-ndjson", _ndjson, b""),
}
"""Media type, encoder of some rows, first bytes."""
