"""The words and delays that failures are turned into."""

import socket
import ssl
from collections import Counter

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus, InvalidURI
from websockets.frames import Close
from websockets.http11 import Response

from tracker.ingest.failures import COUNTER_KEYS, close_code, count, failure_kind, requested_delay_s


def test_counters_of_words_from_outside_stay_small() -> None:
    counter: Counter[str] = Counter()
    for code in range(3_000, 5_000):
        count(counter, str(code))
    count(counter, "3000")
    assert len(counter) == COUNTER_KEYS + 1
    assert counter.total() == 2_001
    assert counter["3000"] == 2


@pytest.mark.parametrize(
    ("rcvd", "sent", "rcvd_then_sent", "code"),
    [
        (None, None, None, 1006),
        (Close(1001, ""), None, None, 1001),
        (None, Close(1009, ""), None, 1009),
        (Close(1000, ""), Close(1009, ""), False, 1009),
        (Close(1012, ""), Close(1012, ""), True, 1012),
    ],
)
def test_the_close_code_is_that_of_the_side_that_ended_it(
    rcvd: Close | None, sent: Close | None, rcvd_then_sent: bool | None, code: int
) -> None:
    assert close_code(ConnectionClosedError(rcvd, sent, rcvd_then_sent)) == code


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), "dns"),
        (ssl.SSLCertVerificationError("self-signed"), "tls"),
        (TimeoutError(), "timeout"),
        (ConnectionRefusedError(111, "no"), "refused"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed"),
            "refused",
        ),
        (OSError(113, "No route to host"), "network"),
        (ConnectionResetError(104, "reset"), "network"),
        (InvalidURI("x", "y"), "invalid_url"),
        (ValueError(), "other"),
    ],
)
def test_failures_have_few_names(error: Exception, kind: str) -> None:
    assert failure_kind(error) == kind


NOW = 1_790_000_000.0


def refusal(status: int, *retry_after: str) -> InvalidStatus:
    return InvalidStatus(Response(status, "No", Headers([("Retry-After", value) for value in retry_after])))


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (refusal(429, "120"), 120.0),
        (refusal(503, "7", "8"), 7.0),
        (refusal(429, "301"), 300.0),
        (refusal(429, "Thu, 01 Jan 2026 00:00:00 GMT"), 0.0),
        (refusal(429, "soon"), 0.0),
        (refusal(429, "1.5"), 0.0),
        (refusal(429), 0.0),
        (refusal(500, "7"), 0.0),
        (ConnectionRefusedError(), 0.0),
    ],
)
def test_F2a_01_a_failure_delays_by_what_a_refusal_asks_for(error: Exception, seconds: float) -> None:
    assert requested_delay_s(error, NOW) == seconds
