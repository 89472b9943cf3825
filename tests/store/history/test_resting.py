"""A history that nobody asks and nothing is added to lets go of what its engine holds."""

import asyncio
import threading
from pathlib import Path

import duckdb
import pytest

from tests.store.history.opened import FOR_EVER, OpenStore, event, open_store
from tests.support.clock import FakeClock
from tracker.store.history import resting
from tracker.store.history.errors import HistoryUnavailable
from tracker.store.history.resting import Resting, in_silence


class StillSilent(Exception):
    pass


class Looks:
    """Stands in for the pauses between two looks; ``work`` tells how much was done until each of them."""

    def __init__(self, work: list[int]) -> None:
        self._work = work
        self.count = 0
        self.let_go_at: list[tuple[int, float]] = []

    async def pause(self, seconds: float) -> None:
        assert seconds == resting.LOOK_EVERY_S
        if self.count == len(self._work):
            raise StillSilent
        self.count += 1

    def done(self) -> int:
        return self._work[self.count - 1]

    async def let_go(self, silent_s: float) -> None:
        self.let_go_at.append((self.count, silent_s))


async def test_it_is_let_go_when_the_work_has_stopped_and_once_more_after_a_minute() -> None:
    looks = Looks([0, 0, 0, 5, 9, 9, 9, *[9] * 200])
    with pytest.raises(StillSilent):
        await in_silence(looks.let_go, looks.done, looks.pause)
    assert looks.let_go_at == [(2, 1.0), (6, 1.0), (65, 60.0)]


def _is_open(store: OpenStore) -> bool:
    """Whether this process has the history's file open."""
    path = store.database.path
    assert path is not None
    return any(link.resolve() == path.resolve() for link in Path("/proc/self/fd").iterdir() if link.exists())


async def _let_go(store: OpenStore, silent_s: float) -> None:
    await Resting(store.database, store.mover).let_go(silent_s)


