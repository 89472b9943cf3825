"""Slows down who guesses passwords."""

from collections.abc import Hashable
from math import ceil
from typing import NamedTuple

from cachetools import TTLCache

from tracker.access.keys import digest_of
from tracker.access.limits import RateLimiter, network_of
from tracker.core.clock import Clock

FREE_FAILURES = 5
LONGEST_ACCOUNT_PAUSE_S = 60.0
"""Short: anybody who knows an e-mail address can bring this on its owner."""
LONGEST_ADDRESS_PAUSE_S = 15 * 60.0
FORGOTTEN_AFTER_S = 3_600.0
REMEMBERED = 10_000


class _Failures(NamedTuple):
    times: int
    paused_until_s: float


class Attempts:
    """Counts failures by account and by address; from the fifth on each one doubles the pause.

    Accounts are counted by what was typed, whether there is such a user or not. Remembers
    10,000 of each for an hour after the last failure; when it is full the oldest is
    forgotten. ``per_minute``: attempts of one address, good or bad; 0 turns that off.
    """

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._accounts = self._memory()
        self._addresses = self._memory()
        self._limiter = RateLimiter(per_minute / 60, per_minute, clock, REMEMBERED)
        self.refused = 0

    def _memory(self) -> TTLCache[Hashable, _Failures]:
        return TTLCache(REMEMBERED, FORGOTTEN_AFTER_S, self._now_s)

    @property
    def remembered(self) -> int:
        """Accounts and addresses with failures."""
        return int(self._accounts.currsize + self._addresses.currsize)

    def begin(self, account: str, address: str) -> int:
        """Return 0 when an attempt may be made now, else after how many seconds.

        It counts as failed until :meth:`succeeded` or :meth:`gave_up` is called for it: so
        a hundred at the same time are no more than a hundred after each other.
        """
        who, where = digest_of(account), network_of(address)
        now_s = self._now_s()
        pause_s = max(_pause_s(self._accounts, who, now_s), _pause_s(self._addresses, where, now_s))
        if pause_s > 0:
            self.refused += 1
            return ceil(pause_s)
        grant = self._limiter.take([where])
        if grant is not None and not grant.allowed:
            self.refused += 1
            return grant.retry_after_s
        _count(self._accounts, who, now_s, LONGEST_ACCOUNT_PAUSE_S)
        _count(self._addresses, where, now_s, LONGEST_ADDRESS_PAUSE_S)
        return 0

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of the account, and this attempt of the address.

        Others of the address stay: or who has an account could guess at all others for ever.
        """
        self._accounts.pop(digest_of(account), None)
        _take_back(self._addresses, network_of(address))

    def gave_up(self, account: str, address: str) -> None:
        """Take the attempt back: the password was never looked at."""
        _take_back(self._accounts, digest_of(account))
        _take_back(self._addresses, network_of(address))

    def _now_s(self) -> float:
        return self._clock.now().monotonic_s


def _pause_s(memory: TTLCache[Hashable, _Failures], name: Hashable, now_s: float) -> float:
    failures = memory.get(name)
    return 0.0 if failures is None else max(0.0, failures.paused_until_s - now_s)


def _count(memory: TTLCache[Hashable, _Failures], name: Hashable, now_s: float, longest_s: float) -> None:
    before = memory.get(name)
    times = (before.times if before else 0) + 1
    pause_s = min(longest_s, 2.0 ** min(times - FREE_FAILURES, 30)) if times >= FREE_FAILURES else 0.0
    memory[name] = _Failures(times, now_s + pause_s)


def _take_back(memory: TTLCache[Hashable, _Failures], name: Hashable) -> None:
    before = memory.pop(name, None)
    if before is not None and before.times > 1:
        times = before.times - 1
        memory[name] = _Failures(times, before.paused_until_s if times >= FREE_FAILURES else 0.0)
