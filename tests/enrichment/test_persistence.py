from collections.abc import Iterable, Sequence

import pytest

from tests.enrichment.fake_time import FakeTime
from tests.enrichment.rig import ACME
from tracker.core.identity import Identity
from tracker.enrichment.cache import Entry
from tracker.enrichment.persistence import MAX_WAITING, KeptIdentity, NoStore, Saver, Spend


class FakeStore:
    def __init__(self) -> None:
        self.kept: dict[str, KeptIdentity] = {}
        self.spend: Spend | None = None
        self.writes = 0
        self.full = False

    def load(self, now_unix_s: float) -> Iterable[KeptIdentity]:
        yield from self.kept.values()

    def save(self, entries: Sequence[KeptIdentity]) -> None:
        if self.full:
            raise OSError("disk full")
        self.writes += 1
        self.kept.update({entry[0]: entry for entry in entries})

    def delete(self, address: str) -> None:
        self.kept.pop(address, None)

    def load_spend(self) -> Spend | None:
        return self.spend

    def save_spend(self, day: str, calls: int) -> None:
        self.spend = (day, calls)


async def test_writes_changes_deletions_and_spending_in_one_go() -> None:
    store = FakeStore()
    store.kept["9.9.9.9"] = ("9.9.9.9", None, 1.0)
    saver = Saver(store, FakeTime().sleep)
    saver.changed("1.1.1.1", Entry(ACME, 5.0))
    saver.changed("1.1.1.1", Entry(None, 6.0))
    saver.changed("2.2.2.2", Entry(ACME, 7.0))
    saver.changed("9.9.9.9", None)
    saver.spent(("2026-11-22", 3))
    await saver.aclose()
    assert store.kept == {"1.1.1.1": ("1.1.1.1", None, 6.0), "2.2.2.2": ("2.2.2.2", ACME, 7.0)}
    assert store.spend == ("2026-11-22", 3)
    assert (store.writes, saver.waiting) == (1, 0)


async def test_a_failing_store_is_tried_again_and_newer_changes_win(caplog: pytest.LogCaptureFixture) -> None:
    store = FakeStore()
    saver = Saver(store, FakeTime().sleep)
    store.full = True
    saver.changed("1.1.1.1", Entry(ACME, 5.0))
    await saver.flush()
    await saver.flush()
    assert (saver.failures, saver.waiting) == (2, 1)
    assert caplog.text.count("cannot be saved") == 1
    store.full = False
    saver.changed("1.1.1.1", Entry(None, 6.0))
    await saver.aclose()
    assert store.kept["1.1.1.1"] == ("1.1.1.1", None, 6.0)
    assert saver.failures == 0


async def test_what_waits_is_bounded_and_the_oldest_is_given_up() -> None:
    saver = Saver(FakeStore(), FakeTime().sleep)
    for number in range(MAX_WAITING + 5):
        saver.changed(str(number), Entry(None, 1.0))
    assert (saver.waiting, saver.given_up) == (MAX_WAITING, 5)
    await saver.aclose()


async def test_load_judges_each_entry() -> None:
    store = FakeStore()
    store.kept["1.1.1.1"] = ("1.1.1.1", ACME, 5.0)
    store.spend = ("2026-11-22", 3)
    saver = Saver(store, FakeTime().sleep)

    def is_known(identity: Identity | None) -> bool:
        return identity is not None

    kept, spend = await saver.load(10.0, is_known)
    await saver.aclose()
    assert kept == [("1.1.1.1", Entry(ACME, 5.0), True)]
    assert spend == ("2026-11-22", 3)


async def test_without_a_store_nothing_is_kept() -> None:
    saver = Saver(NoStore(), FakeTime().sleep)
    saver.changed("1.1.1.1", Entry(ACME, 5.0))
    saver.spent(("2026-11-22", 1))
    await saver.flush()
    assert await saver.load(0.0, bool) == ([], None)
    await saver.aclose()
