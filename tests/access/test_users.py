"""Users and their roles."""

import asyncio
from pathlib import Path

import pytest

from tests.access.opened import PASSWORD, open_access, stop_writing
from tracker.access.users import UnknownUser, UserNotValid, canonical_email
from tracker.core.accounts import Role
from tracker.store.errors import JournalUnavailable

ANN = "ann@example.com"
ADMIN = "admin@localhost"


async def test_users_and_roles_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_access(path) as opened:
        await opened.access.book.add_site("acme")
        await opened.add_user(ANN, acme="admin", default="viewer")
        await opened.add_user("bob@example.com")
        before = opened.access.users.list_users()
    async with open_access(path) as opened:
        users = opened.access.users
        assert users.list_users() == before
        ann = users.get(ANN)
        assert ann is not None
        assert ann.roles == {"acme": Role.ADMIN, "default": Role.VIEWER}
        assert (await opened.access.passwords.check(ann.password, PASSWORD)).is_right


async def test_the_administrator_is_known_by_the_setting() -> None:
    async with open_access() as opened:
        users = opened.access.users
        assert not users.has_administrator()
        await opened.add_user(ANN, default="admin")
        assert not users.has_administrator()
        await opened.add_user(ADMIN)
        assert users.has_administrator()
        found = {}
        for email in (ANN, ADMIN):
            visitor = users.visitor(opened.access.logins.open(email)[0])
            assert visitor is not None
            found[email] = bool(visitor.grants_elsewhere)
        assert found == {ANN: False, ADMIN: True}


async def test_changes_are_kept_and_unknown_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_access(path) as opened:
        users, sites = opened.access.users, opened.access.book.sites
        await opened.add_user(ANN, default="viewer")
        await opened.add_user("bob@example.com")
        with pytest.raises(UserNotValid):
            await users.add(ANN, "hash", {}, sites)
        for change in (users.set_roles(ANN, {"nonesuch": Role.ADMIN}, sites),):
            with pytest.raises(UserNotValid):
                await change
        for gone in (
            users.set_password("x@y", "hash"),
            users.remove("x@y"),
            users.set_roles("x@y", {}, sites),
        ):
            with pytest.raises(UnknownUser):
                await gone
        opened.clock.advance(10)
        await users.set_roles(ANN, {"default": Role.ADMIN}, sites)
        await users.set_password(ANN, "another hash")
        await users.remove("bob@example.com")
    async with open_access(path) as opened:
        (ann,) = opened.access.users.list_users()
        assert (ann.email, ann.password, ann.roles) == (ANN, "another hash", {"default": Role.ADMIN})
        assert ann.changed_at == ann.created_at + 10


async def test_changes_at_the_same_time_lose_nothing() -> None:
    async with open_access() as opened:
        users, sites = opened.access.users, opened.access.book.sites
        await opened.add_user(ANN)
        await asyncio.gather(
            users.set_roles(ANN, {"default": Role.ADMIN}, sites), users.set_password(ANN, "another hash")
        )
        for ann in (users.get(ANN), (await opened.access._store.load()).users[0]):
            assert ann is not None
            assert (ann.password, ann.roles) == ("another hash", {"default": Role.ADMIN})


async def test_a_removed_user_does_not_come_back_with_a_renewed_hash() -> None:
    async with open_access() as opened:
        users = opened.access.users
        await opened.add_user(ANN)
        ann = users.get(ANN)
        assert ann is not None
        await asyncio.gather(users.remove(ANN), users.renew_hash(ann, "renewed"))
        assert users.get(ANN) is None
        assert (await opened.access._store.load()).users == []


async def test_what_the_disk_does_not_take_did_not_happen() -> None:
    async with open_access() as opened:
        users = opened.access.users
        await opened.add_user(ANN)
        before = users.get(ANN)
        token, _ = opened.access.logins.open(ANN)
        await stop_writing(opened.database)
        for change in (users.set_password(ANN, "x"), users.remove(ANN), users.add("b@c", "x", {}, ())):
            with pytest.raises(JournalUnavailable):
                await change
        assert users.list_users() == [before]
        assert opened.access.logins.check(token) is not None
        await stop_writing(opened.database, False)


async def test_a_removed_site_is_taken_from_everybody(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_access(path) as opened:
        await opened.access.book.add_site("acme")
        await opened.add_user(ANN, acme="admin", default="viewer")
        await opened.access.remove_site("acme")
        before = opened.access.users.list_users()
        assert before[0].roles == {"default": Role.VIEWER}
    async with open_access(path) as opened:
        assert opened.access.users.list_users() == before


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" Ann@Example.COM\n", ANN),
        ("admin@localhost", ADMIN),
        ("e\u0301@example.com", "é@example.com"),
    ],
)
def test_one_address_has_one_form(text: str, canonical: str) -> None:
    assert canonical_email(text) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "ann", "@", "ann@", "@example.com", "a b@example.com", "a@b@c", "a\x00@b", "x" * 250 + "@a.de"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UserNotValid):
        canonical_email(text)
