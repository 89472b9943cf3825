"""Sites and their keys: in memory for every request, on the disk for the next start."""

import re
import secrets
import unicodedata
from collections.abc import Collection, Iterable, KeysView, Mapping
from typing import NamedTuple, Protocol

from tracker.access.keys import (
    NewKey,
    RandomBytes,
    check_key,
    id_of,
    make_key,
)
from tracker.access.principal import Principal, holder_of
from tracker.access.verdicts import Denied
from tracker.access.watchers import Watchers
from tracker.core.accounts import DEFAULT_SITE, Key, Scope, Site
from tracker.core.clock import Clock

MAX_SITES = 10_000
KEYS_PER_SITE = 50
MAX_NAME = 100
SITE_FORM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})", re.ASCII)
FIRST_SCOPES = (Scope.INGEST, Scope.READ, Scope.ADMIN)


class BookStore(Protocol):
    """What the book needs of a store. Every method may raise anything; then nothing of it was kept."""

    async def add_site(self, site: Site, key: Key | None = None) -> bool: ...

    async def remove_site(self, site: str, at: float) -> None: ...

    async def add_key(self, key: Key, dropped: str | None = None) -> bool: ...

    async def revoke_key(self, key_id: str, at: float) -> None: ...

    async def note_used(self, keys: Mapping[str, float], logins: Mapping[bytes, float]) -> None: ...


