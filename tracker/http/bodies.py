"""Reading a request's body: bounded before it is held, of a known type, of no encoding."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from starlette.requests import Request

from tracker.http.errors import APIError
from tracker.http.protocol import EXCHANGE

MAX_DROPPED_BYTES = 8 * 1024 * 1024
MAX_DROP_S = 2.0


async def read(request: Request, content_types: Collection[str], max_bytes: int) -> bytes:
    """Return the body.

    Raises:
        APIError: 413 as soon as it is longer than ``max_bytes``, 415 for another
            type or an encoded body, 400 when the client went away before its end.
    """
    check_type(request, content_types)
    if int_header(request, "content-length") > max_bytes:
        await _drop(request)
        raise too_large(max_bytes)
    exchange = request.scope.get("extensions", {}).get(EXCHANGE)
    whole: bytes | None = None if exchange is None else exchange.take_body()
    if whole is not None:
        if len(whole) > max_bytes:
            raise too_large(max_bytes)
        return whole
    parts = []
    size = 0
    more = True
    while more:
        part, more = await _next(request)
        size += len(part)
        if size > max_bytes:
            if more:
                await _drop(request)
            raise too_large(max_bytes)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _next(request: Request) -> tuple[bytes, bool]:
    """Return the next part of the body and whether more follow."""
    # Not request.stream(): an asynchronous generator costs as much as all else here.
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise APIError(400, "The request ended before its body")
    return message.get("body", b""), message.get("more_body", False)


async def _drop(request: Request) -> None:
    """Take in what follows and forget it, within bounds.

    To close on unread data resets the connection, and the client would not see the answer.
    """
    dropped = 0
    more = True
    with suppress(TimeoutError):
        async with asyncio.timeout(MAX_DROP_S):
            while more and dropped <= MAX_DROPPED_BYTES:
                part, more = await _next(request)
                dropped += len(part)


def too_large(max_bytes: int) -> APIError:
    # What may follow of the body is not read, so the connection cannot be used again.
    return APIError(413, f"The body is larger than {max_bytes} bytes", headers={"Connection": "close"})


def int_header(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def check_type(request: Request, content_types: Collection[str]) -> None:
    """Raise ``APIError`` (415) unless the body is said to be of one of the types, and not encoded."""
    content_type = request.headers.get("content-type", "")
    if content_type not in content_types:
        content_type = content_type.partition(";")[0].strip().lower()
    if content_type not in content_types:
        raise APIError(415, f"Send the body as {' or '.join(content_types)} in the header Content-Type")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise APIError(415, "Send the body without a Content-Encoding")
