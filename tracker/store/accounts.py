"""Sites, keys, users and logins across a restart. No key, password or token can be read from here."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping

from tracker.core.accounts import Accounts, Key, Login, Role, Scope, SetupToken, Site, User
from tracker.store.rows import insert_rows
from tracker.store.writer import Writer

ADD_SITE = "INSERT INTO sites (id, name, created_at, removed_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
REMOVE_SITE = "UPDATE sites SET removed_at = ? WHERE id = ? AND removed_at IS NULL"
ADD_KEY = (
    "INSERT INTO keys (id, site, name, scopes, digest, origins, created_at, last_used_at, revoked_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
READ_KEYS = (
    "SELECT id, site, name, scopes, digest, origins, created_at, last_used_at, revoked_at"
    " FROM keys ORDER BY created_at, id"
)
PUT_USER = (
    "INSERT INTO users (email, password, created_at, changed_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET password = excluded.password, changed_at = excluded.changed_at"
)
ADD_LOGIN = (
    "INSERT INTO logins (digest, email, created_at, used_at) SELECT ?, email, ?, ? FROM users WHERE email = ?"
)
PUT_SETUP = (
    "INSERT INTO setup VALUES (1, ?, ?)"
    " ON CONFLICT DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at"
)

Work = Callable[[sqlite3.Connection], object]
KeyRow = tuple[str, str, str, str, bytes, str, float, float | None, float | None]


class AccountTables:
    """One method is one transaction: on the disk when it returns.

    All raise ``JournalUnavailable`` when the disk does not take it; nothing of it happened then.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def load(self) -> Accounts:
        return await self._writer.run(_read)

    async def add_site(self, site: Site, key: Key | None = None) -> bool:
        """Add a site, and its first key with it; ``False`` and nothing when either id was taken before."""

        def add(connection: sqlite3.Connection) -> bool:
            if not connection.execute(ADD_SITE, site).rowcount:
                return False
            if key is not None and not connection.execute(ADD_KEY, _row_of(key)).rowcount:
                connection.execute("DELETE FROM sites WHERE id = ?", (site.id,))
                return False
            return True

        return await self._writer.run(add)

    async def remove_site(self, site: str, at: float) -> None:
        """Mark it as removed, revoke its keys, take its roles from all users; webhooks and watch list go."""
        await self._do(
            lambda connection: (
                connection.execute(REMOVE_SITE, (at, site)),
                connection.execute(
                    "UPDATE keys SET revoked_at = ? WHERE site = ? AND revoked_at IS NULL", (at, site)
                ),
                *(
                    connection.execute(f"DELETE FROM {table} WHERE site = ?", (site,))
                    for table in ("roles", "webhooks", "watches")
                ),
            )
        )

    async def add_key(self, key: Key, dropped: str | None = None) -> bool:
        """Add a key and forget ``dropped``, an old one; ``False`` and nothing when its id is taken."""

        def add(connection: sqlite3.Connection) -> bool:
            if not connection.execute(ADD_KEY, _row_of(key)).rowcount:
                return False
            connection.execute("DELETE FROM keys WHERE id = ?", (dropped,))
            return True

        return await self._writer.run(add)

    async def revoke_key(self, key_id: str, at: float) -> None:
        await self._do(
            lambda connection: connection.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (at, key_id)
            )
        )

    async def put_user(self, user: User) -> None:
        """Add a user, or replace the password and all roles of one."""
        await self._do(lambda connection: _put_user(connection, user))

    async def remove_user(self, email: str) -> None:
        """Remove a user with all roles and logins."""
        await self._do(lambda connection: connection.execute("DELETE FROM users WHERE email = ?", (email,)))

    async def add_login(self, login: Login, ended: Collection[bytes] = ()) -> bool:
        """Add a login and end others; ``False`` when there is no such user any more."""

        def add(connection: sqlite3.Connection) -> bool:
            _end(connection, ended)
            row = (login.digest, login.created_at, login.used_at, login.email)
            return connection.execute(ADD_LOGIN, row).rowcount == 1

        return await self._writer.run(add)

    async def end_logins(self, digests: Collection[bytes]) -> None:
        await self._do(lambda connection: _end(connection, digests))

    async def note_used(self, keys: Mapping[str, float], logins: Mapping[bytes, float]) -> None:
        """Keep when keys and logins were used last; unknown ones are passed over."""

        def note(connection: sqlite3.Connection) -> None:
            for key_id, at in keys.items():
                connection.execute("UPDATE keys SET last_used_at = ? WHERE id = ?", (at, key_id))
            for digest, at in logins.items():
                connection.execute("UPDATE logins SET used_at = ? WHERE digest = ?", (at, digest))

        await self._do(note)

    async def setup_token(self) -> SetupToken | None:
        def read(connection: sqlite3.Connection) -> SetupToken | None:
            row = connection.execute("SELECT digest, expires_at FROM setup").fetchone()
            return None if row is None else SetupToken(*row)

        return await self._writer.run(read)

    async def put_setup_token(self, token: SetupToken) -> None:
        """Keep ``token`` instead of any other."""
        await self._do(lambda connection: connection.execute(PUT_SETUP, token))

    async def finish_setup(self, token: SetupToken, user: User) -> bool:
        """Spend ``token`` on ``user``; ``False`` and nothing when it was spent, or he is there."""

        def finish(connection: sqlite3.Connection) -> bool:
            if connection.execute("SELECT 1 FROM users WHERE email = ?", (user.email,)).fetchone():
                return False
            if not connection.execute("DELETE FROM setup WHERE digest = ?", (token.digest,)).rowcount:
                return False
            _put_user(connection, user)
            return True

        return await self._writer.run(finish)

    async def _do(self, work: Work) -> None:
        def run(connection: sqlite3.Connection) -> None:
            work(connection)

        await self._writer.run(run)


