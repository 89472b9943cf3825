"""Errors of the history as the HTTP side answers them."""

from math import ceil
from typing import Any

from tracker.http.app import Translations
from tracker.http.errors import APIError, FieldFault
from tracker.store.history.errors import (
    HistoryBusy,
    HistoryDamaged,
    HistoryUnavailable,
    QueryRefused,
    QueryTooLarge,
    QueryTooSlow,
)


def _not_valid(error: QueryRefused) -> APIError:
    return APIError(422, "A query parameter is not valid", [FieldFault(error.field, error.reason)])


def _too_much(error: Exception) -> APIError:
    return APIError(422, "The question is too large", [FieldFault("range", str(error))])


def _come_back(error: Any) -> APIError:
    wait = {"Retry-After": str(ceil(error.retry_after_s))}
    return APIError(503, "The history cannot answer now; ask again", headers=wait)


def _damaged(error: Exception) -> APIError:
    return APIError(503, "The history is damaged; its operator finds what to do in the log")


REFUSALS: Translations = {
    QueryRefused: _not_valid,
    QueryTooSlow: _too_much,
    QueryTooLarge: _too_much,
    HistoryBusy: _come_back,
    HistoryUnavailable: _come_back,
    HistoryDamaged: _damaged,
}
