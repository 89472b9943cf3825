"""What few sessions have, and those mostly for a moment: it takes no place in all the others."""

from typing import NamedTuple

from tracker.core.inputs import SiteEvent


class Rare(NamedTuple):
    previous_ips: tuple[str, ...] = ()
    leaving_since_s: float | None = None
    counted_pages: dict[str, int] | None = None
    held_events: list[SiteEvent] | None = None


NOTHING = Rare()


class HasRare:
    """Something that has what is in :class:`Rare`; four fields of it would be 24 bytes more."""

    __slots__ = ("_rare",)

    def __init__(self) -> None:
        self._rare = NOTHING

    @property
    def previous_ips(self) -> tuple[str, ...]:
        """Earlier addresses of the same session id, oldest first, at most ten."""
        return self._rare.previous_ips

    @previous_ips.setter
    def previous_ips(self, ips: tuple[str, ...]) -> None:
        self._keep(self._rare._replace(previous_ips=ips))

    @property
    def leaving_since_s(self) -> float | None:
        """Monotonic time of a ``leave`` that nothing has followed yet."""
        return self._rare.leaving_since_s

    @leaving_since_s.setter
    def leaving_since_s(self, since_s: float | None) -> None:
        if since_s is not None or self._rare is not NOTHING:
            self._keep(self._rare._replace(leaving_since_s=since_s))

    @property
    def counted_pages(self) -> dict[str, int] | None:
        """Visits that this session added to the pages of its counted period, while it may turn out
        to be one that counts in no figure. At most as many pages as a journey has steps."""
        return self._rare.counted_pages

    @counted_pages.setter
    def counted_pages(self, pages: dict[str, int] | None) -> None:
        if pages is not None or self._rare is not NOTHING:
            self._keep(self._rare._replace(counted_pages=pages))

    @property
    def held_events(self) -> list[SiteEvent] | None:
        """Events that wait until the session is revealed."""
        return self._rare.held_events

    @held_events.setter
    def held_events(self, events: list[SiteEvent] | None) -> None:
        if events is not None or self._rare is not NOTHING:
            self._keep(self._rare._replace(held_events=events))

    def _keep(self, rare: Rare) -> None:
        self._rare = NOTHING if rare == NOTHING else rare
