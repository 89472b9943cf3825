"""Who is to be told when access ends: open sockets, so that they end with it."""

import logging
from collections.abc import Callable, Hashable

from tracker.access.principal import Principal

log = logging.getLogger(__name__)

Close = Callable[[], None]


class Watchers:
    """Calls back when a key is revoked, a login ends or a site is removed.

    As large as there are sockets: whoever accepts those bounds it.
    """

    def __init__(self) -> None:
        self._by_name: dict[Hashable, list[Close]] = {}

    @property
    def size(self) -> int:
        """Sockets that are watched for, each counted once for each thing that ends it."""
        return sum(map(len, self._by_name.values()))

    def watch(self, principal: Principal, site: str, close: Close) -> Close:
        """Call ``close`` once ``principal`` or ``site`` ends; what is returned ends the watching.

        ``close`` is called at once and must neither block nor raise; calling it twice must do no harm.
        """
        names = _names_of(principal, site)
        for name in names:
            self._by_name.setdefault(name, []).append(close)

        def forget() -> None:
            for name in names:
                watching = self._by_name.get(name, [])
                if close in watching:
                    watching.remove(close)
                if not watching:
                    self._by_name.pop(name, None)

        return forget

    def is_login_watched(self, digest: bytes) -> bool:
        """Tell whether a socket is open that ends with this login."""
        return ("login", digest) in self._by_name

    def key_ended(self, key_id: str) -> None:
        self._tell(("key", key_id))

    def login_ended(self, digest: bytes) -> None:
        self._tell(("login", digest))

    def site_ended(self, site: str) -> None:
        self._tell(("site", site))

    def _tell(self, name: Hashable) -> None:
        for close in self._by_name.pop(name, []):
            try:
                close()
            except Exception:
                log.exception("a socket could not be closed when its access ended")


def _names_of(principal: Principal, site: str) -> list[Hashable]:
    names: list[Hashable] = [("site", site)]
    if principal.key is not None:
        names.append(("key", principal.key.id))
    if principal.login is not None:
        names.append(("login", principal.login.digest))
    return names
