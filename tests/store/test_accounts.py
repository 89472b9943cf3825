"""Sites, keys, users and logins on the disk."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.store.events import limit_pages
from tests.support.clock import FakeClock
from tracker.core.accounts import Key, Login, Role, Scope, SetupToken, Site, User
from tracker.core.watches import WatchKind, WatchRule
from tracker.core.webhooks import HookEvent, NewDelivery, Secret, Webhook
from tracker.store import schema
from tracker.store.accounts import AccountTables
from tracker.store.database import Database, open_database
from tracker.store.errors import JournalUnavailable
from tracker.store.watches import WatchTable
from tracker.store.webhooks import WebhookTables

KEY = Key(
    "aaaaaaaa", "default", "a 'key'", frozenset(Scope), b"\x00digest", ("https://a.example", "http://b"), 5.0
)
ANN = User("ann@example.com", "hash", {"default": Role.ADMIN}, 1.0, 1.0)
LOGIN = Login(b"\x00login", ANN.email, 2.0, 3.0)


@asynccontextmanager
async def tables(path: Path | None = None) -> AsyncIterator[tuple[AccountTables, Database]]:
    database = open_database(path, FakeClock())
    try:
        yield AccountTables(database.writer), database
    finally:
        await database.close()


async def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with tables(path) as (accounts, _):
        assert await accounts.add_site(Site("acme", "Acme; DROP TABLE sites", 4.0))
        assert await accounts.add_key(KEY)
        await accounts.put_user(ANN)
        assert await accounts.add_login(LOGIN)
        await accounts.note_used({KEY.id: 7.0, "unknown": 7.0}, {LOGIN.digest: 8.0, b"unknown": 8.0})
    async with tables(path) as (accounts, _):
        kept = await accounts.load()
        assert [site.id for site in kept.sites] == ["acme", "default"]
        assert kept.sites[0] == Site("acme", "Acme; DROP TABLE sites", 4.0)
        assert kept.keys == [KEY._replace(last_used_at=7.0)]
        assert kept.users == [ANN]
        assert kept.logins == [LOGIN._replace(used_at=8.0)]


async def test_an_id_is_given_once() -> None:
    async with tables() as (accounts, _):
        assert not await accounts.add_site(Site("default", "x", 1.0))
        assert await accounts.add_key(KEY)
        assert not await accounts.add_key(KEY._replace(name="other"))
        # A site whose first key cannot be is not there either.
        assert not await accounts.add_site(Site("acme", "x", 1.0), KEY._replace(site="acme"))
        assert await accounts.add_site(Site("acme", "x", 1.0), KEY._replace(id="bbbbbbbb", site="acme"))
        await accounts.remove_site("acme", 9.0)
        assert not await accounts.add_site(Site("acme", "x", 10.0))


async def test_a_removed_site_takes_its_keys_and_roles_along() -> None:
    async with tables() as (accounts, _):
        first = KEY._replace(id="bbbbbbbb", site="acme")
        await accounts.add_site(Site("acme", "x", 1.0), first)
        await accounts.add_key(KEY)
        await accounts.put_user(ANN._replace(roles={"default": Role.ADMIN, "acme": Role.VIEWER}))
        await accounts.remove_site("acme", 9.0)
        await accounts.remove_site("acme", 10.0)
        kept = await accounts.load()
        assert {site.id: site.removed_at for site in kept.sites}["acme"] == 9.0
        assert {key.id: key.revoked_at for key in kept.keys} == {KEY.id: None, first.id: 9.0}
        assert kept.users == [ANN]


async def fill_site(database: Database, site: str) -> None:
    """Give a site a webhook, a message for it, and a rule."""
    hook = Webhook(f"wh_{site}", site, Secret("https://x"), frozenset(HookEvent), Secret("whsec_AA=="), 1.0)
    webhooks = WebhookTables(database.writer)
    await webhooks.add(hook)
    await webhooks.put([NewDelivery(hook.id, f"msg_{site}", site, "alert", 1.0, None, "the body")])
    await WatchTable(database.writer).add(WatchRule(f"wl_{site}", site, WatchKind.COUNTRY, "DE", 1.0))


async def sites_of_what_is_told(database: Database) -> list[list[str]]:
    """Return whose webhooks, messages and rules there are."""

    def read(connection: sqlite3.Connection) -> list[list[str]]:
        tables = ("webhooks", "deliveries", "watches")
        found = (connection.execute(f"SELECT site FROM {table} ORDER BY site") for table in tables)
        return [[site for (site,) in rows] for rows in found]

    return await database.writer.run(read)


async def test_a_removed_site_takes_its_webhooks_with_all_messages_and_its_watch_list_along() -> None:
    async with tables() as (accounts, database):
        await accounts.add_site(Site("acme", "x", 1.0))
        for site in ("acme", "default"):
            await fill_site(database, site)
        await accounts.remove_site("acme", 9.0)
        assert await sites_of_what_is_told(database) == [["default"]] * 3


async def test_a_site_is_removed_whole_or_not_at_all() -> None:
    async with tables() as (accounts, database):
        await accounts.add_site(Site("acme", "x", 1.0))
        await fill_site(database, "acme")
        trigger = "CREATE TRIGGER t BEFORE DELETE ON watches BEGIN SELECT RAISE(ABORT, 'full'); END"
        await database.writer.run(lambda connection: connection.execute(trigger).rowcount)
        with pytest.raises(sqlite3.IntegrityError):
            await accounts.remove_site("acme", 9.0)
        assert await sites_of_what_is_told(database) == [["acme"]] * 3
        assert [site.removed_at for site in (await accounts.load()).sites] == [None, None]


async def test_what_sites_left_behind_that_were_removed_before_goes_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with tables(path) as (accounts, database):
        await accounts.add_site(Site("acme", "x", 1.0))
        await accounts.remove_site("acme", 9.0)
        for site in ("acme", "default"):
            await fill_site(database, site)
        version = schema.STEPS.index(schema.OF_REMOVED_SITES)
        await database.writer.run(lambda c: c.execute(f"PRAGMA user_version = {version}").rowcount)
    async with tables(path) as (_, database):
        assert await sites_of_what_is_told(database) == [["default"]] * 3


async def test_a_key_is_revoked_once_and_forgotten_for_another() -> None:
    async with tables() as (accounts, _):
        await accounts.add_key(KEY)
        await accounts.revoke_key(KEY.id, 6.0)
        await accounts.revoke_key(KEY.id, 7.0)
        assert (await accounts.load()).keys == [KEY._replace(revoked_at=6.0)]
        other = KEY._replace(id="bbbbbbbb")
        assert await accounts.add_key(other, dropped=KEY.id)
        assert (await accounts.load()).keys == [other]


async def test_a_user_goes_with_roles_and_logins_and_a_change_leaves_the_logins() -> None:
    async with tables() as (accounts, database):
        await accounts.put_user(ANN)
        await accounts.add_login(LOGIN)
        changed = ANN._replace(password="other", roles={}, changed_at=5.0)
        await accounts.put_user(changed)
        kept = await accounts.load()
        assert (kept.users, kept.logins) == ([changed], [LOGIN])
        await accounts.put_user(ANN)
        await accounts.remove_user(ANN.email)
        kept = await accounts.load()
        assert (kept.users, kept.logins) == ([], [])
        assert await database.writer.run(lambda c: c.execute("SELECT count(*) FROM roles").fetchone()) == (0,)
        assert not await accounts.add_login(LOGIN)


async def test_a_login_ends_others() -> None:
    async with tables() as (accounts, _):
        await accounts.put_user(ANN)
        logins = [LOGIN._replace(digest=bytes([n])) for n in range(4)]
        for login in logins[:3]:
            await accounts.add_login(login)
        await accounts.add_login(logins[3], ended=[logins[0].digest])
        await accounts.end_logins([logins[1].digest, b"unknown"])
        assert (await accounts.load()).logins == logins[2:]


async def test_a_setup_token_is_spent_once() -> None:
    async with tables() as (accounts, _):
        assert await accounts.setup_token() is None
        older, token = SetupToken(b"older", 1.0), SetupToken(b"token", 2.0)
        await accounts.put_setup_token(older)
        await accounts.put_setup_token(token)
        assert await accounts.setup_token() == token
        assert not await accounts.finish_setup(older, ANN)
        assert (await accounts.load()).users == []
        assert await accounts.finish_setup(token, ANN)
        assert not await accounts.finish_setup(token, ANN._replace(email="bob@example.com"))
        assert (await accounts.load()).users == [ANN]
        await accounts.put_setup_token(token)
        assert not await accounts.finish_setup(token, ANN._replace(password="another"))
        assert (await accounts.load()).users == [ANN]


async def test_a_scope_or_role_of_a_newer_version_grants_nothing() -> None:
    async with tables() as (accounts, database):
        await accounts.add_key(KEY)
        await accounts.put_user(ANN)
        await database.writer.run(lambda c: c.execute("UPDATE keys SET scopes = 'read everything'"))
        await database.writer.run(lambda c: c.execute("UPDATE roles SET role = 'owner'"))
        kept = await accounts.load()
        assert kept.keys[0].scopes == {Scope.READ}
        assert kept.users[0].roles == {}


async def fill(accounts: AccountTables) -> None:
    for n in range(1_000):
        await accounts.add_site(
            Site(f"s{n}", "x" * 100, 1.0), KEY._replace(id=f"{n:08}", site=f"s{n}", name="x" * n)
        )


async def test_F2c_01_a_full_disk_is_said_and_nothing_half_is_kept(tmp_path: Path) -> None:
    async with tables(tmp_path / "t.journal") as (accounts, database):
        await limit_pages(database, 0)
        with pytest.raises(JournalUnavailable):
            await fill(accounts)
        kept = await accounts.load()
        assert {key.site for key in kept.keys} == {site.id for site in kept.sites} - {"default"}


async def test_a_file_of_an_earlier_version_is_taken_forward(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    before = schema.STEPS[: schema.STEPS.index(schema.ACCOUNTS)]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    schema.migrate(connection, before)
    connection.execute("INSERT INTO events VALUES (1, 'body')")
    connection.close()
    async with tables(path) as (accounts, database):
        kept = await accounts.load()
        assert [(site.id, site.name, site.removed_at) for site in kept.sites] == [
            ("default", "default", None)
        ]
        assert kept.sites[0].created_at > 1_700_000_000
        assert (kept.keys, kept.users, kept.logins) == ([], [], [])
        assert await accounts.add_key(KEY)
        rows = await database.writer.run(lambda c: c.execute("SELECT * FROM events").fetchall())
        assert rows == [(1, "body")]
        assert await database.writer.run(schema.version_of) == len(schema.STEPS)
