"""FAULTS.md 4.6: logins on the server."""

from pathlib import Path

import pytest

from tests.access.opened import open_access, stop_writing
from tests.support.clock import FakeClock
from tracker.access.logins import IDLE_S, LONGEST_S, PER_USER, TOKEN_BYTES
from tracker.store.errors import JournalUnavailable

ANN, BOB = "ann@example.com", "bob@example.com"


async def test_S4_06_a_token_has_256_bits_and_only_its_digest_is_kept() -> None:
    async with open_access() as opened:
        logins = opened.access.logins
        tokens = {logins.open(ANN)[0] for _ in range(10)}
        assert TOKEN_BYTES == 32
        assert {len(token) for token in tokens} == {43}
        token, login = logins.open(ANN)
        assert token not in repr(login)
        assert logins.check(token) == login
        for wrong in ("", token[:-1], token + "A", token.lower(), login.digest.hex(), "x" * 10_000, "\ud800"):
            assert logins.check(wrong) is None


async def test_S4_06_it_ends_after_30_minutes_without_use() -> None:
    assert IDLE_S == 1_800
    async with open_access() as opened:
        token, login = opened.access.logins.open(ANN)
        for _ in range(10):
            opened.clock.advance(IDLE_S - 1)
            assert opened.access.logins.check(token) == login
        opened.clock.advance(IDLE_S)
        assert opened.access.logins.check(token) is None


async def test_S4_06_it_ends_after_12_hours_in_any_case() -> None:
    assert LONGEST_S == 43_200
    async with open_access() as opened:
        token, login = opened.access.logins.open(ANN)
        for _ in range(43):
            opened.clock.advance(1_000)
            assert opened.access.logins.check(token) == login
        opened.clock.advance(200)
        assert opened.access.logins.check(token) is None


async def test_F2d_03_either_clock_ends_it() -> None:
    async with open_access() as opened:
        asleep, _ = opened.access.logins.open(ANN)
        opened.clock.step_wall(IDLE_S)
        assert opened.access.logins.check(asleep) is None
        set_back, _ = opened.access.logins.open(ANN)
        opened.clock.step_wall(-86_400)
        opened.clock.advance(IDLE_S)
        assert opened.access.logins.check(set_back) is None


async def test_S4_06_logging_in_makes_a_new_token_and_ends_the_one_that_was_brought() -> None:
    async with open_access() as opened:
        logins = opened.access.logins
        planted, _ = logins.open(BOB)
        token, _ = logins.open(ANN, planted)
        assert token != planted
        assert logins.check(planted) is None
        assert logins.check(token) is not None
        assert logins.check(logins.open(ANN, "never heard of")[0]) is not None


async def test_S4_06_out_is_out_here_and_everywhere() -> None:
    async with open_access() as opened:
        logins = opened.access.logins
        tokens = [logins.open(ANN)[0] for _ in range(4)]
        others, _ = logins.open(BOB)
        assert logins.end(tokens[0]) is not None
        assert logins.end(tokens[0]) is None
        kept = logins.check(tokens[1])
        assert kept is not None
        assert logins.end_all(ANN, but=kept.digest) == 2
        assert [logins.check(token) is not None for token in tokens] == [False, True, False, False]
        assert logins.end_all(ANN) == 1
        assert logins.check(others) is not None


async def test_the_oldest_of_a_user_gives_way() -> None:
    async with open_access() as opened:
        logins = opened.access.logins
        others, _ = logins.open(BOB)
        tokens = [logins.open(ANN)[0] for _ in range(PER_USER + 3)]
        assert [logins.check(token) is not None for token in tokens] == [False] * 3 + [True] * PER_USER
        assert logins.check(others) is not None
        assert logins.size == PER_USER + 1


async def test_logins_and_their_ends_outlive_a_restart(tmp_path: Path) -> None:
    path, clock = tmp_path / "t.journal", FakeClock()
    async with open_access(path, clock=clock) as opened:
        await opened.add_user(ANN)
        logins = opened.access.logins
        used, idle, ended, never_kept = (logins.open(ANN)[0] for _ in range(4))
        logins.end(never_kept)
        await logins.flush()
        logins.end(ended)
        clock.advance(1_000)
        assert logins.check(used) is not None
    clock.advance(1_000)
    async with open_access(path, clock=clock) as opened:
        logins = opened.access.logins
        assert [logins.check(token) is not None for token in (used, idle, ended, never_kept)] == [
            True,
            False,
            False,
            False,
        ]
        clock.advance(LONGEST_S - 2_000)
        assert logins.check(used) is None


async def test_F2c_01_a_disk_that_takes_nothing_keeps_nobody_out_and_lets_nobody_back_in(
    tmp_path: Path,
) -> None:
    path, clock = tmp_path / "t.journal", FakeClock()
    async with open_access(path, clock=clock) as opened:
        await opened.add_user(ANN)
        logins = opened.access.logins
        ended, _ = logins.open(ANN)
        await logins.flush()
        await stop_writing(opened.database)
        token, _ = logins.open(ANN)
        logins.end(ended)
        assert logins.check(token) is not None
        assert logins.check(ended) is None
        for flush in (logins.flush, logins.flush_used):
            with pytest.raises(JournalUnavailable):
                await flush()
        await stop_writing(opened.database, False)
    async with open_access(path, clock=clock) as opened:
        assert opened.access.logins.check(token) is not None
        assert opened.access.logins.check(ended) is None


async def test_who_is_no_user_any_more_is_not_kept() -> None:
    async with open_access() as opened:
        opened.access.logins.open("removed@example.com")
        await opened.access.logins.flush()
        assert (await opened.access._store.load()).logins == []
