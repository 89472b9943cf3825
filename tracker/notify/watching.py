"""The watch lists of all sites, changed by their admins and told to the core."""

import asyncio
import re
import secrets
from base64 import b32encode
from collections.abc import Callable, Container
from typing import Protocol

from tracker.core.clock import Clock
from tracker.core.inputs import WatchListChanged
from tracker.core.watches import (
    MAX_RULES,
    UnknownWatch,
    WatchKind,
    WatchRefused,
    WatchRule,
)

MAX_PATTERN = 200
MIN_NAME = 2
ID_BYTES = 10
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
_COUNTRY = re.compile(r"[A-Za-z]{2}")


class WatchStore(Protocol):
    async def load(self) -> list[WatchRule]: ...

    async def add(self, rule: WatchRule) -> None: ...

    async def remove(self, rule_id: str) -> None: ...


class Watching:
    """At most 100 rules a site. All methods raise what the store raises when the disk does not take it."""

    def __init__(
        self,
        store: WatchStore,
        feed: Callable[[WatchListChanged], None],
        clock: Clock,
        sites: Container[str],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """``sites``: those that there are; it may change."""
        self._store = store
        self._feed = feed
        self._sites = sites
        self._clock = clock
        self._random_bytes = random_bytes
        self._rules: dict[str, WatchRule] = {}
        self._changing = asyncio.Lock()

    @property
    def size(self) -> int:
        return len(self._rules)

    async def load(self) -> None:
        """Take back what was kept, before any visit is."""
        self._rules = {rule.id: rule for rule in await self._store.load()}
        for site in {rule.site for rule in self._rules.values()}:
            self._tell(site)

    def of(self, site: str) -> list[WatchRule]:
        """Return the rules of a site, the oldest first."""
        return [rule for rule in self._rules.values() if rule.site == site]

    async def add(self, site: str, kind: WatchKind, text: str) -> WatchRule:
        """Add a rule; visits that are identified from now on are measured by it.

        Raises:
            WatchRefused: it is no such thing, is there already, or there are too many.
        """
        pattern = text.strip()
        fault = _fault(kind, pattern)
        if fault:
            raise WatchRefused("pattern", fault)
        if kind is WatchKind.DOMAIN:
            pattern = pattern.lower()
        elif kind is WatchKind.COUNTRY:
            pattern = pattern.upper()
        async with self._changing:
            if site not in self._sites:
                raise WatchRefused("body", "the site is removed")
            own = self.of(site)
            if any((rule.kind, rule.pattern) == (kind, pattern) for rule in own):
                raise WatchRefused("pattern", "is on the list already")
            if len(own) >= MAX_RULES:
                raise WatchRefused("body", f"a watch list has at most {MAX_RULES} rules")
            token = b32encode(self._random_bytes(ID_BYTES)).decode().lower()
            rule = WatchRule(f"wl_{token}", site, kind, pattern, self._clock.now().unix_s)
            await self._store.add(rule)
            self._rules[rule.id] = rule
            self._tell(site)
        return rule

    async def remove(self, site: str, rule_id: str) -> WatchRule:
        """Take a rule off the list. Raises ``UnknownWatch``."""
        async with self._changing:
            rule = self._rules.get(rule_id)
            if rule is None or rule.site != site:
                raise UnknownWatch
            await self._store.remove(rule_id)
            del self._rules[rule_id]
            self._tell(site)
        return rule

    async def forget_site(self, site: str) -> None:
        """Know nothing more of a site that was removed; the store has removed its rules with it."""
        async with self._changing:
            rules = self.of(site)
            for rule in rules:
                del self._rules[rule.id]
            if rules:
                self._tell(site)

    def _tell(self, site: str) -> None:
        self._feed(WatchListChanged(self._clock.now(), site, tuple(self.of(site))))


def _fault(kind: WatchKind, pattern: str) -> str:
    """Return what is wrong with a pattern; empty when nothing is."""
    if not pattern:
        return "must not be empty"
    if len(pattern) > MAX_PATTERN:
        return f"must be at most {MAX_PATTERN} characters"
    if not pattern.isprintable():
        return "must not hold control characters"
    if kind is WatchKind.DOMAIN and not _is_domain(pattern.removeprefix("*.")):
        return "must be a domain like acme.com, or *.acme.com for all below it"
    if kind is WatchKind.COMPANY and len(pattern) < MIN_NAME:
        return f"must be at least {MIN_NAME} characters"
    if kind is WatchKind.COUNTRY and not _COUNTRY.fullmatch(pattern):
        return "must be a country code of two letters, like DE"
    if kind is WatchKind.PAGE and not pattern.startswith(("/", "http://", "https://")):
        return "must begin with / or with http:// or https://"
    return ""


def _is_domain(text: str) -> bool:
    labels = text.split(".")
    return len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
