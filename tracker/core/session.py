"""One visit: a row of the visitor table."""

from array import array
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from tracker.core.identity import Identity
from tracker.core.inputs import SiteEvent


class Enrichment(StrEnum):
    """How far the lookup of a session's address has come."""

    PENDING = "pending"
    IDENTIFIED = "identified"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_settled(self) -> bool:
        return self is not Enrichment.PENDING


class Visibility(StrEnum):
    """Whether dashboards may know of a session (core/visibility.py)."""

    WAITING = "waiting"
    VISIBLE = "visible"
    HIDDEN = "hidden"


class Source(StrEnum):
    UPSTREAM = "upstream"
    EVENTS = "events"


KNOWN_TRAITS = 4_096


class Traits(NamedTuple):
    """What many visits have in common: kept once for all of them."""

    site: str
    source: Source
    country: str | None
    device: str | None
    browser: str | None
    os: str | None


@lru_cache(KNOWN_TRAITS)
def shared_traits(
    site: str,
    source: Source,
    country: str | None = None,
    device: str | None = None,
    browser: str | None = None,
    os: str | None = None,
) -> Traits:
    return Traits(site, source, country, device, browser, os)


class Step(NamedTuple):
    """One page of a journey and when it was reached."""

    page: str
    at: float


class PackedJourney(NamedTuple):
    """The steps of a visit that is silent or over, in a sixth of the memory."""

    pages: tuple[str, ...]
    times: "array[float]"

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "PackedJourney":
        return cls(tuple([step.page for step in steps]), array("d", [step.at for step in steps]))

    @property
    def steps(self) -> list[Step]:
        return list(map(Step, self.pages, self.times))


