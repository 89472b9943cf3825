"""FAULTS.md 4.20: what is audited."""

import pytest

from tests.access.opened import open_access, stop_writing
from tracker.access.audit import MAX_WAITING, Action, blurred
from tracker.store.errors import JournalUnavailable


async def test_S4_20_a_line_says_who_did_what_where_and_when() -> None:
    async with open_access() as opened:
        opened.access.audit.add(
            Action.KEY_CREATED, "ann@example.com", "acme", "198.51.100.7", "trk_r_aaaaaaaa"
        )
        await opened.access.audit.flush()
        (line,) = await opened.audit.read(10)
        assert line == (
            opened.clock.now().unix_s,
            "key_created",
            "ann@example.com",
            "acme",
            "198.51.100.0/24",
            "trk_r_aaaaaaaa",
        )


async def test_what_a_stranger_causes_does_not_push_out_what_matters() -> None:
    async with open_access() as opened:
        audit = opened.access.audit
        audit.add(Action.KEY_CREATED, "ann@example.com")
        for _ in range(500):
            audit.add(Action.DENIED, "", address="198.51.100.7", detail="bad_key")
        assert audit.waiting == 2
        for n in range(5_000):
            audit.add(Action.LOGIN_FAILED, "", address=f"10.{n // 256}.{n % 256}.1")
        assert audit.waiting == 61
        assert audit.counts[Action.DENIED] == 500
        assert audit.counts[Action.LOGIN_FAILED] == 5_000
        opened.clock.advance(60)
        audit.add(Action.DENIED, "", address="198.51.100.7", detail="bad_key")
        assert audit.waiting == 62


async def test_lines_wait_for_the_disk_up_to_a_bound() -> None:
    async with open_access() as opened:
        audit = opened.access.audit
        await stop_writing(opened.database)
        for n in range(MAX_WAITING):
            audit.add(Action.EXPORTED, str(n))
        with pytest.raises(JournalUnavailable):
            await audit.flush()
        assert audit.waiting == MAX_WAITING
        for n in range(3):
            audit.add(Action.EXPORTED, f"more {n}")
        assert audit.waiting == MAX_WAITING
        assert audit.given_up == 3
        await stop_writing(opened.database, False)
        await audit.flush()
        actors = [line.actor for line in await opened.audit.read(2_000)]
        assert actors[:4] == ["more 2", "more 1", "more 0", "999"]
        assert actors[-1] == "3"
        assert audit.waiting == 0


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("a text\x1b[31m", ""),
    ],
)
def test_S4_20_no_whole_address_is_kept(address: str, shown: str) -> None:
    assert blurred(address) == shown
