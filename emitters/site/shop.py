"""A small shop on an origin of its own, with the snippet in its pages: somewhere to click around."""

import asyncio
from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from emitters.http1 import BadRequest, Reply, Request, head_bytes, read_request, reply_bytes
from emitters.listener import Listener

DEFAULT_PORT = 3100

_PAGES = Path(__file__).parent / "pages"
_TEAS = ("assam", "sencha", "rooibos", "silver-needle")
_PATHS = {
    "/": "index",
    "/subscribe": "subscribe",
    "/basket": "basket",
    "/about": "about",
    "/teas": "teas",
    # Opened without a page load, and by address as well.
    **{f"/teas/{tea}": "teas" for tea in _TEAS},
}
_TEXT_TYPES = {"shop.css": "text/css", "shop.js": "text/javascript"}
_CONNECTIONS_MAX = 200
_SILENCE_MAX_S = 30.0


class Shop(Listener):
    """Serves the pages until stopped. Beyond 200 connections a further one is closed at once.

    Args:
        tracker: address of the service, like ``http://127.0.0.1:3000``.
        key: ingest key, for a service that asks for one.

    Raises:
        ValueError: ``tracker`` is no such address.
    """

    def __init__(
        self, tracker: str, *, host: str = "127.0.0.1", port: int = DEFAULT_PORT, key: str = ""
    ) -> None:
        super().__init__(host, port)
        self._replies = _replies(_origin(tracker), key)

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._conversations) > _CONNECTIONS_MAX:
            return
        try:
            await self._answer_requests(reader, writer)
        except BadRequest as error:
            writer.write(reply_bytes(_text(400, str(error))))

    async def _answer_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(_SILENCE_MAX_S):
                request = await read_request(reader)
            if request is None:
                return
            writer.write(self._answer(request))
            async with asyncio.timeout(_SILENCE_MAX_S):
                await writer.drain()
            if not request.keeps_alive:
                return

    def _answer(self, request: Request) -> bytes:
        if request.method not in ("GET", "HEAD"):
            return reply_bytes(_text(405, "There is only GET", {"Allow": "GET, HEAD"}))
        path = urlsplit(request.path).path
        reply = self._replies.get(path.rstrip("/") or "/", self._replies[""])
        if request.method == "HEAD":
            return head_bytes(reply.status, {**reply.headers, "Content-Length": str(len(reply.body))})
        return reply_bytes(reply)


def _origin(tracker: str) -> str:
    parts = urlsplit(tracker)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must be an address like http://127.0.0.1:3000")
    return f"{parts.scheme}://{parts.netloc}"


def _replies(tracker: str, key: str) -> dict[str, Reply]:
    """Return the answer to every path; the one to all others is under an empty path."""
    policy = (
        f"default-src 'none'; script-src 'self' {tracker}; style-src 'self'; connect-src {tracker};"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    replies = {
        f"/{name}": _text(200, _read(name), {"Content-Type": f"{kind}; charset=utf-8"} | headers)
        for name, kind in _TEXT_TYPES.items()
    }
    html = headers | {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}
    pages = {name: _page(name, tracker, key) for name in {*_PATHS.values(), "missing"}}
    replies |= {path: _text(200, pages[name], html) for path, name in _PATHS.items()}
    return replies | {"": _text(404, pages["missing"], html)}


def _page(name: str, tracker: str, key: str) -> str:
    title, _, main = _read(f"{name}.html").partition("</title>\n")
    attributes = f' data-key="{escape(key)}"' if key else ""
    tag = f'<script defer src="{escape(tracker)}/tracker.js"{attributes}></script>'
    page = _read("layout.html")
    for mark, text in {
        "title": title.removeprefix("<title>"),
        "main": main.rstrip(),
        "tag": tag,
        "shown_tag": escape(tag, quote=False),
        "dashboard": f"{escape(tracker)}/",
    }.items():
        page = page.replace("{{" + mark + "}}", text)
    return page


def _read(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")


def _text(status: int, text: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"} | dict(headers or {}))
