"""The way of a POSTed event: parsed, stored, then live; the answer comes last."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from tracker.core.inputs import SIGNALS, SiteEvent
from tracker.ingest.events import EventContext, FieldError
from tracker.ingest.plain_events import parse
from tracker.ingest.rejects import RejectLog


class Stored(Protocol):
    """What became of one event at the journal."""

    @property
    def duplicate(self) -> bool: ...

    @property
    def conflict(self) -> bool: ...


class Journal(Protocol):
    async def append(self, site: str, events: Sequence[SiteEvent]) -> Sequence[Stored]:
        """Return when the events are committed and the core has seen the new ones.

        Raises:
            NotStored: none of them was committed.
        """
        ...


class NotStored(Exception):
    """Nothing was taken; the same may be sent again after ``retry_after_s``."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"not stored; again after {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Accepted(NamedTuple):
    event: SiteEvent
    duplicate: bool = False


class Refused(NamedTuple):
    errors: list[FieldError]


class Conflict(NamedTuple):
    """The id is taken by an event with other content."""

    event: SiteEvent


Outcome = Accepted | Refused | Conflict


class EventDoor:
    """Takes raw events in and answers for each, in their order."""

    def __init__(
        self,
        journal: Journal,
        feed: Callable[[SiteEvent], None],
        rejects: RejectLog,
        settle: Callable[[SiteEvent], SiteEvent] = lambda event: event,
    ) -> None:
        """``settle`` tells the origin of an event and takes out what may not be kept of it."""
        self._journal = journal
        self._settle = settle
        self._feed = feed
        self._rejects = rejects
        self.accepted = 0
        self.duplicates = 0
        self.signals = 0
        """``keep_alive`` and ``leave``, which are not stored."""

    async def take(self, raw_events: Sequence[Any], context: EventContext, encoded: bytes) -> list[Outcome]:
        """Store what is valid and tell what became of each.

        ``encoded`` is the body as it came, for the reject log.

        Raises:
            NotStored: nothing was taken.
        """
        outcomes: list[Outcome] = []
        for raw in raw_events:
            parsed = parse(raw, context)
            if isinstance(parsed, SiteEvent):
                outcomes.append(Accepted(self._settle(parsed)))
            else:
                outcomes.append(Refused(parsed))
                self._rejects.add("http", context.site, "invalid_event", encoded)
        events = [outcome.event for outcome in outcomes if isinstance(outcome, Accepted)]
        stored = [event for event in events if event.type not in SIGNALS]
        if len(stored) == len(events):
            results = await self._journal.append(context.site, stored) if stored else ()
        else:
            results = await self._take_with_signals(events, stored, context.site)
        return self._with_results(outcomes, results, context.site, encoded)

    async def _take_with_signals(
        self, events: list[SiteEvent], stored: list[SiteEvent], site: str
    ) -> Sequence[Stored]:
        # Signals keep their place: those ahead of every stored event act first.
        ahead = events.index(stored[0]) if stored else len(events)
        for signal in events[:ahead]:
            self._feed(signal)
        results = await self._journal.append(site, stored) if stored else ()
        for signal in events[ahead:]:
            if signal.is_signal:
                self._feed(signal)
        self.signals += len(events) - len(stored)
        return results

    def _with_results(
        self, outcomes: list[Outcome], results: Sequence[Stored], site: str, encoded: bytes
    ) -> list[Outcome]:
        answers: list[Outcome] = []
        following = iter(results)
        for outcome in outcomes:
            if isinstance(outcome, Accepted) and outcome.event.type not in SIGNALS:
                stored = next(following)
                if stored.conflict:
                    self._rejects.add("http", site, "conflict", encoded)
                    outcome = Conflict(outcome.event)
                elif stored.duplicate:
                    self.duplicates += 1
                    outcome = Accepted(outcome.event, duplicate=True)
                else:
                    self.accepted += 1
            answers.append(outcome)
        return answers
