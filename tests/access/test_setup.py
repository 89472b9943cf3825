"""FAULTS.md 4.5: there is no default account."""

from pathlib import Path

import pytest

from tests.access.opened import ADDRESS, PASSWORD, open_access
from tests.support.clock import FakeClock
from tracker.access.passwords import PasswordRefused
from tracker.access.setup import SPENT, TOKEN_LIVES_S, PasswordFileUnusable, read_password_file
from tracker.access.signin import WRONG, Refused, SignedIn
from tracker.core.accounts import User

ADMIN = "admin@localhost"


async def test_S4_05_at_the_first_start_nobody_can_log_in() -> None:
    async with open_access() as opened:
        assert opened.access.users.list_users() == []
        for password in ("", "admin", "password", "admin@localhost", "tracker"):
            assert await opened.access.signin.login(ADMIN, password, ADDRESS) == WRONG
            opened.clock.advance(60)


async def test_S4_05_the_link_makes_the_administrator_once() -> None:
    async with open_access() as opened:
        setup = opened.access.setup
        token = await setup.prepare()
        assert token is not None
        assert len(token) == 43
        assert await setup.redeem(token[:-1] + ("A" if token[-1] != "A" else "B"), PASSWORD, ADDRESS) == SPENT
        user = await setup.redeem(token, PASSWORD, ADDRESS)
        assert isinstance(user, User)
        assert user.email == ADMIN
        assert await setup.redeem(token, "another good password", ADDRESS) == SPENT
        assert isinstance(await opened.access.signin.login(ADMIN, PASSWORD, ADDRESS), SignedIn)
        assert await setup.prepare() is None
        assert await setup.prepare("some other password") is None
        assert isinstance(await opened.access.signin.login(ADMIN, PASSWORD, ADDRESS), SignedIn)


async def test_a_password_that_is_not_taken_leaves_the_link_as_it_is() -> None:
    async with open_access() as opened:
        token = await opened.access.setup.prepare()
        assert token is not None
        for _ in range(10):
            with pytest.raises(PasswordRefused):
                await opened.access.setup.redeem(token, "password", ADDRESS)
        assert isinstance(await opened.access.setup.redeem(token, PASSWORD, ADDRESS), User)


async def test_a_link_ends_after_a_day_and_with_the_next_start(tmp_path: Path) -> None:
    path, clock = tmp_path / "t.journal", FakeClock()
    async with open_access(path, clock=clock) as opened:
        first = await opened.access.setup.prepare()
    async with open_access(path, clock=clock) as opened:
        second = await opened.access.setup.prepare()
        assert first is not None
        assert second is not None
        assert await opened.access.setup.redeem(first, PASSWORD, ADDRESS) == SPENT
        clock.advance(TOKEN_LIVES_S)
        assert await opened.access.setup.redeem(second, PASSWORD, ADDRESS) == SPENT
        assert opened.access.users.list_users() == []


async def test_without_a_link_nothing_is_one() -> None:
    async with open_access() as opened:
        for token in ("", "x"):
            assert await opened.access.setup.redeem(token, PASSWORD, ADDRESS) == SPENT


async def test_guessing_a_link_is_slowed_down() -> None:
    async with open_access() as opened:
        await opened.access.setup.prepare()
        answers = [await opened.access.setup.redeem("guess", PASSWORD, f"10.0.0.{n}") for n in range(6)]
        assert [answer.status for answer in answers if isinstance(answer, Refused)] == [401] * 5 + [429]


async def test_a_link_never_replaces_an_administrator_who_came_otherwise() -> None:
    async with open_access() as opened:
        token = await opened.access.setup.prepare()
        await opened.add_user(ADMIN)
        assert token is not None
        assert await opened.access.setup.redeem(token, "another good password", ADDRESS) == SPENT
        assert isinstance(await opened.access.signin.login(ADMIN, PASSWORD, ADDRESS), SignedIn)


async def test_the_password_of_a_file_makes_the_administrator(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    path = tmp_path / "t.journal"
    async with open_access(path) as opened:
        assert await opened.access.setup.prepare(read_password_file(file)) is None
        assert await opened.audited() == ["setup_done"]
    async with open_access(path) as opened:
        assert isinstance(await opened.access.signin.login(ADMIN, PASSWORD, ADDRESS), SignedIn)


async def test_a_weak_password_in_the_file_is_refused() -> None:
    async with open_access() as opened:
        with pytest.raises(PasswordRefused):
            await opened.access.setup.prepare("password")
        assert not opened.access.users.has_administrator()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"canary \xff", "is not text"), (b"canary" * 1_000, "is too large")],
)
def test_S4_19_a_file_that_is_none_is_named_but_not_told(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PasswordFileUnusable) as caught:
        read_password_file(file)
    assert said in str(caught.value)
    assert "canary" not in repr(caught.value)


def test_spaces_in_a_file_belong_to_the_password(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b" a b \r\n")
    assert read_password_file(tmp_path / "p") == " a b "
