"""One call to the deanonymizer: the only place that speaks HTTP with it.

Source: ``POST`` of ``deanonymizer.url``, docs/enrichment.md.
"""

import asyncio
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import import_module

import httpx

from tracker.core.clock import Clock
from tracker.core.identity import Identity
from tracker.enrichment.body import read_body
from tracker.enrichment.errors import BadResponse, RateLimited, Rejected, Unavailable, translated
from tracker.enrichment.filters import AnswerFilter
from tracker.enrichment.retry_after import parse_retry_after
from tracker.enrichment.wire import decode
from tracker.settings import Deanonymizer

LONGEST_POOL_WAIT_S = 0.25
KEEP_ALIVE_S = 30.0
SMALL_BODY_BYTES = 4096
HEADERS = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "tracker"}


class DeanonymizerClient:
    """Asks over at most ``concurrency`` connections that are kept alive.

    A cancelled call can leave its slot in the pool of httpx taken for ever
    (encode/httpx issue 3782). Calls never outnumber the slots here, so a call that
    finds none free has found such leaks: the pool is then made anew, and calls
    under way finish on the old one.

    ``new_transport`` replaces the network, for tests.
    """

    def __init__(
        self,
        settings: Deanonymizer,
        filters: AnswerFilter,
        clock: Clock,
        *,
        new_transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._url = settings.url
        self._deadline_s = settings.deadline_s
        self._filters = filters
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._new_transport = new_transport or _network(settings)
        self._pool_wait_s = min(LONGEST_POOL_WAIT_S, settings.deadline_s / 4)
        self._pool: _Pool | None = None
        self.pools_rebuilt = 0
        """How often a stuck pool was replaced."""

    async def ask(self, ip: str, deadline_s: float | None = None) -> Identity | None:
        """Return who is behind ``ip`` after the filters, or ``None`` when nobody is known.

        One paid call. Ends within ``deadline_s`` of wall clock whatever the service
        does (``None``: the ``deadline_s`` of the settings). Follows no redirect.

        Raises:
            Unavailable: timeout, connection failure or 5xx.
            RateLimited: 429.
            Rejected: any other 4xx but 404.
            BadResponse: the answer broke the contract.
        """
        limit_s = self._deadline_s if deadline_s is None else deadline_s
        with translated():
            async with asyncio.timeout(limit_s), self._slots:
                if self._pool is None:
                    # What the first call needs of httpx is read now: 50 ms and more, in which events go on.
                    await asyncio.to_thread(import_module, "httpcore")
                pool = self._current_pool()
                try:
                    return await self._call(pool, ip)
                except httpx.PoolTimeout:
                    await self._replace(pool)
                return await self._call(self._current_pool(), ip)

    async def aclose(self) -> None:
        """Close every connection. Calls still under way fail; a later one connects anew."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.client.aclose()

    def _current_pool(self) -> "_Pool":
        # With the first call: what httpx needs for it takes 1.4 MB, and many services look nobody up.
        if self._pool is None:
            self._pool = _Pool(self._new_transport(), self._pool_wait_s)
        return self._pool

    async def _call(self, pool: "_Pool", ip: str) -> Identity | None:
        async with pool, pool.client.stream("POST", self._url, json={"ip": ip}) as response:
            return await self._outcome(response)

    async def _outcome(self, response: httpx.Response) -> Identity | None:
        status = response.status_code
        if status == 200:
            return self._filters.identity(decode(await read_body(response)))
        await _drain(response)
        if status == 404:
            return None
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> Exception:
        status, wanted = response.status_code, response.headers.get("retry-after")
        now_unix_s = self._clock.now().unix_s
        if status == 429:
            return RateLimited(parse_retry_after(wanted, now_unix_s))
        if status >= 500:
            wait_s = None if wanted is None else parse_retry_after(wanted, now_unix_s)
            return Unavailable("server_error", status, wait_s)
        if status == 408:
            return Unavailable("timeout", status)
        if status >= 400:
            return Rejected(status)
        return BadResponse("redirect" if status >= 300 else "status")

    async def _replace(self, stuck: "_Pool") -> None:
        if stuck is self._pool:
            self._pool = None
            self.pools_rebuilt += 1
        await stuck.retire()


class _Pool:
    """A client of httpx that is closed when it is retired and its last call has ended."""

    def __init__(self, transport: httpx.AsyncBaseTransport, pool_wait_s: float) -> None:
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self.client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(None, pool=pool_wait_s),
            headers=HEADERS,
            cookies=no_cookies,
            trust_env=False,
            follow_redirects=False,
        )
        self._calls = 0
        self._retired = False

    async def __aenter__(self) -> None:
        self._calls += 1

    async def __aexit__(self, *_: object) -> None:
        self._calls -= 1
        await self._close_when_unused()

    async def retire(self) -> None:
        self._retired = True
        await self._close_when_unused()

    async def _close_when_unused(self) -> None:
        if self._retired and not self._calls and not self.client.is_closed:
            await self.client.aclose()


def _network(settings: Deanonymizer) -> Callable[[], httpx.AsyncBaseTransport]:
    limits = httpx.Limits(
        max_connections=settings.concurrency,
        max_keepalive_connections=settings.concurrency,
        keepalive_expiry=KEEP_ALIVE_S,
    )
    # Loading the certificates takes tens of milliseconds: once, and not for plain HTTP.
    context = httpx.create_ssl_context(trust_env=False) if settings.url.startswith("https:") else False
    return lambda: httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)


async def _drain(response: httpx.Response) -> None:
    """Read a small body that is of no interest, so that its connection can be used again."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) <= SMALL_BODY_BYTES:
        async for _ in response.aiter_raw():
            pass