class SiteNotValid(ValueError):
    """No site of this name is made: ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"site: {reason}")
        self.reason = reason


class BookFull(Exception):
    """There are as many sites, or keys of this site, as there may be; the text says which."""


class UnknownSite(LookupError):
    pass


class NewSite(NamedTuple):
    site: Site
    first: NewKey


class SiteBook:
    """All sites and keys. A check costs microseconds and no disk.

    What is added counts when it is on the disk. What is revoked or removed counts at once;
    when the disk does not take that, it is tried again with every :meth:`flush`.
    """

    def __init__(
        self,
        store: BookStore,
        clock: Clock,
        watchers: Watchers,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._clock = clock
        self._watchers = watchers
        self._random_bytes = random_bytes
        self._sites: dict[str, Site] = {}
        self._taken: set[str] = set()
        self._keys: dict[str, Key] = {}
        self._holders: dict[str, Principal] = {}
        self._used: dict[str, float] = {}
        self._revoked: dict[str, float] = {}
        self._removed: dict[str, float] = {}
        self.version = 0
        """Another number whenever :meth:`holder` or :attr:`sites` may say something else."""

    def restore(self, sites: Iterable[Site], keys: Iterable[Key]) -> None:
        for site in sites:
            self._taken.add(site.id)
            if site.removed_at is None:
                self._hold_site(site)
        for key in keys:
            self._hold(key)

    # Sites

    @property
    def sites(self) -> KeysView[str]:
        """The ids of those that exist; it follows what changes."""
        return self._sites.keys()

    def list_sites(self) -> list[Site]:
        return sorted(self._sites.values())

    async def add_site(self, site_id: str, name: str = "") -> Site:
        """Add a site without a key.

        Raises:
            SiteNotValid: the id is no such name, or was used before.
            BookFull: there are 10,000.
        """
        if not SITE_FORM.fullmatch(site_id):
            raise SiteNotValid("must be 1 to 63 small letters, digits and hyphens, with no hyphen first")
        self._need_room()
        site = Site(site_id, _name(name or site_id), self._clock.now().unix_s)
        if not await self._store.add_site(site):
            raise SiteNotValid("is there already, or was: an id is never used again")
        self._hold_site(site)
        return site

    async def register(self, name: str) -> NewSite:
        """Add a site with a first key that may do everything on it.

        Its id is made of ``name``; when that one is taken, something random is added.

        Raises:
            SiteNotValid: the name is empty, too long or holds control characters.
            BookFull: there are 10,000 sites.
        """
        shown, base = _name(name), _id_from(name)
        self._need_room()
        while True:
            site_id = base if base and base not in self._taken else f"{base or 'site'}-{self._suffix()}"
            site = Site(site_id, shown, self._clock.now().unix_s)
            first = make_key(site_id, FIRST_SCOPES, "first key", (), site.created_at, self._random_bytes)
            if await self._store.add_site(site, first.key):
                self._hold_site(site)
                self._hold(first.key)
                return NewSite(site, first)
            self._taken.add(site_id)

    async def remove_site(self, site_id: str) -> None:
        """Remove a site: its keys are revoked, its id is never given again. Its data stay where they are.

        Raises:
            UnknownSite: there is none.
            SiteNotValid: it is the one that always exists.
        """
        if site_id == DEFAULT_SITE:
            raise SiteNotValid("the default site cannot be removed")
        if self._sites.pop(site_id, None) is None:
            raise UnknownSite(site_id)
        self.version += 1
        now_s = self._clock.now().unix_s
        for key in self.keys_of(site_id):
            self._revoke(key, now_s)
        self._removed[site_id] = now_s
        self._watchers.site_ended(site_id)
        await self.flush()

    # Keys

    def keys_of(self, site: str) -> list[Key]:
        """Return all keys of a site, revoked ones too, the oldest first."""
        return [self._shown(key) for key in self._keys.values() if key.site == site]

    async def create_key(
        self, site: str, scopes: Collection[Scope], name: str = "", origins: Collection[str] = ()
    ) -> NewKey:
        """Make a key; of 50 on a site the one that was revoked first is forgotten.

        Raises:
            UnknownSite: there is none.
            KeyNotValid: no such key is made; it says which field is wrong.
            BookFull: the site has 50 that are not revoked.
        """
        if site not in self._sites:
            raise UnknownSite(site)
        dropped = self._to_drop(site)
        while True:
            new = make_key(site, scopes, name, origins, self._clock.now().unix_s, self._random_bytes)
            if await self._store.add_key(new.key, dropped):
                break
        if dropped is not None:
            self._drop(dropped)
        if site not in self._sites:
            # Removed while the disk was written: the key must not outlive it.
            self._revoked[new.key.id] = self._clock.now().unix_s
            raise UnknownSite(site)
        self._hold(new.key)
        return new

    async def revoke_key(self, prefix: str, site: str | None = None) -> Key | None:
        """Revoke the key of this prefix (or id) and return it; ``None`` when there is none that can be.

        ``site``: only a key of this site; another's is as unknown as none.
        """
        key = self._keys.get(id_of(prefix) or "")
        if key is None or key.revoked_at is not None or (site is not None and key.site != site):
            return None
        revoked = self._revoke(key, self._clock.now().unix_s)
        await self.flush()
        return revoked

    def holder(self, text: str, origin: str | None, in_url: bool = False) -> Principal | Denied:
        """Return who holds the key ``text``, and count it as used. See :func:`check_key`."""
        key = check_key(self._keys, text, origin, in_url)
        if isinstance(key, Denied):
            return key
        self.note_used(key)
        return self._holders[key.id]

    def note_used(self, key: Key) -> None:
        self._used[key.id] = self._clock.now().unix_s

    async def flush(self) -> None:
        """Tell the disk what was removed and revoked. What it does not take waits on.

        Raises whatever the store raises.
        """
        for site_id, at in list(self._removed.items()):
            await self._store.remove_site(site_id, at)
            self._removed.pop(site_id, None)
        for key_id, at in list(self._revoked.items()):
            await self._store.revoke_key(key_id, at)
            self._revoked.pop(key_id, None)

    async def flush_used(self) -> None:
        """Tell the disk when keys were used last. Raises whatever the store raises."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._store.note_used(used, {})
        except BaseException:
            self._used = used | self._used
            raise
        for key_id, at in used.items():
            if key_id in self._keys:
                self._hold(self._keys[key_id]._replace(last_used_at=at))

    @property
    def key_count(self) -> int:
        return len(self._keys)

    def _hold_site(self, site: Site) -> None:
        self._taken.add(site.id)
        self._sites[site.id] = site
        self.version += 1

    def _hold(self, key: Key) -> None:
        self._keys[key.id] = key
        self._holders[key.id] = holder_of(key)
        self.version += 1

    def _revoke(self, key: Key, now_s: float) -> Key:
        if key.revoked_at is not None:
            return key
        revoked = self._shown(key)._replace(revoked_at=now_s)
        self._hold(revoked)
        self._revoked[key.id] = now_s
        self._watchers.key_ended(key.id)
        return revoked

    def _drop(self, key_id: str) -> None:
        for held in (self._keys, self._holders, self._used, self._revoked):
            held.pop(key_id, None)
        self.version += 1

    def _shown(self, key: Key) -> Key:
        return key._replace(last_used_at=self._used.get(key.id, key.last_used_at))

    def _to_drop(self, site: str) -> str | None:
        keys = [key for key in self._keys.values() if key.site == site]
        if len(keys) < KEYS_PER_SITE:
            return None
        revoked = [(key.revoked_at, key.id) for key in keys if key.revoked_at is not None]
        if not revoked:
            raise BookFull(f"a site has at most {KEYS_PER_SITE} keys; revoke one first")
        return min(revoked)[1]

    def _need_room(self) -> None:
        if len(self._sites) >= MAX_SITES:
            raise BookFull(f"there are at most {MAX_SITES} sites")

    def _suffix(self) -> str:
        return self._random_bytes(3).hex()


def _name(text: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise SiteNotValid(f"its name must have 1 to {MAX_NAME} printable characters")
    return name


def _id_from(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
