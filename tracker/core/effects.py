"""What comes out of the core: everything that the shells have to carry out."""

from enum import StrEnum
from typing import Any, NamedTuple

from tracker.core.inputs import SiteEvent, UpstreamState
from tracker.core.session import Session
from tracker.core.watches import WatchRule


class EndReason(StrEnum):
    CLOSED = "closed"
    EXPIRED = "expired"


class AlertLevel(StrEnum):
    INFO = "info"
    WARNING = "warning"
    MILESTONE = "milestone"


class AlertKind(StrEnum):
    """What an alert is about. Webhooks and dashboards tell alerts apart by it, so the words stay."""

    SPIKE = "spike"
    MILESTONE = "milestone"
    UPSTREAM_DOWN = "upstream_down"
    UPSTREAM_BACK = "upstream_back"
    BUDGET = "budget"
    WATCH = "watch"


class Lookup(NamedTuple):
    """Ask who is behind ``address``; the answer comes back as an input."""

    address: str
    ip: str
    """The address as it was received: this is what the service is asked for."""


class SessionChanged(NamedTuple):
    """A live session is new or different. Dashboards hear of it only while it is visible."""

    session: Session
    only_times: bool = False
    """Nothing moved but when it was active last: most changes are of this kind and cheap to write down."""


class SessionEnded(NamedTuple):
    """A session left the table. ``was_visible`` tells whether dashboards knew it."""

    session: Session
    reason: EndReason
    was_visible: bool


class SessionHidden(NamedTuple):
    """A session that dashboards knew turned out to belong to a data centre. It lives on unseen."""

    session: Session


class VisitRevealed(NamedTuple):
    """A session that had ended before it could be shown counts after all. No dashboard knew it."""

    session: Session
    reason: EndReason


class SessionIdentified(NamedTuple):
    """It became known who is behind a session that may be shown; once a session."""

    session: Session
    at: float


class WatchMatched(NamedTuple):
    """A rule of the watch list speaks of a session; once a session and rule."""

    session: Session
    rule: WatchRule
    at: float


class SessionDisowned(NamedTuple):
    """A session, live or ended, belongs to a data centre and counts in no figure of any time."""

    session: Session


class VisitorForgotten(NamedTuple):
    """Sessions and events of somebody are gone as if they had never been."""

    site: str
    sessions: tuple[Session, ...]
    """Those that lived or were remembered."""
    session_ids: frozenset[str]
    """Those that dashboards may show something of."""


class EventShown(NamedTuple):
    """An event of a visible session, for the live feed."""

    event: SiteEvent


class StatisticsChanged(NamedTuple):
    """Live figures of ``site`` are different."""

    site: str


class Alert(NamedTuple):
    """Something worth interrupting a person for. Raised once for each cause, however long it lasts."""

    site: str
    level: AlertLevel
    kind: AlertKind
    message: str
    details: dict[str, Any]
    """Holds ``kind`` too: who gets the alert as a message has nothing else."""
    at: float


class UpstreamStatus(NamedTuple):
    site: str
    state: UpstreamState
    since: float


class FeedGap(NamedTuple):
    """The session emitter was away from ``start`` to ``end``: what it said then is lost."""

    site: str
    start: float
    end: float


class ResetDone(NamedTuple):
    site: str
    at: float


Effect = (
    Lookup
    | SessionChanged
    | SessionEnded
    | SessionHidden
    | SessionIdentified
    | WatchMatched
    | SessionDisowned
    | VisitRevealed
    | VisitorForgotten
    | EventShown
    | StatisticsChanged
    | Alert
    | UpstreamStatus
    | FeedGap
    | ResetDone
)
