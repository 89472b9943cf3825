"""What ended an attempt or a connection, in few words, and what a refusal asks for."""

import errno
import socket
import ssl
from collections import Counter

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import CloseCode

from tracker.retry_after import wanted_s

COUNTER_KEYS = 64
RETRY_AFTER_STATUSES = (429, 503)


def count(counter: Counter[str], key: str) -> None:
    """Count ``key``, or ``other`` once the counter knows enough keys: they come from outside."""
    counter[key if key in counter or len(counter) < COUNTER_KEYS else "other"] += 1


def close_code(closed: ConnectionClosed) -> int:
    """Return the code of the side that ended the connection, 1006 when neither said goodbye."""
    by_us = closed.sent and not closed.rcvd_then_sent
    close = closed.sent if by_us else closed.rcvd
    return close.code if close else CloseCode.ABNORMAL_CLOSURE


def failure_kind(error: Exception) -> str:
    """Return the word under which a failed attempt is counted."""
    match error:
        case InvalidStatus():
            return f"http_{error.response.status_code}"
        case InvalidHandshake():
            return "handshake"
        case InvalidURI():
            return "invalid_url"
        case socket.gaierror() | UnicodeError():
            return "dns"
        case ssl.SSLError():
            return "tls"
        case TimeoutError():
            return "timeout"
        case ConnectionRefusedError():
            return "refused"
        case OSError() if error.errno is None and f"[Errno {errno.ECONNREFUSED}]" in str(error):
            # A name with several addresses: asyncio folds their errors into one text.
            return "refused"
        case OSError():
            return "network"
        case _:
            return "other"


def requested_delay_s(error: Exception, unix_s: float) -> float:
    """Return the seconds that a refusal asks us to stay away, 0 when it does not."""
    if not isinstance(error, InvalidStatus) or error.response.status_code not in RETRY_AFTER_STATUSES:
        return 0.0
    values = error.response.headers.get_all("Retry-After")
    seconds = wanted_s(values[0], unix_s) if values else None
    return max(seconds or 0.0, 0.0)
