"""One visit, live or past, and the past visits of a company."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.principal import Need
from tracker.core.clock import Clock
from tracker.core.history import Filter, StoredEvent, VisitRow
from tracker.core.session import Enrichment, Source
from tracker.core.site import LiveSite
from tracker.http import queries
from tracker.http.access import GuardedRoute, sees_contacts
from tracker.http.errors import APIError, FieldFault
from tracker.http.periods import PERIOD, period_of
from tracker.http.responses import success
from tracker.http.sites import site_of
from tracker.live import messages, rows
from tracker.live.masking import without_contacts

MAX_VISITS = 100

W = TypeVar("W", bound=messages.Wire)


class Step(messages.Wire, frozen=True):
    page: str
    at: str


class Visit(messages.Wire, frozen=True):
    """One that has ended."""

    session_id: str
    source: Source
    company: messages.Company | None
    contact: messages.Contact | None
    country: str | None
    device: str | None
    page_count: int
    event_count: int
    opened_at: str
    ended_at: str
    duration: float


class Visits(messages.Wire, frozen=True):
    visits: list[Visit]


class SessionDetail(messages.Row, frozen=True, kw_only=True, rename="camel"):
    """A row whose journey has times, with its latest events."""

    journey: list[Step]  # type: ignore[assignment]  # the same name with more in it, as the API has it
    events: list[messages.FeedEvent]
    ended_at: str | None


class Past(Protocol):
    """What was: tracker/store/history/history.py."""

    async def session_events(self, site: str, session_id: str) -> list[StoredEvent]: ...

    async def session_visits(self, site: str, session_id: str) -> list[VisitRow]: ...

    async def company_visits(self, wanted: Filter, limit: int) -> list[VisitRow]: ...


class SessionEndpoints:
    def __init__(
        self,
        live_site: Callable[[str], LiveSite],
        clock: Clock,
        latest_events: Callable[[str, str], Awaitable[list[StoredEvent]]],
        past: Past,
    ) -> None:
        """``latest_events``: of a session that is here; nothing when the past is away."""
        self._live_site = live_site
        self._clock = clock
        self._latest_events = latest_events
        self._past = past

    def routes(self) -> list[BaseRoute]:
        return [
            GuardedRoute("/api/analytics/sessions/{session_id:path}", self.session, Need.READ),
            GuardedRoute("/api/analytics/visits", self.visits, Need.READ),
        ]

    async def session(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        site = self._live_site(site_of(request))
        session_id = request.path_params["session_id"]
        ended = site.ended.get(session_id)
        session = site.find(session_id) or (ended.session if ended else None)
        if session is None:
            return await self._past_session(request, site.name, session_id)
        if not session.is_visible:
            raise APIError(404, "There is no such session")
        events = [_feed_event(event) for event in await self._latest_events(site.name, session_id)]
        stored = {event.id for event in events}
        # The history is up to a second behind the feed.
        events += [
            rows.feed_event(event)
            for event in site.recent_events
            if event.session_id == session_id and event.id not in stored
        ]
        now = self._clock.now().unix_s
        detail = msgspec.structs.asdict(rows.row(session, session.ended_at or now))
        detail["journey"] = [Step(step.page, rows.iso(step.at)) for step in session.steps]
        detail["events"] = events
        detail["ended_at"] = rows.iso(session.ended_at) if session.ended_at else None
        return success(request, _shown(request, SessionDetail(**detail)), "The session")

    async def _past_session(self, request: Request, site: str, session_id: str) -> Response:
        visits = await self._past.session_visits(site, session_id)
        events = await self._past.session_events(site, session_id)
        if not visits and not events:
            raise APIError(404, "There is no such session")
        visit = visits[0] if visits else _visit_of(events)
        detail = _past_detail(visit, events)
        return success(request, _shown(request, detail), "The session, as its last visit was")

    async def visits(self, request: Request) -> Response:
        queries.refuse_unknown(request, ("company", "limit", *PERIOD))
        company = queries.text(request, "company")
        if company is None:
            raise APIError(422, "A query parameter is missing", [FieldFault("company", "is required")])
        limit = queries.whole_number(request, "limit", MAX_VISITS, MAX_VISITS)
        start, end = period_of(request, self._clock.now().unix_s)
        found = await self._past.company_visits(Filter(site_of(request), start, end, company=company), limit)
        data = Visits([_shown(request, _visit(one)) for one in found])
        return success(request, data, "The visits that have ended")


def _shown(request: Request, found: W) -> W:
    return found if sees_contacts(request) else without_contacts(found)


def _visit_of(events: list[StoredEvent]) -> VisitRow:
    """Return what the events of a session tell when nothing is kept of its visits."""
    first, last = events[0], events[-1]
    return VisitRow(
        site=last.site,
        session_id=last.session_id,
        source=Source.EVENTS.value,
        ip=last.ip,
        opened_at=first.occurred_at,
        ended_at=last.occurred_at,
        reason="",
        pages=0,
        events=len(events),
        user_id=last.user_id,
        country=last.country,
        device=last.device,
        browser=last.browser,
        os=last.os,
        referrer=first.referrer,
        company_guid=None,
        company_name=None,
        company_domain=None,
        contact_guid=None,
        contact_name=None,
        contact_title=None,
        emails=[],
        phones=[],
    )


def _past_detail(visit: VisitRow, events: list[StoredEvent]) -> SessionDetail:
    """``visit``: the last one of the session. ``events``: all of the session, the oldest first."""
    steps: list[Step] = []
    for event in events:
        is_new = not steps or steps[-1].page != event.page
        if event.page is not None and is_new and visit.opened_at <= event.occurred_at <= visit.ended_at:
            steps.append(Step(event.page, rows.iso(event.occurred_at)))
    company, contact = _company(visit), _contact(visit)
    return SessionDetail(
        session_id=visit.session_id,
        source=Source(visit.source),
        ip=visit.ip,
        company=company,
        contact=contact,
        country=visit.country,
        device=visit.device,
        current_page=steps[-1].page if steps else None,
        page_count=max(visit.pages, len(steps)),
        opened_at=rows.iso(visit.opened_at),
        last_activity_at=rows.iso(visit.ended_at),
        duration=_duration_s(visit),
        status="idle",
        enrichment=Enrichment.IDENTIFIED if company or contact else Enrichment.UNKNOWN,
        journey=steps,
        events=[_feed_event(event) for event in events],
        ended_at=rows.iso(visit.ended_at),
    )


def _feed_event(event: StoredEvent) -> messages.FeedEvent:
    return messages.FeedEvent(
        id=event.id,
        type=event.type,
        session_id=event.session_id,
        page=event.page,
        timestamp=rows.iso(event.occurred_at),
        country=event.country,
        device=event.device,
        user_id=event.user_id,
        metadata=event.metadata,
    )


def _visit(visit: VisitRow) -> Visit:
    return Visit(
        visit.session_id,
        Source(visit.source),
        _company(visit),
        _contact(visit),
        visit.country,
        visit.device,
        visit.pages,
        visit.events,
        rows.iso(visit.opened_at),
        rows.iso(visit.ended_at),
        _duration_s(visit),
    )


def _company(visit: VisitRow) -> messages.Company | None:
    if visit.company_guid is None:
        return None
    return messages.Company(visit.company_guid, visit.company_name or "", visit.company_domain)


def _contact(visit: VisitRow) -> messages.Contact | None:
    if visit.contact_guid is None:
        return None
    emails, phones = tuple(visit.emails), tuple(visit.phones)
    return messages.Contact(visit.contact_name or "", visit.contact_title, emails, phones)


def _duration_s(visit: VisitRow) -> float:
    return round(max(0.0, visit.ended_at - visit.opened_at), 3)
