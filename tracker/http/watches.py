"""``/api/watches…``: visitors to look out for on the site."""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.audit import Action
from tracker.access.principal import Need
from tracker.core.watches import WatchKind, WatchRule
from tracker.http import queries
from tracker.http.access import GuardedRoute, admitted
from tracker.http.errors import APIError, FieldFault
from tracker.http.fields import read_fields
from tracker.http.responses import success
from tracker.live.messages import Wire
from tracker.live.rows import iso

NO_SUCH_WATCH = APIError(404, "There is no such rule", [FieldFault("id", "is not known")])


class Lists(Protocol):
    def of(self, site: str) -> list[WatchRule]: ...

    async def add(self, site: str, kind: WatchKind, text: str) -> WatchRule: ...

    async def remove(self, site: str, rule_id: str) -> WatchRule: ...


class WatchRow(Wire, frozen=True):
    id: str
    kind: str
    pattern: str
    created_at: str


class Watches(Wire, frozen=True):
    watches: list[WatchRow]


class WatchId(Wire, frozen=True):
    id: str


class WatchEndpoints:
    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    def routes(self) -> list[BaseRoute]:
        return [
            GuardedRoute("/api/watches", self.watches, Need.ADMIN, ["GET", "POST"]),
            GuardedRoute("/api/watches/{id}", self.remove, Need.ADMIN, ["DELETE"]),
        ]

    async def watches(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        if request.method == "POST":
            return await self._add(request)
        rows = [_row(rule) for rule in self._lists.of(admitted(request).site)]
        return success(request, Watches(rows), "The watch list of the site")

    async def _add(self, request: Request) -> Response:
        fields = await read_fields(request)
        kind, pattern = fields.one_of("kind", list(WatchKind)), fields.text("pattern")
        fields.check()
        asking = admitted(request)
        rule = await self._lists.add(asking.site, WatchKind(kind), pattern)
        asking.note(Action.WATCH_CREATED, rule.id)
        return success(request, _row(rule), "Visits that are identified from now on are looked at", 201)

    async def remove(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        asking = admitted(request)
        rule = await self._lists.remove(asking.site, request.path_params["id"])
        asking.note(Action.WATCH_REMOVED, rule.id)
        return success(request, WatchId(rule.id), "The rule is off the list")


def _row(rule: WatchRule) -> WatchRow:
    return WatchRow(rule.id, rule.kind.value, rule.pattern, iso(rule.created_at))
