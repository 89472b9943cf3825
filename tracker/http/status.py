"""How the service is: for load balancers, operators and the curious."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.principal import Need, Principal
from tracker.http.access import PUBLIC, GuardedRoute, admitted
from tracker.http.errors import APIError, FieldFault
from tracker.http.responses import success, wants_snake

Status = Mapping[str, Any]
Reasons = Callable[[], Mapping[str, str]]
"""What is wrong, by part; empty when nothing is."""


class StatusEndpoints:
    """``status`` gives the parts as they are now.

    ``faults`` names each part of the service that is down, and why: then it is not
    ready. ``degraded`` names what is away outside: the rest goes on without it.
    """

    def __init__(self, status: Callable[[], Status], faults: Reasons, degraded: Reasons) -> None:
        self._status = status
        self._faults = faults
        self._degraded = degraded

    async def health(self, request: Request) -> Response:
        return success(request, {"status": "alive"}, "The service is alive")

    async def ready(self, request: Request) -> Response:
        faults = [FieldFault(part, reason) for part, reason in self._faults().items()]
        if faults:
            raise APIError(503, "Not ready: " + ", ".join(fault.field for fault in faults), faults, RETRY)
        degraded = self._degraded()
        state = "degraded" if degraded else "ready"
        return success(request, {"status": state, "degraded": degraded}, f"The service is {state}")

    async def report(self, request: Request) -> Response:
        visible = _without_others(self._status(), admitted(request).principal)
        status = _renamed(visible, _snake if wants_snake(request) else _camel)
        return success(request, status, "The parts and how they are")

    def routes(self) -> list[BaseRoute]:
        return [
            GuardedRoute("/health", self.health, PUBLIC),
            GuardedRoute("/ready", self.ready, PUBLIC),
            GuardedRoute("/api/status", self.report, Need.READ_ANY),
        ]


RETRY = {"Retry-After": "5"}

COUNTS = frozenset(
    {
        "faults",
        "degraded",
        "restarts",
        "drops",
        "rejected",
        "connect_failures",
        "disconnects",
        "failures",
        "skipped",
        "actions",
        "dashboards_by_site",
        "audit",
    }
)
"""Fields that hold figures by reason, part, site or action: those names are values, not fields."""


def _without_others(status: Status, principal: Principal) -> Status:
    """Leave out what tells of other sites or of the machine, for whoever does not operate it."""
    if Need.OPERATE in principal.grants_elsewhere:
        return status
    dashboards = dict(_fields(status["dashboards"]))
    dashboards.pop("actions", None)
    by_site = dashboards.get("dashboards_by_site", {})
    own = {site: count for site, count in by_site.items() if site in principal.grants}
    store = {name: value for name, value in status["store"].items() if name != "url"}
    return {**status, "dashboards": {**dashboards, "dashboards_by_site": own}, "store": store}


def _fields(status: Any) -> Mapping[str, Any]:
    return msgspec.structs.asdict(status) if isinstance(status, msgspec.Struct) else status


def _renamed(status: Any, rename: Callable[[str], str]) -> Any:
    """Return ``status`` with every field in the naming that was asked for."""
    if isinstance(status, msgspec.Struct):
        status = msgspec.structs.asdict(status)
    if not isinstance(status, Mapping):
        return status
    return {
        rename(name): value if _snake(name) in COUNTS else _renamed(value, rename)
        for name, value in status.items()
    }


def _snake(name: str) -> str:
    return re.sub("(?=[A-Z])", "_", name).lower()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
