"""Administration of a service that is stopped: straight in its journal's file."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from tracker.access.audit import Action
from tracker.access.book import BookFull, SiteNotValid, UnknownSite
from tracker.access.control import AccessControl
from tracker.access.keys import KeyNotValid, NewKey
from tracker.access.passwords import PasswordRefused, Passwords
from tracker.access.principal import Mode
from tracker.access.users import UnknownUser, UserNotValid, canonical_email
from tracker.commands.port import CommandFailed, FreshKey, ShownKey, ShownSite, ShownUser
from tracker.core.accounts import Role, Scope
from tracker.core.clock import Clock
from tracker.settings import Settings
from tracker.store.accounts import AccountTables
from tracker.store.audit import AuditTable
from tracker.store.database import Database, journal_path, open_database
from tracker.store.errors import StoreError, StoreLocked

ACTOR = "cli"
"""Who did it, as the audit says it."""

T = TypeVar("T")
Step = Callable[[AccessControl], Coroutine[Any, Any, T]]


@contextmanager
def stored(settings: Settings, clock: Clock) -> Iterator["StoredAdministration"]:
    """Open the journal's file, or make it, and hold it until the end.

    Raises:
        StoreLocked: a service, or another command, holds it.
        CommandFailed: it cannot be used.
    """
    try:
        database = open_database(journal_path(settings.store), clock)
    except StoreLocked:
        raise
    except StoreError as error:
        raise CommandFailed(str(error)) from error
    with asyncio.Runner() as runner:
        try:
            yield StoredAdministration(runner, database, settings, clock)
        finally:
            runner.run(database.close())


class StoredAdministration:
    """Reads everything anew for each step: the commands do one."""

    def __init__(self, runner: asyncio.Runner, database: Database, settings: Settings, clock: Clock) -> None:
        self._runner = runner
        self._database = database
        self._settings = settings
        self._clock = clock

    def sites(self) -> list[ShownSite]:
        async def step(access: AccessControl) -> list[ShownSite]:
            return [ShownSite(site.id, site.name, site.created_at) for site in access.book.list_sites()]

        return self._do(step)

    def add_site(self, name: str) -> FreshKey:
        async def step(access: AccessControl) -> FreshKey:
            site, first = await access.book.register(name)
            access.audit.add(Action.SITE_ADDED, ACTOR, site.id)
            return _fresh(first)

        return self._do(step)

    def remove_site(self, site: str) -> None:
        async def step(access: AccessControl) -> None:
            await access.remove_site(site)
            access.audit.add(Action.SITE_REMOVED, ACTOR, site)

        self._do(step)

    def keys(self, site: str) -> list[ShownKey]:
        async def step(access: AccessControl) -> list[ShownKey]:
            _need_site(access, site)
            return [
                ShownKey(
                    key.prefix, key.name, sorted(key.scopes), key.origins, key.created_at, key.last_used_at
                )
                for key in access.book.keys_of(site)
                if key.revoked_at is None
            ]

        return self._do(step)

    def create_key(self, site: str, scopes: Sequence[str], name: str, origins: Sequence[str]) -> FreshKey:
        async def step(access: AccessControl) -> FreshKey:
            new = await access.book.create_key(site, [Scope(scope) for scope in scopes], name, origins)
            access.audit.add(Action.KEY_CREATED, ACTOR, site, detail=new.key.prefix)
            return _fresh(new)

        return self._do(step)

    def revoke_key(self, site: str, prefix: str) -> None:
        async def step(access: AccessControl) -> None:
            _need_site(access, site)
            revoked = await access.book.revoke_key(prefix, site)
            if revoked is None:
                raise CommandFailed(
                    f"there is no such key on site {site}, or it is revoked already;"
                    f" see `tracker key list --site {site}`"
                )
            access.audit.add(Action.KEY_REVOKED, ACTOR, site, detail=revoked.prefix)

        self._do(step)

    def users(self, site: str) -> list[ShownUser]:
        async def step(access: AccessControl) -> list[ShownUser]:
            _need_site(access, site)
            everywhere = {access.users.admin_email: Role.ADMIN}
            return [
                ShownUser(user.email, role.value, user.created_at)
                for user in access.users.list_users()
                if (role := everywhere.get(user.email) or user.roles.get(site)) is not None
            ]

        return self._do(step)

    def add_user(self, site: str, email: str, password: str | None, role: str) -> None:
        async def step(access: AccessControl) -> None:
            account = canonical_email(email)
            _need_site(access, site)
            known = access.users.get(account)
            if password is None:
                if known is None:
                    raise UnknownUser(account)
                await access.users.set_roles(account, {**known.roles, site: Role(role)}, access.book.sites)
            elif known is not None:
                raise CommandFailed(
                    f"there is a user {account} already; give the role with --existing,"
                    f" or a new password with `tracker user passwd {account}`"
                )
            else:
                hashed = await access.passwords.hash(password, account)
                roles = {} if account == access.users.admin_email else {site: Role(role)}
                await access.users.add(account, hashed, roles, access.book.sites)
            change = "added" if known is None else "changed"
            access.audit.add(Action.USER_SAVED, ACTOR, site, detail=f"{change} {role}")

        self._do(step)

    def set_password(self, email: str, password: str) -> None:
        async def step(access: AccessControl) -> None:
            account = canonical_email(email)
            if access.users.get(account) is None:
                raise UnknownUser(account)
            await access.users.set_password(account, await access.passwords.hash(password, account))
            access.audit.add(Action.PASSWORD_CHANGED, ACTOR)

        self._do(step)

    def remove_user(self, site: str, email: str) -> None:
        async def step(access: AccessControl) -> None:
            account = canonical_email(email)
            _need_site(access, site)
            known = access.users.get(account)
            is_administrator = account == access.users.admin_email
            if known is None or (site not in known.roles and not is_administrator):
                raise CommandFailed(
                    f"no user {account} on site {site}; see `tracker user list --site {site}`"
                )
            if is_administrator:
                raise CommandFailed(
                    f"{account} is the administrator, who cannot be removed;"
                    f" set a new password with `tracker user passwd {account}`"
                )
            others = {name: role for name, role in known.roles.items() if name != site}
            if others:
                await access.users.set_roles(account, others, access.book.sites)
            else:
                await access.users.remove(account)
            access.audit.add(Action.USER_REMOVED, ACTOR, site)

        self._do(step)

    def _do(self, step: Step[T]) -> T:
        return self._runner.run(self._stepped(step))

    async def _stepped(self, step: Step[T]) -> T:
        writer = self._database.writer
        access = AccessControl(
            AccountTables(writer),
            AuditTable(writer),
            self._clock,
            Mode.REQUIRED,
            self._settings.auth,
            self._settings.limits,
            Passwords(),
        )
        try:
            await access.load()
            result = await step(access)
            await access.book.flush()
            await access.logins.flush()
            await access.audit.flush()
        except (SiteNotValid, KeyNotValid, UserNotValid, PasswordRefused, BookFull) as error:
            raise CommandFailed(str(error)) from error
        except UnknownSite as error:
            raise CommandFailed(f"there is no site {error}; see `tracker site list`") from error
        except UnknownUser as error:
            raise CommandFailed(f"there is no user {error}; see `tracker user list`") from error
        except StoreError as error:
            raise CommandFailed(f"{error}; make sure that the disk has space and try again") from error
        finally:
            access.passwords.close()
        return result


def _need_site(access: AccessControl, site: str) -> None:
    if site not in access.book.sites:
        raise UnknownSite(site)


def _fresh(new: NewKey) -> FreshKey:
    key = new.key
    return FreshKey(new.text, key.prefix, key.site, sorted(key.scopes), key.origins)
