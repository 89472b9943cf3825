"""The invented world: who sits behind which address.

Everything follows from one seed, so that the session emitter, the deanonymizer
and the site traffic agree about the world without talking to each other.
"""

import socket
from collections.abc import Iterator
from functools import cache, cached_property
from ipaddress import IPv6Address, ip_address
from random import Random
from uuid import UUID

from msgspec import Struct

from emitters.names import (
    COMPANY_STEMS,
    COMPANY_TRADES,
    CULTURES,
    PERSONAL_EMAIL_DOMAINS,
    TITLES,
    latin,
)

DEFAULT_SIZE = 5_000

_SHARE_OF_NOBODY = 0.25
_SHARE_OF_CONTACT_ONLY = 0.08
_SHARE_OF_EACH_DATA_CENTER = 0.03
_HOT_ADDRESSES = 40
_HOT_CHANCE = 0.3

# First octets without any special-purpose range inside, so every address is public.
_IPV4_OCTETS = (5, 23, 31, 37, 46, 62, 77, 80, 84, 91, 109, 134, 151, 176, 185, 188, 193, 195, 212, 217)
_IPV6_PREFIXES = (0x2A00, 0x2A02, 0x2A0C, 0x2600, 0x2607, 0x2804, 0x2C0F, 0x2403, 0x240E)


class Company(Struct, frozen=True):
    guid: str
    name: str
    domain: str


class Contact(Struct, frozen=True, rename="camel", omit_defaults=True):
    guid: str
    name: str
    title: str | None = None
    email_addresses: tuple[str, ...] = ()
    phone_numbers: tuple[str, ...] = ()


class Resident(Struct, frozen=True, omit_defaults=True):
    """Who is known at an address: a company, a person, or both. Encodes as the wire's ``data``."""

    company: Company | None = None
    contact: Contact | None = None


DATA_CENTERS = (
    Company("b8e8879e-3382-4908-8f1e-7638473d0913", "NexaCore Data Systems", "nxcore.com"),
    Company("830886a1-728e-4d94-a808-44a92841154b", "VertexCloud", "vertexcloud.inc"),
)

FAMOUS_ADDRESSES = ("185.242.214.177", "373c:e94d:2ba:cc86:6113:68f8:282d:efff")
"""The addresses that the documentation shows; somebody is known behind each."""


class World:
    """A few thousand public addresses and who is known behind them.

    Args:
        seed: the same seed makes the same world, on every machine.
        size: how many addresses there are, at least 20.
    """

    def __init__(self, seed: int = 1, size: int = DEFAULT_SIZE) -> None:
        if size < 20:
            raise ValueError("a world has at least 20 addresses")
        rng = Random(f"world {seed}")
        self.residents: dict[str, Resident | None] = {}
        for address, resident in _inhabit(rng, size):
            self.residents[address] = resident
            if len(self.residents) == size:
                break
        known = [address for address, resident in self.residents.items() if resident is not None]
        self.hot: tuple[str, ...] = tuple(rng.sample(known, min(_HOT_ADDRESSES, len(known))))
        """Addresses that come again and again."""

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """All addresses in canonical form (lower case, compressed)."""
        return tuple(self.residents)

    def pick(self, rng: Random) -> str:
        """Return the address of the next visitor: a hot one in three of ten times."""
        return rng.choice(self.hot if rng.random() < _HOT_CHANCE else self.addresses)

    def find(self, ip: str) -> Resident | None:
        """Return who is known at ``ip``, in whichever form it is written, or ``None``."""
        resident = self.residents.get(ip)
        if resident is not None:
            return resident
        try:
            address = ip_address(ip)
        except ValueError:
            return None
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            return self.residents.get(str(address.ipv4_mapped))
        return self.residents.get(str(address))


