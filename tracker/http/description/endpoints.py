"""The descriptions of the service, and the page that shows them."""

import asyncio
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute

from tracker.http.access import PUBLIC, GuardedRoute
from tracker.http.packed import is_known
from tracker.http.pages import CACHING, STATIC
from tracker.http.responses import wants_snake
from tracker.live.encoding import Naming


class Described(NamedTuple):
    content: bytes
    etag: str


def routes() -> list[BaseRoute]:
    return [
        GuardedRoute("/openapi.json", _endpoint(_openapi), PUBLIC),
        GuardedRoute("/asyncapi.json", _endpoint(_asyncapi), PUBLIC),
        GuardedRoute("/docs", _page, PUBLIC),
    ]


# Most services are never asked, so what describes them is loaded at the first question.


def _openapi(naming: Naming) -> dict[str, Any]:
    from tracker.http.description import openapi

    return openapi.document(naming)


def _asyncapi(naming: Naming) -> dict[str, Any]:
    from tracker.http.description import asyncapi

    return asyncapi.document(naming)


def _endpoint(document: Callable[[Naming], dict[str, Any]]) -> Callable[[Request], Any]:
    @cache
    def described(naming: Naming) -> Described:
        content = msgspec.json.encode(document(naming))
        return Described(content, f'"{sha256(content).hexdigest()[:32]}"')

    async def answer(request: Request) -> Response:
        naming = Naming.SNAKE if wants_snake(request) else Naming.CAMEL
        # The first one takes 0.2 s.
        content, etag = await asyncio.to_thread(described, naming)
        headers = {**CACHING, "ETag": etag, "Vary": "X-Naming"}
        if is_known(request.headers, etag):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="application/json")

    return answer


async def _page(request: Request) -> Response:
    return FileResponse(STATIC / "docs" / "index.html", headers=CACHING)
