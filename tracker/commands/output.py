"""How answers look: tables for people, JSON for programs."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def show(rows: Sequence[tuple[Any, ...]], heads: Sequence[str], as_json: bool, nothing: str) -> None:
    """Print named tuples: as a table under ``heads``, or as a JSON array of objects.

    Times (fields that end in ``_at``) are Unix seconds in them, and ISO 8601 in UTC in JSON.
    ``nothing``: what an empty table says.
    """
    if as_json:
        click.echo(json.dumps([jsonable(row) for row in rows], indent=2))
    elif not rows:
        click.echo(nothing, err=True)
    else:
        click.echo(table([heads, *([cell(field, value) for field, value in _items(row)] for row in rows)]))


def jsonable(row: tuple[Any, ...]) -> dict[str, Any]:
    return {_camel(field): _plain(field, value) for field, value in _items(row)}


def table(lines: Sequence[Sequence[str]]) -> str:
    """Return left-aligned columns, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def cell(field: str, value: Any) -> str:
    if value is None:
        return "never"
    if field.endswith("_at"):
        return datetime.fromtimestamp(value, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, str):
        # A name may come from elsewhere: it must not talk to the terminal.
        return CONTROL.sub("�", value) or "-"
    return ", ".join(value) or "any"


def _plain(field: str, value: Any) -> Any:
    if field.endswith("_at") and value is not None:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return list(value) if isinstance(value, tuple) else value


def _items(row: Any) -> list[tuple[str, Any]]:
    return list(row._asdict().items())


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
