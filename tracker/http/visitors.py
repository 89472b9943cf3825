"""Who is here now: the table and the figures over it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.principal import Need
from tracker.core.clock import Clock
from tracker.core.filters import SessionFilter
from tracker.core.session import Session
from tracker.core.site import LiveSite
from tracker.core.statistics import TOP_PAGES, Statistics
from tracker.http import queries
from tracker.http.access import GuardedRoute, sees_contacts
from tracker.http.responses import success
from tracker.http.sites import site_of
from tracker.live import messages, rows
from tracker.live.masking import without_contacts

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
    ) -> None:
        self._live_site = live_site
        self._clock = clock
        self._reset = reset

    def routes(self) -> list[BaseRoute]:
        return [
            GuardedRoute("/api/visitors", self.visitors, Need.READ),
            GuardedRoute("/api/analytics/summary", self.summary, Need.READ),
            GuardedRoute("/api/analytics/sessions", self.sessions, Need.READ),
            GuardedRoute("/api/analytics/detailed", self.detailed, Need.READ),
            GuardedRoute("/api/analytics/reset", self.reset, Need.ADMIN, ["POST"]),
        ]

    async def visitors(self, request: Request) -> Response:
        site, wanted = self._narrow(request, "country", "page", "company", "limit")
        limit = queries.whole_number(request, "limit", MAX_ROWS, MAX_ROWS)
        now = self._clock.now().unix_s
        found = list(_matching(site, wanted))
        listed = [rows.row(session, now) for session in found[:limit]]
        if not sees_contacts(request):
            listed = [without_contacts(row) for row in listed]
        data = Visitors(
            listed,
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

    async def detailed(self, request: Request) -> Response:
        site, wanted = self._narrow(request, "country", "page", "company")
        return success(request, _breakdown(_matching(site, wanted)), "The visitors of this moment, counted")

    async def reset(self, request: Request) -> Response:
        site, _ = self._narrow(request)
        await self._reset(site.name)
        return success(request, None, "The live figures begin anew; history stays")

    def _narrow(self, request: Request, *known: str) -> tuple[LiveSite, SessionFilter]:
        queries.refuse_unknown(request, known)
        site = self._live_site(site_of(request))
        fields = [name for name in SessionFilter._fields if name in known]
        return site, SessionFilter(**{name: queries.text(request, name) for name in fields})


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
