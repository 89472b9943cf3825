"""IP addresses as they come from outside: one spelling for each, and which may be looked up.

One rule for every door: surrounding spaces and one pair of surrounding
brackets are taken off; a port, a zone id (``fe80::1%eth0``), leading zeros and
digits of other scripts make the text no address at all. Nothing here raises.
"""

from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network

MAX_TEXT = 64
"""Longer text is no address: the longest spelling of one has 45 characters."""

CACHE_SIZE = 2**17
"""Texts whose answer is remembered (about 30 MB when full; the least recently used one goes).

As many as there may be live sessions: with fewer, keep-alives of 100,000 sessions doubled their cost.
"""

# Set apart by IANA after the ipaddress module of Python 3.11 was written, or left out of it:
# protocol assignments, documentation, segment routing, the former site-local range, and 6to4,
# whose routes are gone.
_NOT_REACHABLE = tuple(
    ip_network(text) for text in ("192.0.0.0/24", "3fff::/20", "5f00::/16", "2002::/16", "fec0::/10")
)

# As numbers: asking a network whether it holds an address costs ten times as much.
_SET_APART = {
    version: tuple(
        (int(network.network_address), int(network.broadcast_address))
        for network in _NOT_REACHABLE
        if network.version == version
    )
    for version in (4, 6)
}


def canonical(text: str) -> str | None:
    """Return the one spelling of an IPv4 or IPv6 address, or ``None`` when ``text`` is none.

    IPv6 is lower-case and compressed; an IPv4 address inside ``::ffff:0:0/96``
    becomes that IPv4 address.
    """
    return _resolve(text)[0] if len(text) <= MAX_TEXT else None


def spellings(text: str) -> tuple[str, ...]:
    """Return how an address may have been written by those who sent it; nothing for what is none."""
    address = _parse(text) if len(text) <= MAX_TEXT else None
    if address is None:
        return ()
    plain = [str(address), address.exploded]
    if isinstance(address, IPv4Address):
        plain += [f"::ffff:{address}", str(IPv6Address(0xFFFF_0000_0000 | int(address)))]
    upper = [one.upper() for one in plain] + [one.replace("::ffff:", "::FFFF:") for one in plain]
    return tuple(dict.fromkeys([*plain, *upper, *(f"[{one}]" for one in plain)]))


def lookup_address(text: str) -> str | None:
    """Return the canonical address when it is reachable from the internet, else ``None``.

    ``None`` for invalid text and for private, loopback, link-local, carrier NAT,
    documentation, multicast, reserved and unspecified addresses.
    """
    return _resolve(text)[1] if len(text) <= MAX_TEXT else None


@lru_cache(maxsize=CACHE_SIZE)
def _resolve(text: str) -> tuple[str | None, str | None]:
    address = _parse(text)
    if address is None:
        return None, None
    spelled = str(address)
    return spelled, spelled if _is_reachable(address) else None


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        if ":" not in text:
            return IPv4Address(text)
        if "%" in text:
            return None
        address = IPv6Address(text)
    except AddressValueError:
        return None
    return address.ipv4_mapped or address


def _is_reachable(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    number = int(address)
    return not any(first <= number <= last for first, last in _SET_APART[address.version])
