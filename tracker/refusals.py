"""Errors of the store as the doors and the HTTP side know them."""

from collections import Counter
from collections.abc import Sequence
from math import ceil
from typing import Any

from tracker.core.inputs import SiteEvent
from tracker.http.app import Translations
from tracker.http.errors import APIError, FieldFault
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


def _damaged(error: Exception) -> APIError:
    return APIError(503, "The history is damaged; its operator finds what to do in the log")


REFUSALS: Translations = {
    QueryRefused: _not_valid,
    QueryTooSlow: _too_much,
    QueryTooLarge: _too_much,
    JournalUnavailable: _not_taken,
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

    async def append(self, site: str, events: Sequence[SiteEvent]) -> Sequence[Stored]:
        try:
            return await self._journal.append(site, events)
        except (JournalFull, JournalUnavailable) as error:
            reason = "queue_full" if isinstance(error, JournalFull) else error.trouble.value
            self.shed[reason] += len(events)
            raise NotStored(error.retry_after_s) from error
