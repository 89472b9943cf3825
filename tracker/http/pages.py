"""The dashboard's files, and the script that other sites load."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.http.access import PUBLIC, GuardedMount, GuardedRoute
from tracker.http.packed import PACKED, VARY, PackedFiles, etag_of_packed, is_known, pack, takes_gzip

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
# Browsers ask each time whether their copy is still right: a new version shows at once.
CACHING = {"Cache-Control": "no-cache"}
SNIPPET = STATIC / "tracker.js"
SNIPPET_HEADERS = {
    # On every page of every visitor: asked for again only now and then.
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def _snippet(content: bytes) -> Callable[[Request], Awaitable[Response]]:
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    as_it_is = content, {**SNIPPET_HEADERS, **VARY, "ETag": etag}
    packed = pack(content), {**SNIPPET_HEADERS, **PACKED, "ETag": etag_of_packed(etag)}

    async def answer(request: Request) -> Response:
        body, headers = packed if takes_gzip(request.headers) else as_it_is
        if is_known(request.headers, headers["ETag"]):
            known = {name: value for name, value in headers.items() if name != "Content-Encoding"}
            return Response(status_code=304, headers=known)
        return Response(body, headers=headers, media_type="text/javascript")

    return answer


def routes() -> list[BaseRoute]:
    files = PackedFiles(STATIC, CACHING)

    async def dashboard(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    return [
        GuardedRoute("/", dashboard, PUBLIC),
        GuardedRoute("/dashboard.html", dashboard, PUBLIC),
        GuardedRoute("/tracker.js", _snippet(SNIPPET.read_bytes()), PUBLIC),
        GuardedMount("/static", files, PUBLIC),
    ]
