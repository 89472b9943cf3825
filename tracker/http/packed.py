"""Static files as they go over the wire: packed with gzip once each, not once a request.

Only for what is the same for everybody. An answer of the API holds what visitors sent beside what
its reader may know: how well that packs could tell one of the other, so it is never packed.
"""

import asyncio
import gzip
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

PACKED_TYPES = frozenset({".js", ".css", ".html", ".svg", ".json", ".txt"})
PORTION_BYTES = 64 * 1024
"""Written at once. A client that reads slowly holds little more, though a file has 0.5 MB."""
VARY = {"Vary": "Accept-Encoding"}
PACKED = {**VARY, "Content-Encoding": "gzip"}


class Packed(NamedTuple):
    content: bytes
    etag: str
    """Of the file that was packed."""


def pack(content: bytes) -> bytes:
    # Without the time in its head the same file is packed into the same bytes.
    return gzip.compress(content, mtime=0)


def etag_of_packed(etag: str) -> str:
    """Return the tag of the packed form: other bytes than the file, so another tag."""
    return f'{etag.removesuffix(chr(34))}-gzip"'


def takes_gzip(headers: Headers) -> bool:
    """Tell whether the client has named gzip as something that it can unpack."""
    for offer in ",".join(headers.getlist("accept-encoding")).split(","):
        name, *parameters = (part.strip().lower() for part in offer.split(";"))
        if name == "gzip":
            return not any(_is_zero(parameter) for parameter in parameters)
    return False


def is_known(headers: Headers, etag: str) -> bool:
    """Tell whether the client has this version already."""
    known = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
    return etag in known or "*" in known


class PackedFiles(StaticFiles):
    """The files below a directory, with ``headers``, packed for whoever takes that.

    A file is packed when it is asked for first, in a thread, and again when it was changed. What
    is held is as much as there are files: 0.7 MB when all were asked for.
    """

    def __init__(
        self, directory: Path, headers: Mapping[str, str], pack: Callable[[bytes], bytes] = pack
    ) -> None:
        super().__init__(directory=directory)
        self._headers = headers
        self._pack = pack
        self._packed: dict[str, Packed] = {}
        self._packing = asyncio.Lock()

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self._headers)
        if PurePath(path).suffix not in PACKED_TYPES:
            return response
        response.headers.update(VARY)
        asked = Headers(scope=scope)
        if not isinstance(response, FileResponse) or not takes_gzip(asked):
            return response
        etag = response.headers["etag"]
        packed_etag = etag_of_packed(etag)
        headers = {**self._headers, **PACKED, "ETag": packed_etag}
        if is_known(asked, packed_etag):
            return Response(status_code=304, headers={**self._headers, **VARY, "ETag": packed_etag})
        content = await self._content(str(response.path), etag)
        return InPortions(content, headers=headers, media_type=response.media_type)

    async def _content(self, file: str, etag: str) -> bytes:
        # One at a time: those who wait for the same file find it done.
        async with self._packing:
            packed = self._packed.get(file)
            if packed is None or packed.etag != etag:
                packed = Packed(await asyncio.to_thread(self._read_and_pack, file), etag)
                self._packed[file] = packed
        return packed.content

    def _read_and_pack(self, file: str) -> bytes:
        return self._pack(Path(file).read_bytes())


class InPortions(Response):
    """An answer that is written no faster than it is read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        for at in range(0, len(self.body), PORTION_BYTES):
            portion = bytes(self.body[at : at + PORTION_BYTES])
            await send({"type": "http.response.body", "body": portion, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")
