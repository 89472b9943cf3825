import httpx
import pytest

from tracker.enrichment.errors import (
    BadResponse,
    BreakerOpen,
    BudgetSpent,
    EnrichmentError,
    RateLimited,
    Rejected,
    Unavailable,
    translated,
)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (Unavailable("timeout"), "timeout", "timeout"),
        (Unavailable("server_error", 502), "server_error", "server_error (502)"),
        (RateLimited(7.0), "rate_limited", "rate limited for 7.0 s"),
        (BadResponse("too_big"), "bad_response", "bad response: too_big"),
        (Rejected(403), "rejected", "rejected (403)"),
        (BreakerOpen(3.0), "breaker_open", "breaker_open"),
        (BudgetSpent(3.0), "budget_spent", "budget_spent"),
    ],
)
def test_every_error_names_its_kind(error: EnrichmentError, kind: str, text: str) -> None:
    assert (error.kind, str(error)) == (kind, text)


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        (httpx.PoolTimeout(""), "pool"),
        (httpx.ReadTimeout(""), "timeout"),
        (TimeoutError(), "timeout"),
        (httpx.ConnectError(""), "connection"),
        (httpx.ReadError(""), "disconnected"),
        (httpx.RemoteProtocolError(""), "disconnected"),
        (httpx.TooManyRedirects(""), "disconnected"),
        (httpx.StreamClosed(), "disconnected"),
    ],
)
def test_foreign_errors_are_translated(foreign: Exception, reason: str) -> None:
    with pytest.raises(Unavailable) as error, translated():
        raise foreign
    assert error.value.reason == reason
    assert error.value.__cause__ is foreign
