"""FAULTS.md 4.5: hashing of passwords."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import argon2
import pytest

from tests.access.opened import CHEAP, PASSWORD
from tests.support.service import until
from tracker.access.passwords import CONCURRENT, DEFAULT_COST, Cost, PasswordRefused, Passwords, PasswordsBusy

EMAIL = "ann@example.com"


@asynccontextmanager
async def passwords(cost: Cost = CHEAP, max_waiting: int = 32) -> AsyncIterator[Passwords]:
    made = Passwords(cost, max_waiting)
    try:
        yield made
    finally:
        made.close()


async def test_S4_05_a_hash_is_argon2id_of_the_wanted_cost() -> None:
    assert CONCURRENT == 2
    async with passwords(DEFAULT_COST) as made:
        hashed = await made.hash(PASSWORD, EMAIL)
        found = argon2.extract_parameters(hashed)
        assert found.type is argon2.Type.ID
        assert (found.time_cost, found.parallelism) == (2, 1)
        assert found.memory_cost >= 19 * 1024
        assert PASSWORD not in hashed
        assert hashed != await made.hash(PASSWORD, EMAIL)
        assert (await made.check(hashed, PASSWORD)).is_right


async def test_the_right_one_is_told_from_all_others() -> None:
    async with passwords() as made:
        hashed = await made.hash("Crème brûlée 2", EMAIL)
        assert await made.check(hashed, "Crème brûlée 2") == (True, None)
        assert await made.check(hashed, "Cre\u0300me bru\u0302le\u0301e 2") == (True, None)
        for wrong in ("", "crème brûlée 2", "Crème brûlée 2 ", "\ud800", "x" * 1_000_000, hashed):
            assert await made.check(hashed, wrong) == (False, None)


async def test_S4_05_an_unknown_user_costs_the_same() -> None:
    async with passwords(DEFAULT_COST) as made:
        hashed = await made.hash(PASSWORD, EMAIL)
        costs = []
        for kept in (hashed, None, "not a hash"):
            before = made.computed
            assert not (await made.check(kept, "a wrong password")).is_right
            costs.append(made.computed - before)
        assert costs == [1, 1, 1]
        # The same work also by the parameters that it is done with.
        assert argon2.extract_parameters(made._nobodys) == argon2.extract_parameters(hashed)


async def test_nothing_opens_an_account_that_is_not_there() -> None:
    async with passwords() as made:
        assert [await made.check(None, word) for word in ("", PASSWORD)] == [(False, None)] * 2


async def test_S4_05_a_hash_of_older_parameters_is_renewed() -> None:
    async with passwords(Cost(8, 1, 1)) as older, passwords(Cost(16, 2, 1)) as newer:
        hashed = await older.hash(PASSWORD, EMAIL)
        assert (await newer.check(hashed, "a wrong password")).renewed is None
        checked = await newer.check(hashed, PASSWORD)
        assert checked.is_right
        assert checked.renewed is not None
        assert await newer.check(checked.renewed, PASSWORD) == (True, None)
        assert not (await older.check(checked.renewed, "a wrong password")).is_right


async def test_a_password_that_is_not_taken_is_not_told() -> None:
    async with passwords() as made:
        with pytest.raises(PasswordRefused) as caught:
            await made.hash("password", EMAIL)
        assert str(caught.value) == "the password is one of those that everybody tries first"
        assert made.computed == 0


async def test_S4_05_only_so_many_wait_and_the_event_loop_never_does() -> None:
    async with passwords(Cost(8 * 1024, 4, 1), max_waiting=3) as made:
        hashed = await made.hash(PASSWORD, EMAIL)
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while made.underway or not turns:
                turns += 1
                await asyncio.sleep(0)

        answers = await asyncio.gather(
            *(made.check(hashed, PASSWORD) for _ in range(10)), turn(), return_exceptions=True
        )
        assert sum(isinstance(answer, PasswordsBusy) for answer in answers) == 5
        assert sum(isinstance(answer, tuple) for answer in answers) == 5
        assert made.refused_busy == 5
        assert turns > 5
        assert (await made.check(hashed, PASSWORD)).is_right


async def test_who_hangs_up_gives_the_place_back() -> None:
    async with passwords(Cost(8 * 1024, 4, 1), max_waiting=8) as made:
        hashed = await made.hash(PASSWORD, EMAIL)
        tasks = [asyncio.Task(made.check(hashed, PASSWORD)) for _ in range(6)]
        await asyncio.sleep(0)
        assert made.underway == 6
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (await made.check(hashed, PASSWORD)).is_right
        # One that was begun before the cancelling may still be computed, on the other thread.
        await until(lambda: not made.underway)
