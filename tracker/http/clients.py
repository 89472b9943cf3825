"""Whose request it is: the client's address, proxies considered only when they are trusted."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

Network = IPv4Network | IPv6Network


def is_loopback(host: str) -> bool:
    """Tell whether ``host``, a name or an address without brackets, is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class ClientAddresses:
    """Finds the client's address.

    ``X-Forwarded-For`` counts only when the connection comes from a trusted
    proxy; then the client is the right-most hop that is no trusted proxy, since
    everything left of it may be invented.
    """

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted: Sequence[Network] = [ip_network(proxy, strict=False) for proxy in trusted_proxies]

    def of(self, connection: HTTPConnection) -> str:
        peer = connection.client.host if connection.client else ""
        if not self.is_trusted_proxy(peer):
            return peer
        forwarded = ",".join(connection.headers.getlist("x-forwarded-for"))
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        for hop in reversed(hops):
            if not self.is_trusted_proxy(hop):
                return hop
        return hops[0] if hops else peer

    def is_trusted_proxy(self, text: str) -> bool:
        if not self._trusted:
            return False
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