async def test_a_closed_history_takes_over_and_answers_as_before(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for n in range(3):
            await store.store([event(f"e{n}")])
            assert _is_open(store)
            await _let_go(store, resting.LONG_SILENCE_S)
            assert not _is_open(store)
            assert not (tmp_path / "tracker.duckdb.wal").exists(), "what was taken over is in the file itself"
            assert (await store.history.totals(FOR_EVER)).total_events == n + 1
            await _let_go(store, resting.LONG_SILENCE_S)
        assert store.database.reopened == 0, "these are no failures"
        assert store.database.trouble is None


async def test_it_is_renewed_now_and_then_without_any_silence(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        was_open: list[bool] = []

        async def take_over_meanwhile(seconds: float) -> None:
            assert seconds == resting.RENEW_EVERY_S
            was_open.append(_is_open(store))
            if len(was_open) == 3:
                raise StillSilent
            await store.store([event(f"e{len(was_open)}")])

        with pytest.raises(StillSilent):
            await Resting(store.database, store.mover).renew(take_over_meanwhile)
        assert was_open == [True, False, False]
        assert (await store.history.totals(FOR_EVER)).total_events == 2
        assert store.database.reopened == 0


async def test_a_renewal_waits_for_who_is_asking(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        pauses: list[float] = []
        asking = store.database.cursor()

        async def stop_asking_later(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 1:
                asking.__enter__()
            elif len(pauses) == 3:
                assert _is_open(store)
                asking.__exit__(None, None, None)
            elif len(pauses) == 4:
                raise StillSilent

        with pytest.raises(StillSilent):
            await Resting(store.database, store.mover).renew(stop_asking_later)
        assert pauses == [resting.RENEW_EVERY_S, *[resting.LOOK_EVERY_S] * 2, resting.RENEW_EVERY_S]
        assert not _is_open(store)


async def test_a_renewal_has_nothing_to_do_where_it_is_closed_already(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        pauses: list[float] = []

        async def sleep_on(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 4:
                raise StillSilent

        store.database.rest()
        with pytest.raises(StillSilent):
            await Resting(store.database, store.mover).renew(sleep_on)
        assert pauses == [resting.RENEW_EVERY_S] * 4
        assert not _is_open(store)


async def test_whoever_opens_it_ends_the_silence(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        store.database.rest()
        before = store.database.lent
        assert await store.history.retain(keep_days=30) == 0
        assert _is_open(store)
        assert store.database.lent > before, "so it is looked at again when a minute is over"
        now = store.database.lent
        await asyncio.sleep(0.2)
        assert store.database.lent == now, "the mover asks for none while nothing comes"


async def test_a_short_silence_closes_it_when_much_was_taken_over_and_only_then(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        rest = Resting(store.database, store.mover)
        await store.store([event("first")])
        await rest.let_go(resting.LOOK_EVERY_S)
        assert _is_open(store)
        await store.store([event(f"e{n}") for n in range(resting.MUCH_TAKEN_OVER)])
        await rest.let_go(resting.LOOK_EVERY_S)
        assert not _is_open(store)
        await store.store([event("last")])
        await rest.let_go(resting.LOOK_EVERY_S)
        assert _is_open(store), "it was opened for one event: it would be closed and opened for each"


async def test_it_is_not_closed_while_a_batch_is_on_its_way(tmp_path: Path) -> None:
    """What comes after it would keep it open for a minute."""
    clock = FakeClock()
    async with open_store(tmp_path, clock) as store:
        await store.store([event("e1")])
        clock.advance(resting.LOOK_EVERY_S)
        await _let_go(store, resting.LONG_SILENCE_S)
        assert _is_open(store)
        await store.mover.catch_up()
        await _let_go(store, resting.LONG_SILENCE_S)
        assert not _is_open(store)


async def test_nobody_who_reads_or_writes_loses_it(tmp_path: Path) -> None:
    """Closing while questions, an export and batches come all the time."""
    events = [event(f"e{n}", page=f"/{n}") for n in range(100)]
    async with open_store(tmp_path) as store, asyncio.timeout(60):
        await store.store(events)
        is_over = False

        async def close_all_the_time() -> None:
            while not is_over:
                await _let_go(store, resting.LONG_SILENCE_S)
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(close_all_the_time())
            for n in range(4):
                await store.store([event(f"more{n}")])
                totals, exported = await asyncio.gather(
                    store.history.totals(FOR_EVER), _exported(store, rows=50)
                )
                assert totals.total_events == len(exported) == len(set(exported)) == 101 + n
            is_over = True


async def _exported(store: OpenStore, rows: int) -> list[str]:
    return [one.id async for chunk in store.history.export(FOR_EVER, rows) for one in chunk]


async def test_it_stays_open_while_a_cursor_is_lent(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with store.database.cursor() as cursor:
            assert not store.database.rest()
            assert _is_open(store)
            assert cursor.execute("SELECT count(*) FROM events").fetchall() == [(0,)]
        assert store.database.rest()
        assert not _is_open(store)
        assert store.database.rest(), "it is closed already"


async def test_what_is_in_memory_alone_is_never_closed() -> None:
    async with open_store(None) as store:
        await store.store([event("e1")])
        await _let_go(store, resting.LONG_SILENCE_S)
        assert (await store.history.totals(FOR_EVER)).total_events == 1


async def test_a_file_that_is_gone_is_told_of_and_not_begun_anew(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_store(tmp_path, clock) as store:
        await store.store([event("e1")])
        await _let_go(store, resting.LONG_SILENCE_S)
        path = tmp_path / "tracker.duckdb"
        path.rename(tmp_path / "away")
        for _ in range(2):
            with pytest.raises(HistoryUnavailable, match="it is gone"):
                await store.history.totals(FOR_EVER)
            clock.advance(1)
        assert not path.exists()
        (tmp_path / "away").rename(path)
        assert (await store.history.totals(FOR_EVER)).total_events == 1
        assert store.database.trouble is None


async def test_a_closed_file_can_be_written_anew_and_closed_for_good(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e1")])
        await _let_go(store, resting.LONG_SILENCE_S)
        await store.mover.between_batches(store.database.rewrite)
        assert (await store.history.totals(FOR_EVER)).total_events == 1
        store.database.rest()
        store.database.close()
        with pytest.raises(HistoryUnavailable, match="closed"), store.database.cursor():
            pass
    with duckdb.connect(str(tmp_path / "tracker.duckdb"), read_only=True) as history:
        assert history.execute("SELECT count(*) FROM events").fetchall() == [(1,)]


def test_the_heap_can_be_trimmed_from_any_thread() -> None:
    thread = threading.Thread(target=resting.trim_heap)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