def _read(connection: sqlite3.Connection) -> Accounts:
    roles: dict[str, dict[str, Role]] = {}
    for email, site, role in connection.execute("SELECT email, site, role FROM roles"):
        # A role or scope of a newer version grants nothing here.
        if role in set(Role):
            roles.setdefault(email, {})[site] = Role(role)
    users = connection.execute("SELECT email, password, created_at, changed_at FROM users ORDER BY email")
    return Accounts(
        [Site(*row) for row in connection.execute("SELECT id, name, created_at, removed_at FROM sites")],
        [_key_of(row) for row in connection.execute(READ_KEYS)],
        [User(row[0], row[1], roles.get(row[0], {}), row[2], row[3]) for row in users],
        [
            Login(*row)
            for row in connection.execute(
                "SELECT digest, email, created_at, used_at FROM logins ORDER BY created_at"
            )
        ],
    )


def _row_of(key: Key) -> tuple[object, ...]:
    scopes, origins = " ".join(sorted(key.scopes)), " ".join(key.origins)
    times = (key.created_at, key.last_used_at, key.revoked_at)
    return (key.id, key.site, key.name, scopes, key.digest, origins, *times)


def _key_of(row: KeyRow) -> Key:
    key_id, site, name, scopes, digest, origins, created_at, last_used_at, revoked_at = row
    known = frozenset(Scope(scope) for scope in scopes.split() if scope in set(Scope))
    bound = tuple(origins.split())
    return Key(key_id, site, name, known, digest, bound, created_at, last_used_at, revoked_at)


def _put_user(connection: sqlite3.Connection, user: User) -> None:
    connection.execute(PUT_USER, (user.email, user.password, user.created_at, user.changed_at))
    connection.execute("DELETE FROM roles WHERE email = ?", (user.email,))
    rows = [(user.email, site, role.value) for site, role in user.roles.items()]
    insert_rows(connection, "INSERT INTO roles (email, site, role)", rows)


def _end(connection: sqlite3.Connection, digests: Iterable[bytes]) -> None:
    for digest in digests:
        connection.execute("DELETE FROM logins WHERE digest = ?", (digest,))