def _inhabit(rng: Random, size: int) -> Iterator[tuple[str, Resident | None]]:
    """Yield addresses with their residents, without end."""
    first = _company(rng)
    yield FAMOUS_ADDRESSES[0], Resident(first, _contact(rng, first))
    yield FAMOUS_ADDRESSES[1], Resident(_company(rng))
    for center in DATA_CENTERS:
        for address in _addresses(rng, max(2, int(size * _SHARE_OF_EACH_DATA_CENTER))):
            yield address, Resident(center, _contact(rng, center) if rng.random() < 0.2 else None)
    for address in _addresses(rng, int(size * _SHARE_OF_NOBODY)):
        yield address, None
    for address in _addresses(rng, int(size * _SHARE_OF_CONTACT_ONLY)):
        yield address, Resident(contact=_contact(rng, None))
    while True:
        company = _company(rng)
        for address in _addresses(rng, 1 + min(14, int(rng.expovariate(0.3)))):
            yield address, Resident(company, _contact(rng, company) if rng.random() < 0.55 else None)


def _addresses(rng: Random, count: int) -> Iterator[str]:
    """Yield ``count`` addresses in neighbourhoods of up to 16, two thirds of them IPv4."""
    while count > 0:
        block = min(count, 16)
        yield from _ipv4_block(rng, block) if rng.random() < 0.67 else _ipv6_block(rng, block)
        count -= block


def _ipv4_block(rng: Random, count: int) -> Iterator[str]:
    network = f"{rng.choice(_IPV4_OCTETS)}.{rng.randrange(256)}.{rng.randrange(256)}"
    for host in rng.sample(range(1, 255), count):
        yield f"{network}.{host}"


def _ipv6_block(rng: Random, count: int) -> Iterator[str]:
    network = rng.choice(_IPV6_PREFIXES) << 112 | rng.getrandbits(48) << 64
    for _ in range(count):
        host = rng.getrandbits(64) if rng.random() < 0.7 else rng.getrandbits(16)
        yield socket.inet_ntop(socket.AF_INET6, (network | host).to_bytes(16, "big"))


def guid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _company(rng: Random) -> Company:
    stem = rng.choice(COMPANY_STEMS)
    trade, suffix = rng.choice(COMPANY_TRADES)
    short = latin(stem if rng.random() < 0.5 else stem + trade.split()[0]).replace(" ", "")
    number = "" if rng.random() < 0.5 else str(rng.randrange(2, 99))
    return Company(guid(rng), f"{stem} {trade}", f"{short}{number}.{suffix}")


def _contact(rng: Random, company: Company | None) -> Contact:
    culture = rng.choice(CULTURES)
    given, given_latin = _name(rng.choice(culture.given))
    family, family_latin = _name(rng.choice(culture.family))
    emails = []
    if company is not None and rng.random() < 0.8:
        emails.append(f"{given_latin}.{family_latin}@{company.domain}")
    if company is None or rng.random() < 0.4:
        emails.append(_personal_email(rng, given_latin, family_latin))
    rng.shuffle(emails)
    return Contact(
        guid=guid(rng),
        name=f"{family} {given}" if culture.family_first else f"{given} {family}",
        title=rng.choice(TITLES) if rng.random() < 0.7 else None,
        email_addresses=tuple(emails),
        phone_numbers=tuple(_phone(rng, culture.phone) for _ in range(rng.choice((0, 0, 1, 1, 2)))),
    )


@cache
def _name(entry: str) -> tuple[str, str]:
    shown, _, romanised = entry.partition("=")
    return shown, latin(romanised or shown)


def _personal_email(rng: Random, given: str, family: str) -> str:
    account = rng.choice(
        (f"{given}.{family}", f"{given[0]}{family}", f"{given}{family}+news", f"{family}_{given}")
    )
    year = str(rng.randrange(1960, 2006)) if rng.random() < 0.3 else ""
    return f"{account}{year}@{rng.choice(PERSONAL_EMAIL_DOMAINS)}"


def _phone(rng: Random, pattern: str) -> str:
    return "".join(rng.choice("0123456789") if c == "#" else c for c in pattern)
