"""``GET /metrics``: figures for Prometheus."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.principal import Need
from tracker.http.access import GuardedRoute

FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class MetricsEndpoint:
    """``exposition`` gives the figures of this moment, in ``FORMAT``."""

    def __init__(self, exposition: Callable[[], bytes]) -> None:
        self._exposition = exposition

    async def answer(self, request: Request) -> Response:
        return Response(self._exposition(), headers={"Content-Type": FORMAT})

    def routes(self) -> list[BaseRoute]:
        return [GuardedRoute("/metrics", self.answer, Need.READ_ANY)]
