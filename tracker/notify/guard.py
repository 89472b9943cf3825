"""Where a webhook's address leads, checked when it is saved and again at each use.

A name is resolved once, all that it stands for is checked, and what was checked is what is
connected to: a name that means something else a moment later changes nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx

from tracker.notify.addresses import ADDRESS, may_be_called, parsed

MAX_URL = 2_000
MAX_ADDRESSES = 3
"""So many of a name's addresses are tried."""
RESOLVERS = 16
"""Names that are asked for at the same time."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host; raises ``OSError`` where there are none."""


class NotAllowed(Exception):
    """Nothing may be sent to this URL; ``reason`` is for the person who gave it and repeats nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unresolved(Exception):
    """The host has no address now."""


class Target(NamedTuple):
    """A URL and the addresses that may be called for it."""

    url: httpx.URL
    addresses: tuple[ADDRESS, ...]

    @property
    def server_name(self) -> str:
        """What the certificate has to be for."""
        return self.url.raw_host.decode("ascii").strip("[]")

    def urls(self) -> list[httpx.URL]:
        """Return the URL with each address in place of the name."""
        return [self.url.copy_with(host=str(address)) for address in self.addresses]


class Guard:
    """``allow_private``: also to this machine and its intranets, where ``http`` to loopback will do."""

    def __init__(self, allow_private: bool = False, resolve: Resolve | None = None) -> None:
        self._allow_private = allow_private
        self._resolve = resolve or SystemResolver().resolve

    async def target(self, text: str) -> Target:
        """Return where messages for the URL go.

        Raises:
            NotAllowed: nowhere.
            Unresolved: the name has no address now.
        """
        url = self._parsed(text)
        port = url.port or (443 if url.scheme == "https" else 80)
        literal = parsed(url.host)
        try:
            found = [str(literal)] if literal else await self._resolve(url.raw_host.decode("ascii"), port)
        except (OSError, UnicodeError) as error:
            raise Unresolved from error
        addresses = [parsed(address) for address in dict.fromkeys(found)]
        if not addresses:
            raise Unresolved
        # One that is forbidden among others is an attempt to be called at the second try.
        if not all(address and self._may_be_called(address, url.scheme) for address in addresses):
            raise NotAllowed("must not lead to a private, local or reserved address")
        return Target(url, tuple(address for address in addresses[:MAX_ADDRESSES] if address))

    def _may_be_called(self, address: ADDRESS, scheme: str) -> bool:
        if scheme == "http" and not address.is_loopback:
            return False
        return may_be_called(address, self._allow_private)

    def _parsed(self, text: str) -> httpx.URL:
        if len(text) > MAX_URL:
            raise NotAllowed(f"must be at most {MAX_URL} characters")
        if not text.isprintable() or " " in text or "\\" in text:
            raise NotAllowed("must not hold spaces, backslashes or control characters")
        try:
            url = httpx.URL(text)
            host = url.raw_host
        except (httpx.InvalidURL, ValueError) as error:
            raise NotAllowed("must be a URL") from error
        if url.scheme not in (("https", "http") if self._allow_private else ("https",)):
            raise NotAllowed("must begin with https://")
        if url.userinfo or "@" in text.partition("://")[2].partition("/")[0]:
            raise NotAllowed("must not hold a user or password")
        if url.fragment or "#" in text:
            raise NotAllowed("must not hold a fragment")
        if not host or b"%" in host:
            raise NotAllowed("must name a host")
        if url.port is not None and not 0 < url.port < 65_536:
            raise NotAllowed("must have a port from 1 to 65535")
        return url


class SystemResolver:
    """The resolver of the system, in threads of its own: slow names must not keep others waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-names")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(address[0]) for *_, address in found]
