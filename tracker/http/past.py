"""Questions about the past."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.audit import Action
from tracker.access.principal import Need
from tracker.core import history
from tracker.core.clock import Clock
from tracker.core.filters import SessionFilter
from tracker.core.history import DIMENSIONS, Filter
from tracker.core.site import LiveSite
from tracker.http import queries
from tracker.http.access import GuardedRoute, admitted
from tracker.http.errors import APIError, FieldFault
from tracker.http.export import FORMATS, export_response
from tracker.http.periods import filter_of
from tracker.http.responses import success, wants_snake
from tracker.live.messages import Wire, to_snake
from tracker.live.rows import iso

MAX_TOP = 100
MAX_EVENTS = 1_000
MAX_STEPS = 10
FAR_PAST = 0.0


class History(Protocol):
    """The event store, as far as it is asked here (tracker/store/history/history.py)."""

    async def totals(self, wanted: Filter) -> history.Totals: ...

    async def timeseries(
        self, wanted: Filter, interval_s: int | None, timezone: str
    ) -> history.TimeSeries: ...

    async def top(self, wanted: Filter, dimension: str, limit: int) -> list[history.TopItem]: ...

    async def event_summary(self, wanted: Filter, event: str) -> history.EventSummary: ...

    async def user_stats(self, wanted: Filter, user_id: str) -> history.UserStats: ...

    async def funnel(self, wanted: Filter, steps: Sequence[str]) -> list[history.FunnelStep]: ...

    async def retention(self, wanted: Filter, timezone: str) -> list[history.Cohort]: ...

    async def events(self, wanted: Filter, limit: int, cursor: str | None) -> history.EventPage: ...

    def export(self, wanted: Filter) -> AsyncIterator[list[history.StoredEvent]]: ...


class Totals(Wire, frozen=True):
    total_events: int
    unique_sessions: int
    unique_users: int


class Point(Wire, frozen=True):
    time: str
    events: int
    visitors: int


class TimeSeries(Wire, frozen=True):
    interval: int
    points: list[Point]


class Item(Wire, frozen=True):
    value: str
    events: int
    visitors: int


class Items(Wire, frozen=True):
    items: list[Item]


class EventSummary(Wire, frozen=True):
    event: str
    total_count: int
    unique_users: int
    device_breakdown: dict[str, int]


class Event(Wire, frozen=True):
    id: str
    type: str
    session_id: str
    timestamp: str
    received_at: str
    page: str | None
    user_id: str | None
    country: str | None
    device: str | None
    browser: str | None
    os: str | None
    referrer: str | None
    ip: str
    metadata: dict[str, Any]
    timestamp_adjusted: bool


class Events(Wire, frozen=True):
    events: list[Event]
    next: str | None


class UserStats(Wire, frozen=True):
    user_id: str
    total_events: int
    first_seen: str | None
    last_seen: str | None
    devices: dict[str, int]
    countries: dict[str, int]
    recent_events: list[Event]


class FunnelStep(Wire, frozen=True):
    step: str
    sessions: int
    rate: float


class Funnel(Wire, frozen=True):
    steps: list[FunnelStep]


class Cohort(Wire, frozen=True):
    week: str
    users: int
    returned: list[int]


class Retention(Wire, frozen=True):
    cohorts: list[Cohort]


class PastEndpoints:
    def __init__(
        self,
        past: History,
        clock: Clock,
        timezone: str,
        live_site: Callable[[str], LiveSite],
        charge_export: Callable[[Request], None],
    ) -> None:
        """``charge_export`` raises when there were too many exports."""
        self._past = past
        self._charge_export = charge_export
        self._live_site = live_site
        self._clock = clock
        self._timezone = timezone

    def routes(self) -> list[BaseRoute]:
        return [
            GuardedRoute("/api/analytics/totals", self.totals, Need.READ),
            GuardedRoute("/api/analytics/timeseries", self.timeseries, Need.READ),
            GuardedRoute("/api/analytics/top/{dimension}", self.top, Need.READ),
            GuardedRoute("/api/analytics/event-summary", self.event_summary, Need.READ),
            GuardedRoute("/api/analytics/user-stats", self.user_stats, Need.READ),
            GuardedRoute("/api/analytics/funnel", self.funnel, Need.READ),
            GuardedRoute("/api/analytics/retention", self.retention, Need.READ),
            GuardedRoute("/api/analytics/events", self.events, Need.READ),
            GuardedRoute("/api/analytics/export", self.export, Need.READ),
        ]

    async def totals(self, request: Request) -> Response:
        found = await self._past.totals(self._filter(request))
        return success(request, Totals(*found), "How much there was")

    async def timeseries(self, request: Request) -> Response:
        wanted = self._filter(request, "interval", "timezone")
        width_s = queries.whole_number(request, "interval", 0, 10**8) or None
        series = await self._past.timeseries(wanted, width_s, self._zone(request))
        points = [Point(iso(point.time), point.events, point.visitors) for point in series.points]
        return success(request, TimeSeries(series.interval_s, points), "How much there was, part by part")

    async def top(self, request: Request) -> Response:
        dimension = request.path_params["dimension"]
        if dimension not in DIMENSIONS:
            raise APIError(404, f"Events are counted by {', '.join(DIMENSIONS)}")
        wanted = self._filter(request, "limit")
        limit = queries.whole_number(request, "limit", 5, MAX_TOP)
        found = await self._past.top(wanted, dimension, limit)
        return success(request, Items([Item(*item) for item in found]), "The most frequent values")

    async def event_summary(self, request: Request) -> Response:
        wanted = self._filter(request, "event")
        found = await self._past.event_summary(wanted, _required(request, "event"))
        return success(request, EventSummary(*found), "What there is of this type")

    async def user_stats(self, request: Request) -> Response:
        wanted = self._filter(request)
        user_id = queries.text(request, "userId") or _required(request, "user_id", "userId")
        if not {"range", "from", "to"} & request.query_params.keys():
            wanted = wanted._replace(start=FAR_PAST)
        found = await self._past.user_stats(wanted._replace(user_id=None), user_id)
        data = UserStats(
            found.user_id,
            found.total_events,
            None if found.first_seen is None else iso(found.first_seen),
            None if found.last_seen is None else iso(found.last_seen),
            found.devices,
            found.countries,
            [_event(one) for one in found.recent_events],
        )
        return success(request, data, "What there is of this user")

    async def funnel(self, request: Request) -> Response:
        wanted = self._filter(request, "steps")
        steps = [step.strip() for step in _required(request, "steps").split(",") if step.strip()]
        if not 1 <= len(steps) <= MAX_STEPS:
            fault = FieldFault("steps", f"must be 1 to {MAX_STEPS} event types or pages, with commas between")
            raise APIError(422, "A query parameter is not valid", [fault])
        found = await self._past.funnel(wanted, steps)
        data = Funnel([FunnelStep(one.step, one.sessions, round(one.rate, 4)) for one in found])
        return success(request, data, "How many sessions came how far")

    async def retention(self, request: Request) -> Response:
        wanted = self._filter(request, "timezone")
        found = await self._past.retention(wanted, self._zone(request))
        cohorts = [Cohort(iso(one.week), one.users, one.returned) for one in found]
        return success(request, Retention(cohorts), "How many users came back, week by week")

    async def events(self, request: Request) -> Response:
        wanted = self._filter(request, "limit", "cursor")
        limit = queries.whole_number(request, "limit", 100, MAX_EVENTS)
        page = await self._past.events(wanted, limit, queries.text(request, "cursor"))
        data = Events([_event(one) for one in page.events], page.next)
        return success(request, data, "The events, newest first")

    async def export(self, request: Request) -> Response:
        wanted = self._filter(request, "format")
        kind = queries.text(request, "format") or "csv"
        if kind not in FORMATS:
            fault = FieldFault("format", f"must be one of {', '.join(FORMATS)}")
            raise APIError(422, "A query parameter is not valid", [fault])
        snake = wants_snake(request)
        self._charge_export(request)
        admitted(request).note(Action.EXPORTED, kind)
        return await export_response(kind, self._encoded(wanted, snake), snake)

    async def _encoded(self, wanted: Filter, snake: bool) -> AsyncIterator[list[dict[str, Any]]]:
        as_fields = to_snake if snake else msgspec.to_builtins
        async for chunk in self._past.export(wanted):
            yield [as_fields(_event(one)) for one in chunk]

    def _filter(self, request: Request, *more: str) -> Filter:
        wanted = filter_of(request, self._clock.now().unix_s, *more)
        if wanted.company is None:
            return wanted
        # The history learns of the company of a visit when it ends.
        is_theirs = SessionFilter(company=wanted.company).matches
        live = (one.id for one in self._live_site(wanted.site).visible_sessions() if is_theirs(one))
        return wanted._replace(live_of_company=tuple(live))

    def _zone(self, request: Request) -> str:
        return queries.text(request, "timezone") or self._timezone


def _required(request: Request, name: str, shown: str = "") -> str:
    value = queries.text(request, name)
    if value is None:
        raise APIError(422, "A query parameter is missing", [FieldFault(shown or name, "is required")])
    return value


def _event(one: history.StoredEvent) -> Event:
    return Event(
        one.id,
        one.type,
        one.session_id,
        iso(one.occurred_at),
        iso(one.received_at),
        one.page,
        one.user_id,
        one.country,
        one.device,
        one.browser,
        one.os,
        one.referrer,
        one.ip,
        one.metadata,
        one.timestamp_adjusted,
    )
