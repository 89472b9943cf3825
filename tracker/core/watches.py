"""Visitors to look out for: the rules of a site, and whether a visit is one that they speak of."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from tracker.core.identity import Identity

MAX_RULES = 100
"""Of one site."""


class WatchKind(StrEnum):
    DOMAIN = "domain"
    """``acme.com`` is that domain; ``*.acme.com`` is whatever lies below it."""
    COMPANY = "company"
    """A part of the company's name, in any case of letters."""
    COUNTRY = "country"
    """Of the visitor."""
    PAGE = "page"
    """How a page begins that was seen until the visitor was identified."""


class WatchRule(NamedTuple):
    id: str
    site: str
    kind: WatchKind
    pattern: str
    created_at: float


class WatchList:
    """The rules of one site. One look costs one step a rule, with no pattern that could take longer."""

    def __init__(self, rules: Iterable[WatchRule] = ()) -> None:
        self.rules = tuple(rules)

    def matching(self, identity: Identity, country: str | None, pages: Iterable[str]) -> Iterator[WatchRule]:
        """Yield the rules that speak of a visit, in their order."""
        if not self.rules:
            return
        domains = domains_of(identity)
        company = identity.company.name.casefold() if identity.company else ""
        seen = tuple(dict.fromkeys(pages))
        for rule in self.rules:
            match rule.kind:
                case WatchKind.DOMAIN:
                    matches = any(_is_within(domain, rule.pattern.lower()) for domain in domains)
                case WatchKind.COMPANY:
                    matches = rule.pattern.casefold() in company
                case WatchKind.COUNTRY:
                    matches = country is not None and country.casefold() == rule.pattern.casefold()
                case WatchKind.PAGE:
                    matches = any(page.startswith(rule.pattern) for page in seen)
            if matches:
                yield rule


def domains_of(identity: Identity) -> tuple[str, ...]:
    """Return the domains of a company's website and of a contact's addresses, each once."""
    found = []
    if identity.company is not None and identity.company.domain:
        found.append(_domain_in(identity.company.domain))
    if identity.contact is not None:
        found += [address.rpartition("@")[2].lower() for address in identity.contact.email_addresses]
    return tuple(dict.fromkeys(filter(None, found)))


def _domain_in(website: str) -> str:
    """Return the domain of ``https://www.acme.com/about``, or of a bare ``acme.com``."""
    host = website.lower().rpartition("://")[2].partition("/")[0].partition(":")[0]
    return host.strip().rstrip(".").removeprefix("www.")


def _is_within(domain: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return domain.endswith(pattern[1:]) and len(domain) >= len(pattern)
    return domain == pattern


class WatchRefused(Exception):
    """``field`` of a rule is not possible; ``reason`` says why and repeats nothing."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class UnknownWatch(Exception):
    """The site has no such rule."""
