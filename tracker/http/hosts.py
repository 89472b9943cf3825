"""Which hosts an open service answers for: a page that calls this machine by its own name is turned away."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import Scope

from tracker.http.clients import is_loopback
from tracker.http.errors import APIError
from tracker.http.origin import host_in

HEALTH = "/health"
MAX_KNOWN = 1_000
MAX_HOST_BYTES = 262
"""A name of 255 bytes, a colon and a port."""


class ServedHosts:
    """Names of this machine, and the hosts of ``allowed_origins``.

    For a service that asks for no credentials. Any page may let its own name point at
    127.0.0.1: then a browser takes what is here for that page's own, and the header Host
    is all that tells them apart (DNS rebinding). Remembers 1,000 headers; then it begins anew.
    """

    def __init__(self, allowed_origins: Iterable[str] = ()) -> None:
        self._named = frozenset(urlsplit(origin).hostname for origin in allowed_origins)
        self._known: dict[bytes, bool] = {}

    @property
    def known(self) -> int:
        return len(self._known)

    def check(self, scope: Scope) -> None:
        """Raise ``APIError`` (421) for a request to another host. One without Host is from no browser."""
        known = self._known
        for name, value in scope["headers"]:
            if name == b"host" and not (known[value] if value in known else self._look_at(value)):
                if scope["path"] == HEALTH:
                    return
                raise APIError(
                    421,
                    "Without logins only names of this machine are answered, like localhost; "
                    "for another one, add its origin to server.allowed_origins",
                )

    def _look_at(self, value: bytes) -> bool:
        if len(value) > MAX_HOST_BYTES:
            return False
        host = host_in(value.decode("latin-1"))
        is_served = host is not None and (host in self._named or is_of_this_machine(host))
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[value] = is_served
        return is_served


def is_of_this_machine(host: str) -> bool:
    """Tell whether ``host``, without port and brackets, means this machine wherever it is looked up."""
    name = host.removesuffix(".")
    return is_loopback(name) or name.endswith(".localhost")
