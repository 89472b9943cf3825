"""Whose request it is: the client's address, proxies considered only when they are trusted."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection
from starlette.types import Scope

Network = IPv4Network | IPv6Network
MAX_ADDRESS = 64
KNOWN_ADDRESSES = 1_024


def is_loopback(host: str) -> bool:
    """Tell whether ``host``, a name or an address without brackets, is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class ClientAddresses:
    """Finds the client's address, and whether the client asked over TLS.

    ``X-Forwarded-For`` counts only when the connection comes from a trusted
    proxy; then the client is the right-most hop that is no trusted proxy, since
    everything left of it may be invented. ``X-Forwarded-Proto`` counts likewise.
    """

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted: Sequence[Network] = [ip_network(proxy, strict=False) for proxy in trusted_proxies]
        self._is_in_networks = lru_cache(KNOWN_ADDRESSES)(self._look_at)

    def of(self, connection: HTTPConnection) -> str:
        client = connection.scope.get("client")
        peer: str = client[0] if client else ""
        if not self.is_trusted_proxy(peer):
            return peer
        forwarded = ",".join(connection.headers.getlist("x-forwarded-for"))
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        for hop in reversed(hops):
            if not self.is_trusted_proxy(hop):
                return hop
        return hops[0] if hops else peer

    def came_over_tls(self, scope: Scope) -> bool:
        """Tell whether nobody on the way could read the request: as far as the next trusted proxy knows."""
        if scope.get("scheme") in ("https", "wss"):
            return True
        client = scope.get("client")
        if not self._trusted or client is None or not self.is_trusted_proxy(client[0]):
            return False
        said = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        # What stands left of the last one may be invented.
        return bool(said) and said[-1].rpartition(b",")[2].strip().lower() == b"https"

    def is_trusted_proxy(self, text: str) -> bool:
        return bool(self._trusted) and len(text) <= MAX_ADDRESS and self._is_in_networks(text)

    def _look_at(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
