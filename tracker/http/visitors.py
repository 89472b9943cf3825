"""Who is here now: the table, the figures over it, one visit."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tracker.core.clock import Clock
from tracker.core.filters import SessionFilter
from tracker.core.history import StoredEvent
from tracker.core.session import Session
from tracker.core.site import LiveSite
from tracker.core.statistics import TOP_PAGES, Statistics
from tracker.http import queries
from tracker.http.errors import APIError
from tracker.http.origin import check_origin
from tracker.http.responses import success
from tracker.http.sites import site_of
from tracker.live import messages, rows

MAX_ROWS = 5_000


class Visitors(messages.Wire, frozen=True):
    visitors: list[messages.Row]
    total: int
    averages: messages.Averages
    hidden_sessions: int


class Summary(messages.Wire, frozen=True):
    summary: messages.Statistics
    generated_at: str


class SessionSummary(messages.Wire, frozen=True):
    session_id: str
    current_page: str | None
    journey: list[str]
    duration: float
    country: str | None
    device: str | None
    last_activity: str


class Sessions(messages.Wire, frozen=True):
    sessions: list[SessionSummary]
    total_count: int


class Step(messages.Wire, frozen=True):
    page: str
    at: str


class Breakdown(messages.Wire, frozen=True):
    """Active visitors by what they have in common; visitors without it are left out."""

    total: int
    by_country: dict[str, int]
    by_page: dict[str, int]
    by_device: dict[str, int]
    by_browser: dict[str, int]
    by_referrer: dict[str, int]
    by_company: dict[str, int]


class VisitorEndpoints:
    def __init__(
        self,
        live_site: Callable[[str], LiveSite],
        clock: Clock,
        reset: Callable[[str], Awaitable[None]],
        session_events: Callable[[str, str], Awaitable[list[StoredEvent]]],
        allowed_origins: Collection[str] = (),
    ) -> None:
        self._live_site = live_site
        self._clock = clock
        self._reset = reset
        self._session_events = session_events
        self._allowed_origins = frozenset(allowed_origins)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/visitors", self.visitors),
            Route("/api/analytics/summary", self.summary),
            Route("/api/analytics/sessions", self.sessions),
            Route("/api/analytics/sessions/{session_id:path}", self.session),
            Route("/api/analytics/detailed", self.detailed),
            Route("/api/analytics/reset", self.reset, methods=["POST"]),
        ]

    async def visitors(self, request: Request) -> Response:
        site, wanted = self._narrow(request, "country", "page", "company", "limit")
        limit = queries.whole_number(request, "limit", MAX_ROWS, MAX_ROWS)
        now = self._clock.now().unix_s
        found = list(_matching(site, wanted))
        data = Visitors(
            [rows.row(session, now) for session in found[:limit]],
            len(found),
            rows.averages(site.averages(now)),
            site.hidden_sessions,
        )
        return success(request, data, "The visitors of this moment")

    async def summary(self, request: Request) -> Response:
        site, wanted = self._narrow(request, "country", "page")
        figures = site.statistics() if wanted.is_empty else _figures(site, wanted)
        now = self._clock.now().unix_s
        return success(
            request, Summary(rows.statistics(figures), rows.iso(now)), "The figures of this moment"
        )

    async def sessions(self, request: Request) -> Response:
        site, wanted = self._narrow(request, "country", "page", "limit")
        limit = queries.whole_number(request, "limit", MAX_ROWS, MAX_ROWS)
        now = self._clock.now().unix_s
        found = list(_matching(site, wanted))
        listed = [_summary_of(session, now) for session in found[:limit]]
        return success(request, Sessions(listed, len(found)), "The active sessions")

    async def session(self, request: Request) -> Response:
        site, _ = self._narrow(request)
        session_id = request.path_params["session_id"]
        ended = site.ended.get(session_id)
        session = site.find(session_id) or (ended.session if ended else None)
        if session is None or not session.is_visible:
            raise APIError(404, "There is no such session")
        events = [_feed_event(event) for event in await self._session_events(site.name, session_id)]
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
        return success(request, SessionDetail(**detail), "The session")

    async def detailed(self, request: Request) -> Response:
        site, wanted = self._narrow(request, "country", "page", "company")
        return success(request, _breakdown(_matching(site, wanted)), "The visitors of this moment, counted")

    async def reset(self, request: Request) -> Response:
        check_origin(request, self._allowed_origins)
        site, _ = self._narrow(request)
        await self._reset(site.name)
        return success(request, None, "The live figures begin anew; history stays")

    def _narrow(self, request: Request, *known: str) -> tuple[LiveSite, SessionFilter]:
        queries.refuse_unknown(request, known)
        site = self._live_site(site_of(request))
        fields = [name for name in SessionFilter._fields if name in known]
        return site, SessionFilter(**{name: queries.text(request, name) for name in fields})


class SessionDetail(messages.Row, frozen=True, kw_only=True, rename="camel"):
    """A row whose journey has times, with its latest events."""

    journey: list[Step]  # type: ignore[assignment]  # the same name with more in it, as the API has it
    events: list[messages.FeedEvent]
    ended_at: str | None


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


def _matching(site: LiveSite, wanted: SessionFilter) -> Iterator[Session]:
    return (session for session in site.visible_sessions() if wanted.matches(session))


def _figures(site: LiveSite, wanted: SessionFilter) -> Statistics:
    """The figures over the sessions that match, counted now: they cost a walk over the table."""
    pages: Counter[str] = Counter()
    active = 0
    for session in _matching(site, wanted):
        active += 1
        pages.update(step.page for step in session.steps)
    return Statistics(active, active + site.count_ended_today(wanted), dict(pages.most_common(TOP_PAGES)))


def _summary_of(session: Session, now: float) -> SessionSummary:
    row = rows.row(session, now)
    return SessionSummary(
        session.id,
        row.current_page,
        [step.page for step in session.steps],
        row.duration,
        row.country,
        row.device,
        row.last_activity_at,
    )


def _breakdown(sessions: Iterator[Session]) -> Breakdown:
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("country", "page", "device", "browser", "referrer", "company")
    }
    total = 0
    for session in sessions:
        total += 1
        for name, value in _traits(session).items():
            if value:
                counts[name][value] += 1
    return Breakdown(total, **{f"by_{name}": dict(count.most_common()) for name, count in counts.items()})


def _traits(session: Session) -> dict[str, Any]:
    company = session.identity.company if session.identity else None
    return {
        "country": session.country,
        "page": session.current_page,
        "device": session.device,
        "browser": session.browser,
        "referrer": session.referrer,
        "company": company.name if company else None,
    }
