"""Errors of other rooms as the doors and the HTTP side know them."""

from asyncio import Future
from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from tracker.core.inputs import SiteEvent
from tracker.core.watches import UnknownWatch, WatchRefused
from tracker.core.webhooks import (
    NotDead,
    TrialBusy,
    UnknownDelivery,
    UnknownWebhook,
    WebhookDisabled,
    WebhookRefused,
)
from tracker.http.app import Translations
from tracker.http.errors import APIError, FieldFault
from tracker.http.fields import not_valid
from tracker.http.watches import NO_SUCH_WATCH
from tracker.http.webhooks import NO_SUCH_MESSAGE, NO_SUCH_WEBHOOK
from tracker.ingest.door import NotStored
from tracker.store.entries import Stored
from tracker.store.errors import JournalFull, JournalUnavailable
from tracker.store.history.errors import (
    HistoryBusy,
    HistoryDamaged,
    HistoryUnavailable,
    QueryRefused,
    QueryTooLarge,
    QueryTooSlow,
)
from tracker.store.journal import Journal


def _not_valid(error: QueryRefused) -> APIError:
    return APIError(422, "A query parameter is not valid", [FieldFault(error.field, error.reason)])


def _too_much(error: Exception) -> APIError:
    return APIError(422, "The question is too large", [FieldFault("range", str(error))])


def _come_back(error: Any) -> APIError:
    wait = {"Retry-After": str(ceil(error.retry_after_s))}
    return APIError(503, "The history cannot answer now; ask again", headers=wait)


def _not_taken(error: JournalUnavailable) -> APIError:
    wait = {"Retry-After": str(ceil(error.retry_after_s))}
    return APIError(503, "The store cannot be written now; ask again", headers=wait)


def _not_stored(error: NotStored) -> APIError:
    wait = {"Retry-After": str(max(1, ceil(error.retry_after_s)))}
    return APIError(503, "The event could not be stored; send it again", headers=wait)


def _damaged(error: Exception) -> APIError:
    return APIError(503, "The history is damaged; its operator finds what to do in the log")


def _not_made(error: WebhookRefused | WatchRefused) -> APIError:
    return not_valid(error.field, error.reason)


def _always(refusal: APIError) -> Callable[[Exception], APIError]:
    return lambda error: refusal


def _not_now(error: TrialBusy) -> APIError:
    wait = {"Retry-After": str(error.retry_after_s)}
    return APIError(429, "Another test is under way; try again", headers=wait)


def _not_given_up(error: NotDead) -> APIError:
    return APIError(409, "The message was not given up: it waits or was delivered")


def _disabled(error: WebhookDisabled) -> APIError:
    return APIError(409, "The receiver is gone; a test that it takes enables the webhook")


NOTIFYING: Translations = {
    WebhookRefused: _not_made,
    WatchRefused: _not_made,
    UnknownWebhook: _always(NO_SUCH_WEBHOOK),
    UnknownDelivery: _always(NO_SUCH_MESSAGE),
    UnknownWatch: _always(NO_SUCH_WATCH),
    TrialBusy: _not_now,
    NotDead: _not_given_up,
    WebhookDisabled: _disabled,
}

REFUSALS: Translations = {
    **NOTIFYING,
    QueryRefused: _not_valid,
    QueryTooSlow: _too_much,
    QueryTooLarge: _too_much,
    JournalUnavailable: _not_taken,
    NotStored: _not_stored,
    HistoryBusy: _come_back,
    HistoryUnavailable: _come_back,
    HistoryDamaged: _damaged,
}


class TranslatedJournal:
    """The journal as the door knows it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.shed: Counter[str] = Counter()
        """Events that were turned away, by what kept them from being stored."""

    def append(self, site: str, events: Sequence[SiteEvent]) -> "Future[list[Stored]]":
        return self._journal.append(site, events)

    def why_not(self, error: Exception, events: int) -> Exception:
        if not isinstance(error, JournalFull | JournalUnavailable):
            return error
        reason = "queue_full" if isinstance(error, JournalFull) else error.trouble.value
        self.shed[reason] += events
        return NotStored(error.retry_after_s)
