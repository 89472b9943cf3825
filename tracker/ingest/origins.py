"""Where visitors come from: their country, and what is kept of their address.

With ``privacy.ip`` other than ``full`` the address itself stays in memory alone, for the
lookup. Everything behind the doors knows a visitor's address by two texts: ``ip``, which is
shown and stored, and ``address``, the key by which lookups are shared and remembered.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_network
from typing import NamedTuple, TypeVar

from tracker.core.inputs import SiteEvent, UpstreamFrame
from tracker.core.restore import SessionRecord
from tracker.ingest.addresses import canonical, lookup_address, spellings

MAX_AT_HAND = 200_000
"""Addresses in memory, about 250 bytes each: as many as there may be live sessions."""

_LIKE_AN_ADDRESS = re.compile(
    rb"[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*|(?<![0-9.])[0-9]{1,3}(?:[.][0-9]{1,3}){3}(?![0-9])"
)

FULL, TRUNCATED, HASHED = "full", "truncated", "hashed"


class Kept(NamedTuple):
    """What stands for an address."""

    ip: str
    address: str | None
    """``None``: it is never looked up."""


Happened = TypeVar("Happened", SiteEvent, UpstreamFrame)


class Origins:
    """``mode``: ``full``, ``truncated`` (to /24 and /48) or ``hashed`` (with this installation's secret).

    Addresses that are at hand for lookups are bounded; when there are too many, the one that
    was heard of longest ago goes, and is looked up when it is heard of again.
    """

    def __init__(
        self,
        mode: str,
        secret: bytes,
        country_of: Callable[[str], str | None] | None = None,
        max_at_hand: int = MAX_AT_HAND,
    ) -> None:
        self._mode = mode
        self._secret = secret
        self._country_of = country_of
        self._max_at_hand = max_at_hand
        self._at_hand: OrderedDict[str, str] = OrderedDict()

    @property
    def changes_nothing(self) -> bool:
        return self._mode == FULL and self._country_of is None

    @property
    def at_hand(self) -> int:
        return len(self._at_hand)

    def settle(self, happened: Happened) -> Happened:
        """Return ``happened`` with its country, and with what is kept of its address."""
        if self.changes_nothing:
            return happened
        country = happened.country
        if country is None and self._country_of is not None and happened.address is not None:
            country = self._country_of(happened.address)
        kept = self._keep(happened.ip, happened.address)
        return happened._replace(ip=kept.ip, address=kept.address, country=country)

    def settle_again(self, event: SiteEvent) -> SiteEvent:
        """The same for an event that was stored, maybe under another setting."""
        if self._mode == FULL or canonical(event.ip) is None:
            return event
        kept = self._kept_before(event.ip, event.address)
        return event._replace(ip=kept.ip, address=kept.address)

    def settle_record(self, record: SessionRecord) -> SessionRecord:
        """The same for a session of an earlier run."""
        if self._mode == FULL:
            return record
        kept = self._kept_before(record.ip, record.address)
        earlier = tuple(self._kept_before(ip, None).ip for ip in record.previous_ips)
        return record._replace(ip=kept.ip, address=kept.address, previous_ips=earlier)

    def for_lookup(self, address: str, ip: str) -> str:
        """Return the address to ask for; empty when it is not at hand any more."""
        return ip if self._mode == FULL else self._at_hand.get(address, "")

    def forget(self, address: str) -> None:
        self._at_hand.pop(address, None)

    def key_of(self, ip: str) -> str | None:
        """Return under which key the answer for an address is cached, given as it is or as it is kept."""
        address = lookup_address(ip)
        if self._mode == FULL:
            return address
        return ip if address is None else self._hash(address)

    def spellings(self, ip: str) -> tuple[str, ...]:
        """Return all texts that may stand for an address that an operator names."""
        plain = spellings(ip)
        address = canonical(ip)
        if self._mode == FULL or address is None:
            return plain
        return (*plain, self._hash(address))

    def mask(self, excerpt: bytes) -> bytes:
        """Return ``excerpt`` with every address in it as it is kept."""
        if self._mode == FULL:
            return excerpt
        return _LIKE_AN_ADDRESS.sub(self._masked, excerpt)

    def _masked(self, found: "re.Match[bytes]") -> bytes:
        text = found[0].decode()
        # A time of day looks like an address with colons.
        is_address = ":" not in text or canonical(text) is not None
        return self._keep(text, None).ip.encode() if is_address else found[0]

    def _kept_before(self, ip: str, address: str | None) -> Kept:
        """What was kept as a pseudonym stays as it is."""
        if address is not None and lookup_address(address) is None:
            return Kept(ip, address)
        return self._keep(ip, address) if canonical(ip) is not None else Kept(ip, address)

    def _keep(self, ip: str, address: str | None) -> Kept:
        if self._mode == FULL:
            return Kept(ip, address)
        key = None if address is None else self._hash(address)
        if key is not None:
            self._remember(key, ip)
        plain = canonical(ip)
        if self._mode == TRUNCATED:
            return Kept("" if plain is None else _network(plain), key)
        return Kept(self._hash(plain or ip) if ip else "", key)

    def _remember(self, key: str, ip: str) -> None:
        self._at_hand[key] = ip
        self._at_hand.move_to_end(key)
        if len(self._at_hand) > self._max_at_hand:
            self._at_hand.popitem(last=False)

    def _hash(self, text: str) -> str:
        label = b"address\n"
        return hmac.digest(self._secret, label + text.encode(errors="replace"), hashlib.sha256).hex()[:32]


def _network(address: str) -> str:
    width = 48 if ":" in address else 24
    return str(ip_network(f"{address}/{width}", strict=False).network_address)