class Session:
    """A visit, live or just ended. Mutable and owned by the core alone.

    Shells may read it while they carry out the effects of one input; what they
    keep for later they must copy.
    """

    __slots__ = (
        "address",
        "counted_minutes",
        "counted_pages",
        "counted_period",
        "earlier",
        "ended_at",
        "enrichment",
        "event_count",
        "held_events",
        "id",
        "identity",
        "ip",
        "is_announced",
        "is_idle",
        "journey",
        "last_activity_at",
        "last_minute",
        "last_seen_s",
        "later",
        "leaving_since_s",
        "opened_at",
        "page_at",
        "page_count",
        "previous_ips",
        "referrer",
        "traits",
        "user_id",
        "visibility",
    )

    def __init__(
        self, site: str, session_id: str, source: Source, ip: str, address: str | None, opened_at: float
    ) -> None:
        self.id = session_id
        self.traits = shared_traits(site, source)
        self.earlier: Session | None = None
        """The neighbours in the order of the last receipt (core/receipt_order.py)."""
        self.later: Session | None = None
        self.ip = ip
        self.address = address
        self.previous_ips: tuple[str, ...] = ()
        """Earlier addresses of the same session id, oldest first, at most ten."""
        self.opened_at = opened_at
        self.last_activity_at = opened_at
        self.last_seen_s = 0.0
        """Monotonic time of the last receipt: idling is measured from here."""
        self.ended_at: float | None = None
        self.leaving_since_s: float | None = None
        """Monotonic time of a ``leave`` that nothing has followed yet."""
        self.user_id: str | None = None
        self.referrer: str | None = None
        self.journey: list[Step] | PackedJourney | str | None = None
        """The last pages, in the order of their time; ``None`` before the first page. Most visits
        see one: a list with one step would be 150 bytes more than its text alone."""
        self.page_at = 0.0
        """When the only page was reached; 0 when there is none or another one."""
        self.page_count = 0
        self.event_count = 0
        self.identity: Identity | None = None
        self.enrichment = Enrichment.PENDING
        self.visibility = Visibility.WAITING
        self.is_announced = False
        """Whether it was told that it is known who this is."""
        self.is_idle = False
        self.counted_period = -1
        """Period of the daily figures in which this session was counted last."""
        self.counted_pages: dict[str, int] | None = None
        """Visits that this session added to the pages of its counted period, while it may turn out
        to be one that counts in no figure. At most as many pages as a journey has steps."""
        self.last_minute = 0
        self.counted_minutes = 0
        """Bit ``n`` is set when the session was active ``n`` minutes before ``last_minute``."""
        self.held_events: list[SiteEvent] | None = None
        """Events that wait until the session is revealed."""

    def __repr__(self) -> str:
        return f"<Session {self.id} of {self.site}: {self.visibility}, {self.enrichment}>"

    @property
    def is_visible(self) -> bool:
        return self.visibility is Visibility.VISIBLE

    @property
    def may_be_identified(self) -> bool:
        """Whether a lookup may still tell who it is."""
        return self.address is not None and self.enrichment not in (
            Enrichment.IDENTIFIED,
            Enrichment.UNKNOWN,
        )

    @property
    def site(self) -> str:
        return self.traits.site

    @property
    def source(self) -> Source:
        return self.traits.source

    @property
    def country(self) -> str | None:
        return self.traits.country

    @country.setter
    def country(self, country: str | None) -> None:
        site, source, _, *others = self.traits
        self.traits = shared_traits(site, source, country, *others)

    @property
    def device(self) -> str | None:
        return self.traits.device

    @property
    def browser(self) -> str | None:
        return self.traits.browser

    @property
    def os(self) -> str | None:
        return self.traits.os

    @property
    def current_page(self) -> str | None:
        journey = self.journey
        if journey is None or isinstance(journey, str):
            return journey
        return journey.pages[-1] if isinstance(journey, PackedJourney) else journey[-1].page

    @property
    def steps(self) -> list[Step]:
        journey = self.journey
        if isinstance(journey, str):
            return [Step(journey, self.page_at)]
        return journey.steps if isinstance(journey, PackedJourney) else journey or []

    def pack(self) -> None:
        """Need less memory from now on: nothing is expected to come."""
        if isinstance(self.journey, list):
            self.journey = PackedJourney.of(self.journey)

    def take_over_counts(self, before: "Session") -> None:
        """Go on with what an earlier visit of the same id was counted for: it is counted once."""
        self.counted_period, before.counted_period = before.counted_period, -1
        self.counted_pages, before.counted_pages = before.counted_pages, None
        self.last_minute = before.last_minute
        self.counted_minutes, before.counted_minutes = before.counted_minutes, 0

    def duration_s(self, at: float) -> float:
        """Seconds from the opening to ``at``, never negative."""
        return max(0.0, at - self.opened_at)

    def visit_page(self, page: str, at: float, journey_length: int) -> bool:
        """Put ``page`` into the journey where its time belongs; tell whether it changed anything.

        A page that repeats the one before it is no new step.
        """
        journey = self.journey
        if journey is None:
            self.journey, self.page_at = page, at
            self.page_count += 1
            return True
        if journey == page:
            if at < self.page_at:
                self.page_at = at
            return False
        if not isinstance(journey, list):
            journey = self.journey = self.steps
            self.page_at = 0.0
        position = len(journey)
        while position and journey[position - 1].at > at:
            position -= 1
        if position and journey[position - 1].page == page:
            return False
        if position < len(journey) and journey[position].page == page:
            journey[position] = Step(page, at)
            return False
        if position == 0 and len(journey) == journey_length:
            self.page_count += 1
            return True
        journey.insert(position, Step(page, at))
        if len(journey) > journey_length:
            del journey[0]
        self.page_count += 1
        return True

    def learn(self, event: SiteEvent) -> None:
        """Take over what ``event`` says about the visitor; silence keeps what was known."""
        self.user_id = event.user_id or self.user_id
        site, source, country, device, browser, os = traits = self.traits
        told = (
            site,
            source,
            event.country or country,
            event.device or device,
            event.browser or browser,
            event.os or os,
        )
        if told != traits:
            self.traits = shared_traits(*told)
        self.referrer = self.referrer or event.referrer
