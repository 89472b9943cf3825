"""Users: who may log in, and what they are on which site."""

import asyncio
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from typing import Protocol

from tracker.access.logins import Logins
from tracker.access.principal import Principal, logged_in
from tracker.core.accounts import Login, Role, User
from tracker.core.clock import Clock

MAX_USERS = 10_000
MAX_EMAIL = 254
EMAIL_FORM = re.compile(r"[^@\s]{1,64}@[^@\s]+")


class UserStore(Protocol):
    """What this needs of a store. Every method may raise anything; then nothing of it was kept."""

    async def put_user(self, user: User) -> None: ...

    async def remove_user(self, email: str) -> None: ...


class UserNotValid(ValueError):
    """Such a user is not kept; ``field`` says what is wrong with what was asked for."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnknownUser(LookupError):
    pass


class UserBook:
    """All users, at most 10,000, in memory and on the disk. A change counts when it is on the disk.

    All that changes something raises whatever the store raises; then nothing changed.

    ``admin_email``: the administrator, who is admin of every site whatever his roles are.
    Whoever may add users makes him with this e-mail: so only an operator may.
    ``viewers_see_contacts``: whether the role viewer includes names and addresses of visitors.
    """

    def __init__(
        self,
        store: UserStore,
        clock: Clock,
        logins: Logins,
        admin_email: str,
        viewers_see_contacts: bool = True,
    ) -> None:
        self._store = store
        self._clock = clock
        self._logins = logins
        self._users: dict[str, User] = {}
        # One change after the other: two at once would each write what the other had not seen.
        self._changing = asyncio.Lock()
        self.admin_email = canonical_email(admin_email)
        self._viewers_see_contacts = viewers_see_contacts

    def restore(self, users: Iterable[User]) -> None:
        self._users = {user.email: user for user in users}

    @property
    def size(self) -> int:
        return len(self._users)

    def list_users(self) -> list[User]:
        return sorted(self._users.values(), key=lambda user: user.email)

    def get(self, email: str) -> User | None:
        return self._users.get(email)

    def has_administrator(self) -> bool:
        return self.admin_email in self._users

    def visitor(self, token: str) -> Principal | None:
        """Return who is logged in with ``token``; ``None`` when nobody is (any more)."""
        login = self._logins.check(token)
        return None if login is None else self.principal(login)

    def principal(self, login: Login) -> Principal | None:
        user = self._users.get(login.email)
        if user is None:
            return None
        return logged_in(user, login, user.email == self.admin_email, self._viewers_see_contacts)

    async def add(self, email: str, password: str, roles: Mapping[str, Role], sites: Container[str]) -> User:
        """Add a user. ``password``: its hash.

        Raises:
            UserNotValid: there is one already, or no such site.
        """
        async with self._changing:
            if email in self._users:
                raise UserNotValid("email", "there is such a user already")
            if len(self._users) >= MAX_USERS:
                raise UserNotValid("email", f"there are {MAX_USERS} users already")
            _check_roles(roles, sites)
            now_s = self._clock.now().unix_s
            return await self._put(User(email, password, dict(roles), now_s, now_s))

    async def set_password(self, email: str, password: str) -> User:
        """Keep the hash of a new password, then end all logins of the user. Raises ``UnknownUser``."""
        async with self._changing:
            now_s = self._clock.now().unix_s
            changed = await self._put(self._known(email)._replace(password=password, changed_at=now_s))
            self._logins.end_all(email)
            return changed

    async def renew_hash(self, user: User, password: str) -> User:
        """Keep a new hash of the same password, unless the user changed meanwhile."""
        async with self._changing:
            if self._users.get(user.email) is not user:
                return user
            return await self._put(user._replace(password=password))

    async def set_roles(self, email: str, roles: Mapping[str, Role], sites: Container[str]) -> User:
        """Replace all roles, then end all logins of the user, so that open sockets obey them too.

        Raises:
            UnknownUser: there is none.
            UserNotValid: there is no such site.
        """
        async with self._changing:
            _check_roles(roles, sites)
            changed = await self._put(self._known(email)._replace(roles=dict(roles)))
            self._logins.end_all(email)
            return changed

    async def remove(self, email: str) -> None:
        """Remove a user, then end all logins. Raises ``UnknownUser``."""
        async with self._changing:
            self._known(email)
            await self._store.remove_user(email)
            del self._users[email]
            self._logins.end_all(email)

    def forget_site(self, site: str) -> None:
        """Take a removed site out of all roles; the store has done so itself."""
        for user in list(self._users.values()):
            if site in user.roles:
                roles = {other: role for other, role in user.roles.items() if other != site}
                self._users[user.email] = user._replace(roles=roles)

    def take_over(self, user: User) -> None:
        """Know a user whom the store has got already."""
        self._users[user.email] = user

    async def _put(self, user: User) -> User:
        await self._store.put_user(user)
        self._users[user.email] = user
        return user

    def _known(self, email: str) -> User:
        user = self._users.get(email)
        if user is None:
            raise UnknownUser(email)
        return user


def canonical_email(text: str) -> str:
    """Return an e-mail as it is compared: NFC, in lower case, without spaces around it.

    Raises:
        UserNotValid: it is none.
    """
    email = unicodedata.normalize("NFC", text.strip()).lower()
    if len(email) > MAX_EMAIL or not EMAIL_FORM.fullmatch(email) or not email.isprintable():
        raise UserNotValid("email", "must be an e-mail address")
    return email


def _check_roles(roles: Mapping[str, Role], sites: Container[str]) -> None:
    if any(site not in sites for site in roles):
        raise UserNotValid("roles", "there is no such site")
