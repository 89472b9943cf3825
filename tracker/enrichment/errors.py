"""What can go wrong with a lookup.

::

    EnrichmentError
    ├── Unavailable     timeout, connection failure, 5xx: trying again may help
    ├── RateLimited     429, or still inside the pause that a 429 asked for
    ├── BadResponse     an answer that breaks the contract
    ├── Rejected        4xx but 404, 408 and 429: the same call would be refused again
    └── NotAsked        no call was made
        ├── BreakerOpen     the service is taken for down
        └── BudgetSpent     the calls of this UTC day are used up

Errors of httpx become these in ``translated`` and nowhere else. No error carries
anything of the answer or the address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import httpx

UnavailableReason = Literal["timeout", "connection", "disconnected", "server_error", "pool"]
BadResponseReason = Literal["too_big", "encoding", "not_json", "wrong_shape", "status", "redirect"]


class EnrichmentError(Exception):
    """Base of every error of this package."""

    @property
    def kind(self) -> str:
        """One word for counters and logs."""
        return "error"

    def __str__(self) -> str:
        return self.kind


class Unavailable(EnrichmentError):
    """Raised when the service gave no answer: time ran out, no connection, or 5xx."""

    def __init__(
        self, reason: UnavailableReason, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(reason, status, retry_after_s)
        self.reason = reason
        self.status = status
        self.retry_after_s = retry_after_s
        """What a ``Retry-After`` of a 503 asked for; ``None`` when there was none."""

    @property
    def kind(self) -> str:
        return self.reason

    def __str__(self) -> str:
        return self.reason if self.status is None else f"{self.reason} ({self.status})"


class RateLimited(EnrichmentError):
    """Raised when the service wants no calls for ``retry_after_s`` seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s

    @property
    def kind(self) -> str:
        return "rate_limited"

    def __str__(self) -> str:
        return f"rate limited for {self.retry_after_s:.1f} s"


class BadResponse(EnrichmentError):
    """Raised when the answer breaks the contract: too big, not JSON, of another shape."""

    def __init__(self, reason: BadResponseReason) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def kind(self) -> str:
        return "bad_response"

    def __str__(self) -> str:
        return f"bad response: {self.reason}"


class Rejected(EnrichmentError):
    """Raised when the service refuses the call with a 4xx ``status``."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    @property
    def kind(self) -> str:
        return "rejected"

    def __str__(self) -> str:
        return f"rejected ({self.status})"


class NotAsked(EnrichmentError):
    """Raised when no call was made; one may be made after ``retry_after_s`` seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class BreakerOpen(NotAsked):
    """Raised when the service is taken for down; the next probe is ``retry_after_s`` away."""

    @property
    def kind(self) -> str:
        return "breaker_open"


class BudgetSpent(NotAsked):
    """Raised when the day's calls are used up; the next UTC day begins in ``retry_after_s``."""

    @property
    def kind(self) -> str:
        return "budget_spent"


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of httpx and every passed deadline into one of this module."""
    try:
        yield
    except httpx.PoolTimeout as error:
        raise Unavailable("pool") from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise Unavailable("timeout") from error
    except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
        raise Unavailable("connection") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        # Resets, half an answer, headers without end: the connection is of no use any more.
        raise Unavailable("disconnected") from error
