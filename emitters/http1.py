"""Just enough HTTP/1.1 to answer rightly, and to answer wrongly down to the byte."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import NamedTuple

HEAD_MAX_BYTES = 64 << 10
BODY_MAX_BYTES = 1 << 20

_DATE_OFF_S = 5


class BadRequest(Exception):
    """The bytes on the connection are no request that is understood here."""


class Request(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def keeps_alive(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"


class Reply(NamedTuple):
    """A whole answer whose length is known."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {"Content-Type": "application/json"}


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request, or ``None`` when the client is done.

    Raises:
        BadRequest: too large, chunked, or no HTTP.
        ConnectionError: the client went away in the middle.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ConnectionResetError("the request ends within its head") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequest("the head is too large") from error
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise BadRequest("no request line")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal() or int(length) > BODY_MAX_BYTES:
        raise BadRequest("the body needs a Content-Length of at most 1 MiB")
    try:
        body = await reader.readexactly(int(length))
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the request ends within its body") from error
    return Request(words[0], words[1], headers, body)


def head_bytes(status: int, headers: Mapping[str, str]) -> bytes:
    """Return status line, headers and the empty line."""
    lines = [_status_line(status), *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def reply_bytes(reply: Reply) -> bytes:
    return head_bytes(reply.status, {**reply.headers, "Content-Length": str(len(reply.body))}) + reply.body


def retry_after_header(value: str) -> dict[str, str]:
    """Return the header: ``date`` is a date 5 s from now, empty is none, anything else goes out as it is."""
    if value == "date":
        moment = datetime.now(UTC) + timedelta(seconds=_DATE_OFF_S)
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {"Retry-After": value} if value else {}


def _status_line(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return f"HTTP/1.1 {status} {phrase}"
