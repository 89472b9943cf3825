"""Events as a file, written while they are read."""

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
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
SNAKE_COLUMNS = tuple(re.sub("(?=[A-Z])", "_", name).lower() for name in COLUMNS)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00", "＝", "＋", "－", "＠")
"""A spreadsheet runs a cell that begins with one of these, the full-width forms too."""

Rows = AsyncIterator[list[dict[str, Any]]]


async def export_response(kind: str, rows: Rows, snake: bool = False) -> Response:
    """Return ``rows`` as a file to save. Its end is missing when the history fails on the way.

    Waits for the first rows, so that what is refused is refused before the file begins.
    ``snake``: the names in ``rows`` are in snake_case, and those in the file shall be.
    """
    media_type, encode, has_head = FORMATS[kind]
    columns = SNAKE_COLUMNS if snake else COLUMNS
    first: list[dict[str, Any]] = await anext(rows, [])

    async def parts() -> AsyncIterator[bytes]:
        if has_head:
            yield _lines([columns])
        yield encode(first, columns)
        async for chunk in rows:
            yield encode(chunk, columns)

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


def _csv(rows: list[dict[str, Any]], columns: Sequence[str]) -> bytes:
    return _lines([cell(row[name]) for name in columns] for row in rows)


def _ndjson(rows: list[dict[str, Any]], columns: Sequence[str]) -> bytes:
    return msgspec.json.Encoder().encode_lines(rows)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


FORMATS: dict[str, tuple[str, Callable[[list[dict[str, Any]], Sequence[str]], bytes], bool]] = {
    "csv": ("text/csv; charset=utf-8", _csv, True),
    "ndjson": ("application/x-ndjson", _ndjson, False),
}
"""Media type, encoder of some rows, whether a line with the names comes first."""
