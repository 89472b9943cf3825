"""What goes into the core: everything that can happen, as values.

Every input carries ``now``, the clocks at its receipt. Times called ``*_at`` are
Unix seconds.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from tracker.core.clock import Now
from tracker.core.identity import Identity
from tracker.core.visitor import Visitor
from tracker.core.watches import WatchRule


class FrameKind(StrEnum):
    OPENED = "session-opened"
    KEEP_ALIVE = "keep-alive"
    CLOSED = "session-closed"


class UpstreamFrame(NamedTuple):
    """One valid frame of the session emitter."""

    now: Now
    site: str
    kind: FrameKind
    session_id: str
    ip: str
    """What was sent, cleaned and clamped to 64 characters; may be no address at all."""
    address: str | None
    """Canonical public address that may be looked up, or ``None``."""
    occurred_at: float | None
    country: str | None = None
    """Country of the address, where it is known."""


class SiteEvent(NamedTuple):
    """One validated event that came in over HTTP."""

    now: Now
    site: str
    id: str
    type: str
    session_id: str
    occurred_at: float
    """The event's own time, or its receipt where it gave none or one in the future."""
    page: str | None = None
    user_id: str | None = None
    country: str | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    referrer: str | None = None
    ip: str = ""
    address: str | None = None
    metadata: dict[str, Any] = {}
    timestamp_adjusted: bool = False

    @property
    def is_signal(self) -> bool:
        """Signals steer the session and are neither stored nor counted as events."""
        return self.type in SIGNALS


SIGNALS = frozenset({"keep_alive", "leave"})


class IdentityResolved(NamedTuple):
    """The lookup of ``address`` is settled; ``identity`` is ``None`` when nobody is known there."""

    now: Now
    address: str
    identity: Identity | None


class LookupFailed(NamedTuple):
    """No answer for ``address``; it may be asked for again after ``retry_after_s``."""

    now: Now
    address: str
    retry_after_s: float


class LookupSkipped(NamedTuple):
    """No call was made for ``address`` (lookups are off or the budget is spent)."""

    now: Now
    address: str
    retry_after_s: float | None
    """When the budget allows it again; ``None`` for never."""


class UpstreamState(StrEnum):
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    DOWN = "down"


class UpstreamChanged(NamedTuple):
    """The connection to the session emitter changed its state."""

    now: Now
    site: str
    state: UpstreamState


class ResetRequested(NamedTuple):
    now: Now
    site: str


class VisitorErased(NamedTuple):
    """Somebody is to be forgotten: what the store knew of them is gone already."""

    now: Now
    visitor: Visitor
    session_ids: frozenset[str] = frozenset()
    """Sessions of the visitor that the store told of."""


class NoticeRaised(NamedTuple):
    """Something an operator should see: it becomes an alert on every dashboard of every site."""

    now: Now
    level: str
    kind: str
    message: str
    details: dict[str, Any]


class WatchListChanged(NamedTuple):
    """The visitors to look out for on a site are these from now on."""

    now: Now
    site: str
    rules: tuple[WatchRule, ...]


class Tick(NamedTuple):
    """Time passed. Sent about four times a second."""

    now: Now


Input = (
    UpstreamFrame
    | SiteEvent
    | IdentityResolved
    | LookupFailed
    | LookupSkipped
    | UpstreamChanged
    | ResetRequested
    | VisitorErased
    | NoticeRaised
    | WatchListChanged
    | Tick
)
