"""Answers and misses by canonical address, each with its own time to live.

Time runs on the monotonic clock from the wall clock's reading at the start: it can be
compared across a restart, and a wall clock that jumps neither ages nor renews an entry.
"""

from collections.abc import Callable
from typing import NamedTuple

from cachetools import TLRUCache

from tracker.core.clock import Clock
from tracker.core.identity import Identity
from tracker.settings import Deanonymizer

STALE_FOR_S = 86_400.0


class Entry(NamedTuple):
    identity: Identity | None
    """``None`` is a miss: nobody is known there."""
    fetched_at: float


class IdentityCache:
    """Holds at most ``cache_size`` addresses; when full, the least recently used go.

    An entry that expired less than 24 h ago is still there, as a stale one.
    """

    def __init__(self, settings: Deanonymizer, clock: Clock) -> None:
        self._hit_ttl_s = settings.cache_ttl_s
        self._miss_ttl_s = settings.miss_ttl_s
        self._clock = clock
        self._start = clock.now()
        self._entries: TLRUCache[str, Entry, float] = TLRUCache(
            settings.cache_size, lambda _, entry, __: self._fresh_until(entry) + STALE_FOR_S, self.time
        )

    def time(self) -> float:
        """Unix seconds as the monotonic clock counted them since the start."""
        return self._start.unix_s + self._clock.now().monotonic_s - self._start.monotonic_s

    def fresh(self, address: str) -> Entry | None:
        entry = self._entries.get(address)
        return entry if entry and self.time() < self._fresh_until(entry) else None

    def stale(self, address: str) -> Entry | None:
        """Return what is known of ``address`` even if it expired, up to 24 h after that."""
        return self._entries.get(address)

    def put(self, address: str, identity: Identity | None) -> Entry:
        """Keep an answer that came in now."""
        entry = self._entries[address] = Entry(identity, self.time())
        return entry

    def restore(self, address: str, entry: Entry) -> None:
        """Take over an entry of an earlier run; one from the future counts as from now."""
        self._entries[address] = entry._replace(fetched_at=min(entry.fetched_at, self.time()))

    def drop(self, address: str) -> None:
        self._entries.pop(address, None)

    def addresses_of(self, is_theirs: Callable[[Identity], bool]) -> list[str]:
        """Return the addresses whose identity ``is_theirs``. A walk over all of them."""
        return [
            address
            for address, entry in list(self._entries.items())
            if entry.identity is not None and is_theirs(entry.identity)
        ]

    @property
    def size(self) -> int:
        """Addresses held; expired ones count until they are cleared out."""
        return int(self._entries.currsize)

    def _fresh_until(self, entry: Entry) -> float:
        return entry.fetched_at + (self._miss_ttl_s if entry.identity is None else self._hit_ttl_s)
