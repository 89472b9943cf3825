"""FAULTS.md 4.4 and 4.6: open sockets end with what opened them."""

import logging
from pathlib import Path

import pytest

from tests.access.opened import open_access
from tests.support.clock import FakeClock
from tracker.access.logins import IDLE_S, LONGEST_S
from tracker.access.principal import Principal
from tracker.access.verdicts import Denied
from tracker.access.watchers import Watchers
from tracker.core.accounts import Role, Scope

ANN = "ann@example.com"


def known(principal: Principal | Denied | None) -> Principal:
    assert isinstance(principal, Principal)
    return principal


async def test_S4_04_F2e_06_a_revoked_key_closes_its_sockets_and_no_others() -> None:
    async with open_access() as opened:
        book, closed = opened.access.book, list[str]()
        keys = [await book.create_key("default", [Scope.READ]) for _ in range(2)]
        for name, new in zip("ab", keys, strict=True):
            holder = known(book.holder(new.text, None))
            opened.access.watchers.watch(holder, "default", lambda name=name: closed.append(name))  # type: ignore[misc]
        await book.revoke_key(keys[0].key.prefix)
        assert closed == ["a"]


@pytest.mark.parametrize(
    "how", ["logout", "everywhere", "too old", "password", "roles", "removed", "site removed"]
)
async def test_S4_06_F2e_06_the_end_of_a_login_closes_its_sockets(how: str) -> None:
    async with open_access() as opened:
        access, closed = opened.access, list[str]()
        await access.book.add_site("acme")
        await opened.add_user(ANN, acme="viewer")
        token, _ = access.logins.open(ANN)
        access.watchers.watch(known(access.users.visitor(token)), "acme", lambda: closed.append("socket"))
        match how:
            case "logout":
                await access.signin.logout(token, "")
            case "everywhere":
                await access.signin.logout(access.logins.open(ANN)[0], "", everywhere=True)
            case "too old":
                opened.clock.advance(LONGEST_S)
                access.logins.sweep()
            case "password":
                await access.users.set_password(ANN, "hash")
            case "roles":
                await access.users.set_roles(ANN, {"acme": Role.ADMIN}, access.book.sites)
            case "removed":
                await access.users.remove(ANN)
            case "site removed":
                await access.remove_site("acme")
        assert closed
        assert access.users.visitor(token) is None


async def test_S4_06_who_watches_is_not_idle_but_12_hours_are_the_end() -> None:
    async with open_access() as opened:
        access, closed = opened.access, list[str]()
        await access.book.add_site("acme")
        await opened.add_user(ANN, acme="viewer")
        watching, reading = (access.logins.open(ANN)[0] for _ in range(2))
        forget = access.watchers.watch(
            known(access.users.visitor(watching)), "acme", lambda: closed.append("socket")
        )
        for _ in range(3):
            opened.clock.advance(IDLE_S)
            access.logins.sweep()
        assert access.users.visitor(reading) is None
        opened.clock.advance(IDLE_S)
        assert access.users.visitor(watching) is not None, "before the sweep too"
        opened.clock.advance(LONGEST_S - 4 * IDLE_S - 1)
        access.logins.sweep()
        assert not closed
        opened.clock.advance(1)
        access.logins.sweep()
        assert closed
        forget()


async def test_S4_06_idling_counts_from_the_end_of_watching_and_a_restart_knows_of_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "t.journal", FakeClock()
    async with open_access(path, clock=clock) as opened:
        access = opened.access
        await opened.add_user(ANN, default="viewer")
        token, _ = access.logins.open(ANN)
        forget = access.watchers.watch(known(access.users.visitor(token)), "default", lambda: None)
        for _ in range(2):
            clock.advance(IDLE_S - 1)
            access.logins.sweep()
        forget()
    clock.advance(IDLE_S - 1)
    async with open_access(path, clock=clock) as opened:
        opened.access.logins.sweep()
        assert opened.access.logins.size == 1
        clock.advance(1)
        opened.access.logins.sweep()
        assert opened.access.logins.size == 0


async def test_a_removed_site_closes_the_sockets_of_all_who_see_it() -> None:
    async with open_access() as opened:
        access, closed = opened.access, list[str]()
        await access.book.add_site("acme")
        await opened.add_user("admin@localhost")
        token, _ = access.logins.open("admin@localhost")
        for site in ("acme", "default"):
            visitor = known(access.users.visitor(token))
            access.watchers.watch(visitor, site, lambda site=site: closed.append(site))  # type: ignore[misc]
        await access.remove_site("acme")
        assert closed == ["acme"]
        assert access.users.visitor(token) is not None


async def test_who_left_is_not_told_and_takes_no_room() -> None:
    async with open_access() as opened:
        book, closed = opened.access.book, list[str]()
        new = await book.create_key("default", [Scope.READ])
        holder = known(book.holder(new.text, None))
        watchers = opened.access.watchers
        forget = [watchers.watch(holder, "default", lambda: closed.append("x")) for _ in range(3)]
        assert watchers.size == 6
        for one in forget:
            one()
            one()
        assert watchers.size == 0
        await book.revoke_key(new.key.id)
        assert closed == []


async def test_one_that_fails_keeps_no_other_from_being_told(caplog: pytest.LogCaptureFixture) -> None:
    async with open_access() as opened:
        watchers, closed = Watchers(), list[str]()
        new = await opened.access.book.create_key("default", [Scope.READ])
        holder = known(opened.access.book.holder(new.text, None))

        def fail() -> None:
            raise RuntimeError("gone")

        watchers.watch(holder, "default", fail)
        watchers.watch(holder, "default", lambda: closed.append("second"))
        with caplog.at_level(logging.ERROR):
            watchers.key_ended(new.key.id)
        assert closed == ["second"]
        assert "could not be closed" in caplog.text
