"""The dashboard's files, and the script that other sites load."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tracker.http.access import PUBLIC, GuardedMount, GuardedRoute

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


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(CACHING)
        return response


async def dashboard(request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers=CACHING)


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the client has this version already."""
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag in known or "*" in known


def _snippet(content: bytes) -> Callable[[Request], Awaitable[Response]]:
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {**SNIPPET_HEADERS, "ETag": etag}

    async def answer(request: Request) -> Response:
        if is_known(request, etag):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="text/javascript")

    return answer


def routes() -> list[BaseRoute]:
    return [
        GuardedRoute("/", dashboard, PUBLIC),
        GuardedRoute("/dashboard.html", dashboard, PUBLIC),
        GuardedRoute("/tracker.js", _snippet(SNIPPET.read_bytes()), PUBLIC),
        GuardedMount("/static", _Assets(directory=STATIC), PUBLIC),
    ]
