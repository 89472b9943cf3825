"""Logins: a random token in the browser, everything else on the server."""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from tracker.access.keys import RandomBytes, digest_of
from tracker.access.watchers import Watchers
from tracker.core.accounts import Login
from tracker.core.clock import Clock, Now

TOKEN_BYTES = 32
MAX_TOKEN = 64
IDLE_S = 30 * 60.0
LONGEST_S = 12 * 3_600.0
PER_USER = 20
MAX_LOGINS = 10_000


class LoginStore(Protocol):
    """What logins need of a store. Every method may raise anything; then nothing of it was kept."""

    async def add_login(self, login: Login) -> bool: ...

    async def end_logins(self, digests: Collection[bytes]) -> None: ...

    async def note_used(self, keys: Mapping[str, float], logins: Mapping[bytes, float]) -> None: ...


class _Open(NamedTuple):
    login: Login
    created: Now
    used: Now


class Logins:
    """Who is logged in. A login ends after 30 minutes without use and after 12 hours in any case.

    An open socket is use: who watches a dashboard asks for nothing else.
    Time is up when either clock says so: the monotonic one stands still while the
    machine sleeps, the other one may be set back. At most 20 logins a user and 10,000
    in all; a further one ends the oldest. All counts at once, in memory; the disk is
    told by :meth:`flush`, so somebody can log in even while it is full.
    """

    def __init__(
        self,
        store: LoginStore,
        clock: Clock,
        watchers: Watchers,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._clock = clock
        self._watchers = watchers
        self._random_bytes = random_bytes
        self._open: dict[bytes, _Open] = {}
        self._new: dict[bytes, Login] = {}
        self._used: dict[bytes, float] = {}
        self._ended: set[bytes] = set()
        """Kept on the disk and over: no more than there could be open ones."""
        self._flushing = asyncio.Lock()

    @property
    def size(self) -> int:
        return len(self._open)

    def restore(self, logins: Iterable[Login]) -> None:
        """Take over the logins of an earlier run; those that are over are forgotten."""
        now = self._clock.now()
        for login in sorted(logins, key=lambda login: login.created_at):
            created, used = (_reading_at(at, now) for at in (login.created_at, login.used_at))
            self._open[login.digest] = _Open(login, created, used)
        self.sweep()

    def open(self, email: str, previous_token: str | None = None) -> tuple[str, Login]:
        """Begin a login and return its token, which is kept nowhere, and what is kept of it.

        ``previous_token``: the one that the browser brought, if any; it ends, whoever's it was.
        """
        if previous_token is not None:
            self._end(digest_of(previous_token))
        self._make_room(email)
        now = self._clock.now()
        token = urlsafe_b64encode(self._random_bytes(TOKEN_BYTES)).decode().rstrip("=")
        login = Login(digest_of(token), email, now.unix_s, now.unix_s)
        self._open[login.digest] = _Open(login, now, now)
        self._new[login.digest] = login
        return token, login

    def check(self, token: str) -> Login | None:
        """Return the login of ``token`` and count this as use of it; ``None`` when there is none."""
        if len(token) > MAX_TOKEN:
            return None
        # The digest is the key of the map: how long finding it takes tells nothing of the token.
        found = self._open.get(digest_of(token))
        if found is None:
            return None
        now = self._clock.now()
        if self._is_over(found, now):
            self._end(found.login.digest)
            return None
        self._use(found, now)
        return found.login

    def end(self, token: str) -> Login | None:
        """End one login and return it: logging out."""
        return self._end(digest_of(token))

    def end_all(self, email: str, but: bytes | None = None) -> int:
        """End every login of a user, ``but`` one, and return how many those were."""
        digests = [digest for digest in self._of(email) if digest != but]
        for digest in digests:
            self._end(digest)
        return len(digests)

    def sweep(self) -> None:
        """End what is over, so that its sockets close; note those that are in use."""
        now = self._clock.now()
        for digest, found in list(self._open.items()):
            if self._is_over(found, now):
                self._end(digest)
            elif self._watchers.is_login_watched(digest):
                self._use(found, now)

    async def flush(self) -> None:
        """Tell the disk who logged in and who is out. When it does not take it, that waits on.

        Raises whatever the store raises.
        """
        async with self._flushing:
            await self._flush_new()
            ended = set(self._ended)
            if ended:
                await self._store.end_logins(ended)
                self._ended -= ended

    async def _flush_new(self) -> None:
        while self._new:
            digest, login = self._new.popitem()
            try:
                await self._store.add_login(login)
            except BaseException:
                if digest in self._open:
                    self._new[digest] = login
                raise

    async def flush_used(self) -> None:
        """Tell the disk when logins were used last. Raises whatever the store raises."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._store.note_used({}, used)
        except BaseException:
            self._used = used | self._used
            raise

    def _use(self, found: _Open, now: Now) -> None:
        self._open[found.login.digest] = found._replace(used=now)
        self._used[found.login.digest] = now.unix_s

    def _is_over(self, found: _Open, now: Now) -> bool:
        if _passed_s(found.created, now) >= LONGEST_S:
            return True
        is_idle = _passed_s(found.used, now) >= IDLE_S
        return is_idle and not self._watchers.is_login_watched(found.login.digest)

    def _end(self, digest: bytes) -> Login | None:
        found = self._open.pop(digest, None)
        if found is None:
            return None
        self._used.pop(digest, None)
        if self._new.pop(digest, None) is None:
            self._ended.add(digest)
        self._watchers.login_ended(digest)
        return found.login

    def _make_room(self, email: str) -> None:
        own = self._of(email)
        for digest in own[: max(0, len(own) - PER_USER + 1)]:
            self._end(digest)
        while len(self._open) >= MAX_LOGINS:
            self._end(next(iter(self._open)))

    def _of(self, email: str) -> list[bytes]:
        return [digest for digest, found in self._open.items() if found.login.email == email]


def _passed_s(since: Now, now: Now) -> float:
    return max(now.monotonic_s - since.monotonic_s, now.unix_s - since.unix_s)


def _reading_at(unix_s: float, now: Now) -> Now:
    age_s = max(0.0, now.unix_s - unix_s)
    return Now(now.monotonic_s - age_s, now.unix_s - age_s)
