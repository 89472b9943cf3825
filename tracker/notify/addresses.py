"""Which addresses a message may be sent to: not those by which this machine's own network is reached."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

ADDRESS = IPv4Address | IPv6Address

# What clouds tell their own machines, some of it from addresses that look public.
METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
INTRANETS_4 = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
INTRANETS_6 = (IPv6Network("fc00::/7"),)
# Beside what Python's own list leaves out, so that nothing depends on its version.
CLOSED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
# Only these are given to machines; v4-mapped, NAT64 and local ones lie outside.
OPEN_6 = IPv6Network("2000::/3")
# Within them: protocols and Teredo, examples, 6to4, segment routing.
CLOSED_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16")))


def parsed(text: str) -> ADDRESS | None:
    """Return the address that ``text`` is; ``None`` when it is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def may_be_called(address: ADDRESS, allow_private: bool = False) -> bool:
    """Tell whether messages may go to ``address``.

    ``allow_private``: also on this machine and in its intranets; never to what tells of the
    cloud around, to link-local addresses, nor to an address that stands for another one.
    """
    if address in METADATA:
        return False
    if allow_private and _is_private(address):
        return True
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in CLOSED_4)
    is_given_out = address in OPEN_6 and not any(address in network for network in CLOSED_6)
    return is_given_out and address.scope_id is None


def _is_private(address: ADDRESS) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_loopback or any(address in network for network in INTRANETS_4)
    return address == IPv6Address("::1") or any(address in network for network in INTRANETS_6)
