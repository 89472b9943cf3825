"""One try to deliver one message."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

import httpx

from tracker.core.clock import Clock
from tracker.core.webhooks import Secret, Webhook
from tracker.notify import signing
from tracker.notify.guard import Guard, NotAllowed, Target, Unresolved
from tracker.notify.schedule import LONGEST_RETRY_AFTER_S
from tracker.retry_after import wanted_s

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
CONNECT_S = 4.0
MAX_ANSWER_BYTES = 16 * 1024
HEADERS = {
    "content-type": "application/json",
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": "tracker-webhooks",
    "connection": "close",
}


class Reason(StrEnum):
    """Why a message was not delivered."""

    STATUS = "status"
    """The receiver answered with a failure."""
    REDIRECT = "redirect"
    GONE = "gone"
    """The receiver says that it wants nothing any more (410)."""
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    NAME = "name"
    """The host has no address."""
    FORBIDDEN = "forbidden"
    """The address leads where nothing may be sent."""
    INTERNAL = "internal"


class Outcome(NamedTuple):
    status: int | None
    """``None``: there was no answer."""
    reason: Reason | None = None
    """``None``: it was delivered."""
    retry_after_s: float | None = None

    @property
    def is_overload(self) -> bool:
        """Whether the receiver is down or has too much, whatever the message."""
        return self.reason is not None and (
            self.status is None or self.status in (408, 429) or self.status >= 500
        )


class Sender:
    """Sends to checked addresses alone. Follows no redirect, keeps no connection and no cookie.

    A connection that was made for one name is never used for another one that lies at the
    same address: its certificate was checked for the first.
    """

    def __init__(
        self,
        guard: Guard,
        clock: Clock,
        timeout_s: float = TIMEOUT_S,
        tls: Callable[[], ssl.SSLContext] = lambda: httpx.create_ssl_context(trust_env=False),
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._timeout_s = timeout_s
        self._tls = tls
        self._context: ssl.SSLContext | None = None

    async def send(self, hook: Webhook, message_id: str, body: bytes) -> Outcome:
        """Try once. Ends within the timeout whatever the receiver does, and never raises for it."""
        status: int | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                target = await self._guard.target(hook.url.reveal())
                async with self._posted(target, hook.secret, message_id, body) as response:
                    status = response.status_code
                    outcome = self._outcome(response)
                    with suppress(httpx.HTTPError, OSError):
                        await _read_some(response)
            return outcome
        except TimeoutError:
            # What was answered stands, although its end never came.
            return Outcome(status) if _is_good(status) else Outcome(status, Reason.TIMEOUT)
        except NotAllowed:
            return Outcome(None, Reason.FORBIDDEN)
        except Unresolved:
            return Outcome(None, Reason.NAME)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ssl.SSLError) as error:
            return Outcome(status, _reason_of(error))
        except Exception as error:
            # One message must not stop all others. Its text may hold the URL.
            log.error("a webhook could not be called: %s", type(error).__name__)
            return Outcome(status, Reason.INTERNAL)

    def _posted(self, target: Target, secret: Secret, message_id: str, body: bytes) -> "_Posted":
        if self._context is None:
            # Loading the certificates takes tens of milliseconds: once.
            self._context = self._tls()
        signed = signing.headers(secret, message_id, self._clock.now().unix_s, body)
        return _Posted(target, {**HEADERS, **signed}, body, self._context)

    def _outcome(self, response: httpx.Response) -> Outcome:
        status = response.status_code
        if _is_good(status):
            return Outcome(status)
        header = response.headers.get("retry-after")
        wait_s = header and wanted_s(header, self._clock.now().unix_s, LONGEST_RETRY_AFTER_S)
        reason = Reason.GONE if status == 410 else Reason.REDIRECT if 300 <= status < 400 else Reason.STATUS
        return Outcome(status, reason, max(wait_s, 0.0) if wait_s else None)


class _Posted:
    """The answer of the first address that can be connected to."""

    def __init__(self, target: Target, headers: dict[str, str], body: bytes, context: ssl.SSLContext) -> None:
        self._target = target
        self._headers = {**headers, "host": target.url.netloc.decode("ascii")}
        self._body = body
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(verify=context, trust_env=False),
            timeout=httpx.Timeout(None, connect=CONNECT_S),
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> httpx.Response:
        try:
            return await self._send()
        except BaseException:
            await self._client.aclose()
            raise

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def _send(self) -> httpx.Response:
        *others, last = self._target.urls()
        for url in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post(url)
        return await self._post(last)

    async def _post(self, url: httpx.URL) -> httpx.Response:
        request = self._client.build_request("POST", url, headers=self._headers, content=self._body)
        request.extensions["sni_hostname"] = self._target.server_name
        return await self._client.send(request, stream=True)


def _is_good(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _reason_of(error: BaseException) -> Reason:
    if isinstance(error, httpx.TimeoutException):
        return Reason.TIMEOUT
    is_tls = any(isinstance(cause, ssl.SSLError) for cause in _causes(error))
    return Reason.TLS if is_tls else Reason.CONNECTION


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def _read_some(response: httpx.Response) -> None:
    """Take in what comes up to a limit, so that the receiver gets to the end of a short answer."""
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size >= MAX_ANSWER_BYTES:
            return
