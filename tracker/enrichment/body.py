"""Reads the body of an answer up to a limit that counts after decompression.

httpx would decompress each chunk whole: 64 KiB of gzip are 64 MiB of zeros.
"""

import zlib
from collections.abc import Callable

import httpx

from tracker.enrichment.errors import BadResponse

MAX_BODY_BYTES = 256 * 1024

_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32


async def read_body(response: httpx.Response) -> bytes:
    """Return the decoded body, at most 256 KiB.

    Raises:
        BadResponse: it is larger, or compressed in a way that was not understood.
    """
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > MAX_BODY_BYTES:
        raise BadResponse("too_big")
    expand = _expander(response.headers.get("content-encoding", ""))
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += expand(chunk, MAX_BODY_BYTES + 1 - len(body))
        if len(body) > MAX_BODY_BYTES:
            raise BadResponse("too_big")
    return bytes(body)


def _expander(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding.strip().lower() in ("", "identity"):
        return lambda chunk, room: chunk[:room]
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise BadResponse("encoding")
    inflater = zlib.decompressobj(_ZLIB_OR_GZIP)

    def inflate(chunk: bytes, room: int) -> bytes:
        try:
            return inflater.decompress(chunk, room)
        except zlib.error as error:
            raise BadResponse("encoding") from error

    return inflate
