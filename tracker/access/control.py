"""All of access in one piece: what the routes, the sockets and the commands talk to."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from tracker.access.attempts import Attempts
from tracker.access.audit import Action, AuditLog, AuditStore
from tracker.access.book import BookStore, SiteBook
from tracker.access.keys import RandomBytes
from tracker.access.limits import Grant, RateLimiter, network_of
from tracker.access.logins import Logins, LoginStore
from tracker.access.passwords import Passwords
from tracker.access.principal import Mode, Need, Principal, anonymous, may
from tracker.access.setup import Setup, SetupStore
from tracker.access.signin import SignIn
from tracker.access.users import UserBook, UserStore
from tracker.access.verdicts import Allowed, Denied, Reason
from tracker.access.watchers import Watchers
from tracker.core.accounts import Accounts
from tracker.core.clock import Clock
from tracker.settings import Auth, Limits

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 1.0
NOTE_USED_EVERY_S = 30.0
MAX_EXPORT_BUCKETS = 10_000

Sleep = Callable[[float], Awaitable[None]]


class AccountStore(BookStore, LoginStore, UserStore, SetupStore, Protocol):
    async def load(self) -> Accounts: ...


class OpenToTheWorld(Exception):
    """``auth.mode`` is ``open`` on an address that others can reach."""

    def __init__(self) -> None:
        super().__init__("auth.mode: open is for a loopback host only; set it to required or auto")


class Credentials(NamedTuple):
    """What a request brought, each as it came; nothing of it was checked yet."""

    key: str | None = None
    """Of ``x-api-key`` or ``Authorization: Bearer``, else of ``?key=``."""
    key_in_url: bool = False
    login_token: str | None = None
    """Of the cookie."""
    origin: str | None = None
    """The header."""
    address: str = ""
    """Of the client, found by way of the trusted proxies."""


async def _nothing(site: str) -> None:
    pass


def mode_of(configured: str, host_is_loopback: bool) -> Mode:
    """Return the mode that ``auth.mode`` means on this host.

    Raises:
        OpenToTheWorld: it would leave the service open to everybody who can reach it.
    """
    if configured == "open" and not host_is_loopback:
        raise OpenToTheWorld
    is_open = configured == "open" or (configured == "auto" and host_is_loopback)
    return Mode.OPEN if is_open else Mode.REQUIRED


class AccessControl:
    """Builds the parts and runs what has to be done from time to time.

    ``passwords`` is closed with it. ``viewers_see_contacts``: see :class:`UserBook`.
    """

    def __init__(
        self,
        store: AccountStore,
        audit_store: AuditStore,
        clock: Clock,
        mode: Mode,
        auth: Auth,
        limits: Limits,
        passwords: Passwords,
        random_bytes: RandomBytes = secrets.token_bytes,
        sleep: Sleep = asyncio.sleep,
        viewers_see_contacts: bool = True,
    ) -> None:
        self._store = store
        self._sleep = sleep
        self.mode = mode
        self.nobody = anonymous(mode)
        """Who asks without credentials."""
        self.passwords = passwords
        self.watchers = Watchers()
        self.audit = AuditLog(audit_store, clock)
        self.logins = Logins(store, clock, self.watchers, random_bytes)
        self.book = SiteBook(store, clock, self.watchers, random_bytes)
        self.users = UserBook(store, clock, self.logins, auth.admin_email, viewers_see_contacts)
        self.attempts = Attempts(clock, limits.login_per_minute)
        self.signin = SignIn(self.users, self.logins, passwords, self.attempts, self.audit)
        self.setup = Setup(store, self.users, passwords, self.attempts, self.audit, clock, random_bytes)
        self.ingest = RateLimiter(limits.ingest_per_second, limits.ingest_burst, clock)
        exports = limits.exports_per_minute
        self.exports = RateLimiter(exports / 60, exports, clock, MAX_EXPORT_BUCKETS)
        self.forget_site: Callable[[str], Awaitable[None]] = _nothing
        """Called when a site was removed, for what is known of it elsewhere."""
        self.save_failures = 0
        """Failed writes since the last good one."""

    async def load(self) -> None:
        """Take over what was kept. Before this nobody is known. Raises whatever the store raises."""
        kept = await self._store.load()
        self.book.restore(kept.sites, kept.keys)
        self.users.restore(kept.users)
        self.logins.restore(kept.logins)

    def identify(self, credentials: Credentials) -> Principal | Denied:
        """Return who asks. A key goes before a login; one that is not good is never passed over."""
        if credentials.key is not None:
            found = self.book.holder(credentials.key, credentials.origin, credentials.key_in_url)
            if isinstance(found, Denied):
                self.audit.add(Action.DENIED, "", address=credentials.address, detail=found.reason.value)
            return found
        if credentials.login_token is not None:
            visitor = self.users.visitor(credentials.login_token)
            if visitor is not None:
                return visitor
            # An old cookie must not keep anybody out of a service that asks for none.
            if self.mode is Mode.REQUIRED:
                return Denied(Reason.BAD_LOGIN)
        return self.nobody

    def decide(
        self, principal: Principal, need: Need, named_site: str | None, address: str
    ) -> Allowed | Denied:
        """Return :func:`may`, and note a denial."""
        verdict = may(principal, need, named_site, self.book.sites)
        if isinstance(verdict, Denied):
            self.audit.add(Action.DENIED, principal.name, address=address, detail=verdict.reason.value)
        return verdict

    def take_ingest(self, principal: Principal, site: str, address: str, events: int) -> Grant | None:
        """Count events against the limits of key, site and address; ``None``: there is no limit."""
        if not self.ingest.is_on:
            return None
        names = [("site", site), ("address", network_of(address))]
        if principal.key is not None:
            names.append(("key", principal.key.id))
        return self.ingest.take(names, events)

    def take_export(self, principal: Principal, site: str, address: str) -> Grant | None:
        """Count an export from ``site`` against the limit of who asks; ``None``: there is no limit."""
        return self.exports.take([(site, principal.name or network_of(address))])

    async def remove_site(self, site: str) -> None:
        """Remove a site with all but its history. Raises as :meth:`SiteBook.remove_site` does."""
        affected = [user.email for user in self.users.list_users() if site in user.roles]
        try:
            await self.book.remove_site(site)
        finally:
            if site not in self.book.sites:
                self.users.forget_site(site)
                for email in affected:
                    self.logins.end_all(email)
                await self.forget_site(site)

    async def run(self) -> None:
        """End logins that are over and write what waits, every second."""
        turns = int(NOTE_USED_EVERY_S / SWEEP_EVERY_S)
        while True:
            for turn in range(turns):
                await self._sleep(SWEEP_EVERY_S)
                self.logins.sweep()
                await self._save(with_used=turn == turns - 1)

    async def close(self) -> None:
        """Write what waits, once."""
        await self._save(with_used=True)
        self.passwords.close()

    async def _save(self, with_used: bool) -> None:
        try:
            await self.book.flush()
            await self.logins.flush()
            await self.audit.flush()
            if with_used:
                await self.book.flush_used()
                await self.logins.flush_used()
        except Exception as error:
            if not self.save_failures:
                log.error("accounts cannot be saved (%s); tried again every second", type(error).__name__)
            self.save_failures += 1
            return
        if self.save_failures:
            log.info("accounts: saved again after %d failures", self.save_failures)
        self.save_failures = 0

    def status(self) -> dict[str, Any]:
        """Return how full everything is."""
        return {
            "mode": self.mode.value,
            "sites": len(self.book.sites),
            "keys": self.book.key_count,
            "users": self.users.size,
            "logins": self.logins.size,
            "watchers": self.watchers.size,
            "hashes_underway": self.passwords.underway,
            "attempts_remembered": self.attempts.remembered,
            "attempts_refused": self.attempts.refused,
            "ingest_buckets": self.ingest.buckets,
            "ingest_refused": self.ingest.refused,
            "export_buckets": self.exports.buckets,
            "exports_refused": self.exports.refused,
            "audit_waiting": self.audit.waiting,
            "audit_given_up": self.audit.given_up,
            "audit": {action.value: count for action, count in self.audit.counts.items()},
            "save_failures": self.save_failures,
        }
