"""What one site is alarmed about: its alerts, its watch list, and what was told of both lately."""

from collections import deque
from collections.abc import Iterable, Sequence, Set

from tracker.core.alerts import AlertRules, UpstreamAlerts, raised
from tracker.core.clock import Now
from tracker.core.effects import Alert, AlertKind, AlertLevel, Effect, SessionIdentified, WatchMatched
from tracker.core.inputs import NoticeRaised, UpstreamState
from tracker.core.rules import Rules
from tracker.core.session import Session
from tracker.core.usual import HourFigures
from tracker.core.watches import WatchList, WatchRule

RECENT_ALERTS = 20


class Alarms:
    """Constant cost for each thing that happens; an identified visit is held against each rule once."""

    def __init__(self, site: str, rules: Rules, now: Now) -> None:
        self._site = site
        self._visitors = AlertRules(site, rules, now)
        self._upstream = UpstreamAlerts(site, rules)
        self.watches = WatchList()
        self.recent: deque[Alert] = deque(maxlen=RECENT_ALERTS)
        """Of this run, newest last."""

    def visitor_arrived(self, active: int, now: Now, out: list[Effect]) -> None:
        """A session was shown for the first time; ``active`` visitors are there now."""
        self._raise(self._visitors.visitor_arrived(active, now), out)

    def visitor_returned(self, active: int, now: Now, out: list[Effect]) -> None:
        self._raise(self._visitors.visitors_active(active, now.unix_s), out)

    def identified(self, session: Session, now: Now, out: list[Effect]) -> None:
        """Tell who a shown session is, and which rules of the watch list speak of it; the first time only."""
        identity = session.identity
        if identity is None or session.is_announced or not session.is_visible:
            return
        session.is_announced = True
        out.append(SessionIdentified(session, now.unix_s))
        pages = (step.page for step in session.steps)
        for rule in self.watches.matching(identity, session.country, pages):
            out.append(WatchMatched(session, rule, now.unix_s))
            self._raise((_watch_alert(session, rule, now.unix_s),), out)

    def upstream_changed(self, state: UpstreamState, now: Now, out: list[Effect]) -> None:
        self._raise(self._upstream.changed(state, now), out)

    def notice(self, notice: NoticeRaised, out: list[Effect]) -> None:
        """Tell of something that another part noticed."""
        level, kind = AlertLevel(notice.level), AlertKind(notice.kind)
        alert = raised(self._site, level, kind, notice.message, notice.now.unix_s, **notice.details)
        self._raise((alert,), out)

    def pass_time(self, now: Now, is_fed: bool, out: list[Effect]) -> None:
        """Raise what the passing of time alone sets off. Call it with every tick.

        ``is_fed``: visitors would be heard of.
        """
        self._visitors.pass_time(now, is_fed)
        self._raise(self._upstream.pass_time(now), out)

    def start_anew(self) -> None:
        """Begin a day, or begin anew: milestones count again."""
        self._visitors.start_anew()

    def forget(self, session_ids: Set[str]) -> None:
        """Forget alerts that name one of these sessions."""
        kept = [alert for alert in self.recent if alert.details.get("sessionId") not in session_ids]
        self.recent = deque(kept, maxlen=RECENT_ALERTS)

    def figures(self) -> tuple[HourFigures, ...]:
        """What was learnt of the usual number of visitors."""
        return self._visitors.figures()

    def put_back(self, usual: Sequence[HourFigures]) -> None:
        self._visitors.put_back(usual)

    def _raise(self, alerts: Iterable[Alert], out: list[Effect]) -> None:
        for alert in alerts:
            self.recent.append(alert)
            out.append(alert)


def _watch_alert(session: Session, rule: WatchRule, at: float) -> Alert:
    company = session.identity.company if session.identity else None
    name = company.name if company else None
    return raised(
        session.site,
        AlertLevel.INFO,
        AlertKind.WATCH,
        f"{name or 'Somebody'} is here: on the watch list by {rule.pattern}",
        at,
        sessionId=session.id,
        company=name,
        watchId=rule.id,
    )
