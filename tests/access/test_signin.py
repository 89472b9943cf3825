"""FAULTS.md 4.5 and 4.6: logging in."""

import asyncio

import pytest

from tests.access.opened import ADDRESS, CHEAP, NO_LIMITS, PASSWORD, Opened, open_access
from tracker.access.passwords import Cost, Passwords
from tracker.access.signin import WRONG, Refused, SignedIn
from tracker.settings import Limits

ANN = "ann@example.com"


async def login(opened: Opened, email: str = ANN, password: str = PASSWORD) -> SignedIn | Refused:
    return await opened.access.signin.login(email, password, ADDRESS)


async def test_the_right_password_logs_in() -> None:
    async with open_access() as opened:
        await opened.add_user(ANN, default="viewer")
        signed_in = await login(opened, " Ann@EXAMPLE.com ")
        assert isinstance(signed_in, SignedIn)
        assert opened.access.users.visitor(signed_in.token) == signed_in.principal
        assert signed_in.principal.name == ANN
        assert await opened.audited() == ["login"]


async def test_S4_05_the_same_answer_and_the_same_work_for_a_user_who_is_none() -> None:
    async with open_access() as opened:
        await opened.add_user(ANN)
        works = []
        for email in (ANN, "nobody@example.com", "no address", ""):
            before = opened.access.passwords.computed
            assert await login(opened, email, "a wrong password") == WRONG
            works.append(opened.access.passwords.computed - before)
        assert works == [1, 1, 1, 1]
        assert WRONG.status == 401


async def test_S4_05_a_user_who_is_none_is_paused_likewise() -> None:
    async with open_access() as opened:
        await opened.add_user(ANN)
        found = []
        for email in (ANN, "nobody@example.com"):
            answers = [
                await opened.access.signin.login(email, "a wrong password", f"10.{len(email)}.0.{n}")
                for n in range(7)
            ]
            found.append(answers)
        assert found[0] == found[1]
        assert [answer.status for answer in found[0] if isinstance(answer, Refused)] == [401] * 5 + [429] * 2


async def test_S4_05_while_it_is_paused_not_even_the_right_password_is_looked_at() -> None:
    async with open_access() as opened:
        await opened.add_user(ANN)
        for _ in range(5):
            await login(opened, password="a wrong password")
        before = opened.access.passwords.computed
        refused = await login(opened)
        assert isinstance(refused, Refused)
        assert (refused.status, refused.retry_after_s) == (429, 1)
        assert opened.access.passwords.computed == before
        opened.clock.advance(1)
        assert isinstance(await login(opened), SignedIn)


async def test_S4_16_five_a_minute_from_one_address() -> None:
    async with open_access(limits=Limits(login_per_minute=5)) as opened:
        await opened.add_user(ANN)
        answers = [await login(opened) for _ in range(6)]
        assert all(isinstance(answer, SignedIn) for answer in answers[:5])
        assert answers[5] == Refused(429, "Too many attempts; try again later", 12)


async def test_too_many_at_once_are_told_to_come_back_and_are_no_failures() -> None:
    async with open_access() as opened:
        await opened.add_user(ANN)
        opened.access.passwords.underway = 1_000
        for _ in range(10):
            refused = await login(opened)
            assert isinstance(refused, Refused)
            assert (refused.status, refused.retry_after_s) == (503, 1)
        opened.access.passwords.underway = 0
        assert isinstance(await login(opened), SignedIn)


@pytest.mark.parametrize("change", ["password", "removed"])
async def test_who_changes_while_the_hash_is_computed_does_not_get_in_with_the_old_password(
    change: str,
) -> None:
    async with open_access(cost=Cost(8 * 1024, 3, 1)) as opened:
        await opened.add_user(ANN)
        trying = asyncio.Task(login(opened))
        await asyncio.sleep(0)
        assert opened.access.passwords.underway == 1
        if change == "password":
            await opened.access.users.set_password(ANN, "another hash")
        else:
            await opened.access.users.remove(ANN)
        assert await trying == WRONG
        assert opened.access.logins.size == 0


async def test_S4_05_a_hash_of_older_parameters_is_renewed_with_the_login() -> None:
    async with open_access(cost=Cost(16, 1, 1)) as opened:
        older = Passwords(CHEAP)
        hashed = await older.hash(PASSWORD, ANN)
        older.close()
        await opened.access.users.add(ANN, hashed, {}, ())
        assert isinstance(await login(opened), SignedIn)
        ann = opened.access.users.get(ANN)
        assert ann is not None
        assert "m=16," in ann.password
        assert (await opened.access._store.load()).users == [ann]
        assert isinstance(await login(opened), SignedIn)


async def test_S4_06_logging_out_here_or_everywhere() -> None:
    async with open_access(limits=NO_LIMITS) as opened:
        await opened.add_user(ANN)
        tokens = []
        for _ in range(3):
            signed_in = await login(opened)
            assert isinstance(signed_in, SignedIn)
            tokens.append(signed_in.token)
        signin = opened.access.signin
        assert await signin.logout("never heard of", ADDRESS) == 0
        assert await signin.logout(tokens[0], ADDRESS) == 1
        assert [opened.access.users.visitor(token) is None for token in tokens] == [True, False, False]
        assert (len((await opened.access._store.load()).logins)) == 2
        assert await signin.logout(tokens[1], ADDRESS, everywhere=True) == 2
        assert opened.access.users.visitor(tokens[2]) is None
        assert (await opened.access._store.load()).logins == []
        assert await opened.audited() == ["login"] * 3 + ["logout"] * 2
