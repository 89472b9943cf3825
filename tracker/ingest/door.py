"""The way of a POSTed event: parsed, stored, then live; the answer comes last."""

from asyncio import Future
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
    def append(self, site: str, events: Sequence[SiteEvent]) -> "Future[Any]":
        """Return the future of a ``Stored`` for each event: done when all are committed and the core has
        seen the new ones. It fails, or this call does, when none of them was committed.
        """
        ...

    def why_not(self, error: Exception, events: int) -> Exception:
        """Return what is raised for an ``error`` of ``append``: :class:`NotStored`, or itself."""
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


class Taking(NamedTuple):
    """Events that are on their way to the disk."""

    site: str
    encoded: bytes
    outcomes: list[Outcome]
    """As far as they are known now."""
    stored: "Future[Any] | None"
    """Done when the disk has answered; ``None``: there is nothing to wait for."""
    signals: Sequence[SiteEvent]
    """Those that act after what is stored."""

    @property
    def stored_count(self) -> int:
        return sum(isinstance(one, Accepted) and one.event.type not in SIGNALS for one in self.outcomes)


class EventDoor:
    """Takes raw events in and answers for each, in their order: :meth:`begin`, then :meth:`finish`."""

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

    def begin(self, raw_events: Sequence[Any], context: EventContext, encoded: bytes) -> Taking:
        """Give what is valid to the journal.

        ``encoded`` is the body as it came, for the reject log.

        Raises:
            NotStored: nothing was taken.
        """
        outcomes: list[Outcome] = []
        events: list[SiteEvent] = []
        signals: Sequence[SiteEvent] = ()
        for raw in raw_events:
            parsed = parse(raw, context)
            if isinstance(parsed, SiteEvent):
                event = self._settle(parsed)
                outcomes.append(Accepted(event))
                events.append(event)
            else:
                outcomes.append(Refused(parsed))
                self._rejects.add("http", context.site, "invalid_event", encoded)
        stored = [event for event in events if event.type not in SIGNALS]
        if len(stored) != len(events):
            signals = self._signals_after(events, stored)
        future = self._append(context.site, stored) if stored else None
        return Taking(context.site, encoded, outcomes, future, signals)

    def finish(self, taking: Taking) -> list[Outcome]:
        """Return what became of each event, once ``taking.stored`` is done.

        Raises:
            NotStored: nothing was taken.
        """
        if taking.stored is None:
            results = ()
        else:
            try:
                results = taking.stored.result()
            except Exception as error:
                raise self._journal.why_not(error, taking.stored_count) from error
        for signal in taking.signals:
            self._feed(signal)
        self.signals += len(taking.signals)
        return self._with_results(taking, results)

    def _append(self, site: str, stored: list[SiteEvent]) -> "Future[Any]":
        try:
            return self._journal.append(site, stored)
        except Exception as error:
            raise self._journal.why_not(error, len(stored)) from error

    def _signals_after(self, events: list[SiteEvent], stored: list[SiteEvent]) -> list[SiteEvent]:
        # Signals keep their place: those ahead of every stored event act first.
        ahead = events.index(stored[0]) if stored else len(events)
        for signal in events[:ahead]:
            self._feed(signal)
        self.signals += ahead
        return [event for event in events[ahead:] if event.is_signal]

    def _with_results(self, taking: Taking, results: Sequence[Stored]) -> list[Outcome]:
        answers: list[Outcome] = []
        following = iter(results)
        for outcome in taking.outcomes:
            if isinstance(outcome, Accepted) and outcome.event.type not in SIGNALS:
                stored = next(following)
                if stored.conflict:
                    self._rejects.add("http", taking.site, "conflict", taking.encoded)
                    outcome = Conflict(outcome.event)
                elif stored.duplicate:
                    self.duplicates += 1
                    outcome = Accepted(outcome.event, duplicate=True)
                else:
                    self.accepted += 1
            answers.append(outcome)
        return answers
