"""The dashboard's files."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
# Browsers ask each time whether their copy is still right: a new version shows at once.
CACHING = {"Cache-Control": "no-cache"}


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(CACHING)
        return response


async def dashboard(request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers=CACHING)


def routes() -> list[BaseRoute]:
    return [
        Route("/", dashboard),
        Route("/dashboard.html", dashboard),
        Mount("/static", _Assets(directory=STATIC)),
    ]
