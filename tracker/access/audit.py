"""The audit: who did what with access or set something up, and who was denied.

No password, key or token is ever in it.
"""

from collections import Counter, deque
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

from cachetools import TTLCache

from tracker.access.limits import RateLimiter
from tracker.core.accounts import AuditLine
from tracker.core.clock import Clock

MAX_WAITING = 1_000
SAME_AGAIN_S = 60.0
REMEMBERED_DENIALS = 1_000
DENIALS_PER_SECOND = 1.0
DENIALS_AT_ONCE = 60
SHOWN_BITS = {4: 24, 6: 48}


class Action(StrEnum):
    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    SETUP_DONE = "setup_done"
    DENIED = "denied"
    SITE_ADDED = "site_added"
    SITE_REMOVED = "site_removed"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    USER_SAVED = "user_saved"
    USER_REMOVED = "user_removed"
    PASSWORD_CHANGED = "password_changed"
    EXPORTED = "exported"
    ERASED = "erased"
    WEBHOOK_CREATED = "webhook_created"
    WEBHOOK_REMOVED = "webhook_removed"
    WEBHOOK_REPLAYED = "webhook_replayed"
    WATCH_CREATED = "watch_created"
    WATCH_REMOVED = "watch_removed"


FLOODABLE = frozenset({Action.DENIED, Action.LOGIN_FAILED})
"""Those that a stranger can cause as often as he likes."""


class AuditStore(Protocol):
    async def write(self, lines: Sequence[AuditLine]) -> None: ...


class AuditLog:
    """Takes lines at any rate; :meth:`flush` writes what waits.

    What a stranger can cause is written once a minute for the same thing, and no more than
    one line a second in all, so that he cannot push out what matters; ``counts`` has every
    one. At most 1,000 lines wait: while the disk takes none the oldest are given up, and
    ``given_up`` counts them.
    """

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[AuditLine] = deque(maxlen=MAX_WAITING)
        self._told: TTLCache[tuple[str, ...], bool] = TTLCache(
            REMEMBERED_DENIALS, SAME_AGAIN_S, lambda: clock.now().monotonic_s
        )
        self._pace = RateLimiter(DENIALS_PER_SECOND, DENIALS_AT_ONCE, clock, 1)
        self.counts: Counter[Action] = Counter()
        self.given_up = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def add(self, action: Action, actor: str, site: str = "", address: str = "", detail: str = "") -> None:
        """Note one line. ``actor``: a known user's e-mail, a key's prefix or ``cli``; never what was typed.

        ``address``: as it is; only its network is kept. ``detail``: words of ours.
        """
        self.counts[action] += 1
        line = AuditLine(self._clock.now().unix_s, action.value, actor, site, blurred(address), detail)
        if action in FLOODABLE and not self._is_worth_it(line):
            return
        if len(self._waiting) == MAX_WAITING:
            self.given_up += 1
        self._waiting.append(line)

    async def flush(self) -> None:
        """Write what waits. Raises whatever the store raises; then it waits on."""
        lines = list(self._waiting)
        if not lines:
            return
        self._waiting.clear()
        try:
            await self._store.write(lines)
        except BaseException:
            self._put_back(lines)
            raise

    def _put_back(self, lines: list[AuditLine]) -> None:
        room = MAX_WAITING - len(self._waiting)
        kept = lines[len(lines) - room :] if len(lines) > room else lines
        self.given_up += len(lines) - len(kept)
        self._waiting.extendleft(reversed(kept))

    def _is_worth_it(self, line: AuditLine) -> bool:
        same = line[1:]
        if same in self._told:
            return False
        self._told[same] = True
        grant = self._pace.take(["all"])
        return grant is not None and grant.allowed


def blurred(address: str) -> str:
    """Return the network of an address: its last 8 bits cut off, of IPv6 its last 80; else nothing."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or IPv6Address(int(parsed))
    return str(ip_network((parsed, SHOWN_BITS[parsed.version]), strict=False))
