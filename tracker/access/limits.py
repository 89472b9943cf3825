"""How much may come in: token buckets, by key, site and address.

The generic cell rate algorithm: a bucket is one number, the time at which it will be
full again. ``limits`` 5.8 was measured and not taken: its memory storage has no bound,
reads the wall clock itself and walks all its keys, 7 to 23 µs for each bucket of a
request. An LRUCache of cachetools took 3 µs, an ordered dictionary takes 1.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import NamedTuple

from tracker.core.clock import Clock

MAX_BUCKETS = 100_000
IPV6_NETWORK_BITS = 64


class Grant(NamedTuple):
    """What became of a request; of several buckets, the one that has the least left."""

    allowed: bool
    limit: int
    """Size of the bucket."""
    per_second: float
    """How fast it fills."""
    full_in_s: float
    retry_after_s: int
    """Seconds until the same request would be allowed: 1 or more when it was not, else 0."""

    @property
    def remaining(self) -> int:
        """What is left in it."""
        return max(0, int(self.limit - self.full_in_s * self.per_second + 1e-6))

    @property
    def reset_s(self) -> int:
        """Seconds until it is full again."""
        return ceil(self.full_in_s)

    def headers(self) -> dict[str, str]:
        """Return the RateLimit headers, and Retry-After where it was refused."""
        headers = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return headers if self.allowed else {"Retry-After": str(self.retry_after_s), **headers}


class RateLimiter:
    """Buckets of ``burst`` tokens that fill at ``per_second``; 0 in either turns the limit off.

    Holds at most ``max_buckets``, about 300 bytes each. When it is full, the one that was
    used longest ago is forgotten, that is, full again: who can send from 100,000 networks
    is not held by a limit on each of them, but by the one on the site.
    """

    def __init__(self, per_second: float, burst: int, clock: Clock, max_buckets: int = MAX_BUCKETS) -> None:
        self.is_on = per_second > 0 and burst > 0
        self._per_second = per_second
        self._burst = burst
        self._cost_s = 1 / per_second if per_second > 0 else 0.0
        self._depth_s = burst * self._cost_s
        self._clock = clock
        self._max_buckets = max_buckets
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()
        self.refused = 0

    @property
    def buckets(self) -> int:
        """Buckets held, full ones too until they are pushed out."""
        return len(self._full_at)

    def take(self, names: Sequence[Hashable], cost: int = 1) -> Grant | None:
        """Take ``cost`` tokens from each bucket in ``names``, or from none; ``None`` while turned off.

        A request that costs more than a whole bucket passes when the bucket is full, and
        the next one waits until it is paid for: so a big array is slow, not impossible.
        """
        if not self.is_on:
            return None
        now_s = self._clock.now().monotonic_s
        full_at = [self._full_at.get(name, now_s) for name in names]
        full_in_s = max(now_s, *full_at) - now_s
        over_s = full_in_s + min(cost, self._burst) * self._cost_s - self._depth_s
        # Of what is nothing but rounding, nobody has to wait a second.
        if over_s > 1e-9 * self._depth_s:
            self.refused += 1
            return Grant(False, self._burst, self._per_second, full_in_s, max(1, ceil(over_s)))
        taken_s = cost * self._cost_s
        for name, at_s in zip(names, full_at, strict=True):
            self._put(name, (at_s if at_s > now_s else now_s) + taken_s)
        return Grant(True, self._burst, self._per_second, full_in_s + taken_s, 0)

    def _put(self, name: Hashable, full_at_s: float) -> None:
        self._full_at[name] = full_at_s
        self._full_at.move_to_end(name)
        if len(self._full_at) > self._max_buckets:
            self._full_at.popitem(last=False)


@lru_cache(maxsize=16_384)
def network_of(address: str) -> str:
    """Return what counts as one sender: an IPv4 address, or an IPv6 network of 64 bits.

    Text that is no address gives one and the same name, so that it makes no new buckets.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        host_bits = 128 - IPV6_NETWORK_BITS
        return f"{IPv6Address(int(parsed) >> host_bits << host_bits)}/{IPV6_NETWORK_BITS}"
    return str(parsed)
