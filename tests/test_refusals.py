import pytest

from tracker.core.watches import UnknownWatch, WatchRefused
from tracker.core.webhooks import (
    NotDead,
    TrialBusy,
    UnknownDelivery,
    UnknownWebhook,
    WebhookDisabled,
    WebhookRefused,
)
from tracker.refusals import REFUSALS
from tracker.store.errors import JournalUnavailable, Trouble
from tracker.store.history.errors import HistoryUnavailable, QueryRefused


@pytest.mark.parametrize(
    ("error", "status", "field"),
    [
        (QueryRefused("limit", "is too much"), 422, "limit"),
        (WebhookRefused("url", "is none"), 422, "url"),
        (WatchRefused("pattern", "is none"), 422, "pattern"),
        (UnknownWebhook(), 404, "id"),
        (UnknownDelivery(), 404, "id"),
        (UnknownWatch(), 404, "id"),
        (NotDead(), 409, None),
        (WebhookDisabled(), 409, None),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(error: Exception, status: int, field: str | None) -> None:
    refusal = REFUSALS[type(error)](error)
    assert refusal.status == status
    assert [fault.field for fault in refusal.faults] == ([field] if field else [])


@pytest.mark.parametrize(
    ("error", "status"),
    [(TrialBusy(), 429), (JournalUnavailable(Trouble.FULL), 503), (HistoryUnavailable("closed"), 503)],
)
def test_what_passes_says_when_to_come_back(error: Exception, status: int) -> None:
    refusal = REFUSALS[type(error)](error)
    assert refusal.status == status
    assert int((refusal.headers or {})["Retry-After"]) >= 1
