"""One visit: a row of the visitor table."""

from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from tracker.core.identity import Identity
from tracker.core.inputs import SiteEvent
from tracker.core.journey import PackedJourney, Step, text_bytes
from tracker.core.rare import HasRare


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


class Standing(NamedTuple):
    """In which of a few states a visit is. There are 60 of them: each is kept once."""

    enrichment: Enrichment
    visibility: Visibility
    is_announced: bool
    """Whether it was told that it is known who this is."""
    is_idle: bool
    is_visible: bool


@cache
def _standing(enrichment: Enrichment, visibility: Visibility, is_announced: bool, is_idle: bool) -> Standing:
    return Standing(enrichment, visibility, is_announced, is_idle, visibility is Visibility.VISIBLE)


AT_FIRST = _standing(Enrichment.PENDING, Visibility.WAITING, False, False)


class Session(HasRare):
    """A visit, live or just ended. Mutable and owned by the core alone.

    Shells may read it while they carry out the effects of one input; what they
    keep for later they must copy.
    """

    __slots__ = (
        "_standing",
        "address",
        "counted_minutes",
        "counted_period",
        "earlier",
        "ended_at",
        "event_count",
        "id",
        "identity",
        "ip",
        "journey",
        "last_activity_at",
        "last_minute",
        "last_seen_s",
        "later",
        "opened_at",
        "page_at",
        "page_count",
        "referrer",
        "traits",
        "user_id",
    )

    def __init__(
        self, site: str, session_id: str, source: Source, ip: str, address: str | None, opened_at: float
    ) -> None:
        super().__init__()
        self.id = session_id
        self._standing = AT_FIRST
        self.traits = shared_traits(site, source)
        self.earlier: Session | None = None
        """The neighbours in the order of the last receipt (core/receipt_order.py)."""
        self.later: Session | None = None
        self.ip = ip
        self.address = address
        self.opened_at = opened_at
        self.last_activity_at = opened_at
        self.last_seen_s = 0.0
        """Monotonic time of the last receipt: idling is measured from here."""
        self.ended_at: float | None = None
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
        self.counted_period = -1
        """Period of the daily figures in which this session was counted last."""
        self.last_minute = 0
        self.counted_minutes = 0
        """Bit ``n`` is set when the session was active ``n`` minutes before ``last_minute``."""

    def __repr__(self) -> str:
        return f"<Session {self.id} of {self.site}: {self.visibility}, {self.enrichment}>"

    @property
    def enrichment(self) -> Enrichment:
        return self._standing.enrichment

    @enrichment.setter
    def enrichment(self, enrichment: Enrichment) -> None:
        _, visibility, is_announced, is_idle, _ = self._standing
        self._standing = _standing(enrichment, visibility, is_announced, is_idle)

    @property
    def visibility(self) -> Visibility:
        return self._standing.visibility

    @visibility.setter
    def visibility(self, visibility: Visibility) -> None:
        enrichment, _, is_announced, is_idle, _ = self._standing
        self._standing = _standing(enrichment, visibility, is_announced, is_idle)

    @property
    def is_visible(self) -> bool:
        return self._standing.is_visible

    @property
    def is_announced(self) -> bool:
        return self._standing.is_announced

    @is_announced.setter
    def is_announced(self, is_announced: bool) -> None:
        enrichment, visibility, _, is_idle, _ = self._standing
        self._standing = _standing(enrichment, visibility, is_announced, is_idle)

    @property
    def is_idle(self) -> bool:
        return self._standing.is_idle

    @is_idle.setter
    def is_idle(self, is_idle: bool) -> None:
        enrichment, visibility, is_announced, _, _ = self._standing
        self._standing = _standing(enrichment, visibility, is_announced, is_idle)

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
        return journey.last_page if isinstance(journey, PackedJourney) else journey[-1].page

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

    @property
    def packed_bytes(self) -> int:
        """What its journey takes in memory; 0 while it is not packed."""
        if isinstance(self.journey, str):
            return text_bytes(self.journey)
        return self.journey.size_bytes if isinstance(self.journey, PackedJourney) else 0

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
