"""One visitor out of both files: the journal's and the history's."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from tracker.core.clock import Clock
from tracker.core.visitor import Visitor
from tracker.store import erasure
from tracker.store.erasure import JournalErased, Known
from tracker.store.history import feed, loading, removal
from tracker.store.history.database import HistoryDatabase
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.mover import Mover
from tracker.store.journal import KEEP_IDS_S
from tracker.store.writer import Writer

NOTHING = Known()


class StoreErased(NamedTuple):
    events: int
    sessions: int
    rejects: int
    addresses: frozenset[str]
    """Addresses whose cached identity went."""


class Eraser:
    """Forgets visitors in the two files.

    What is in the journal and not in the history yet cannot slip through between: the
    mover stands still meanwhile.
    """

    def __init__(
        self,
        writer: Writer,
        mover: Mover,
        database: HistoryDatabase,
        clock: Clock,
        key_of: Callable[[str], str | None] = lambda ip: ip,
    ) -> None:
        """``key_of`` tells under which key the identity of an address is cached."""
        self._writer = writer
        self._mover = mover
        self._database = database
        self._clock = clock
        self._key_of = key_of

    async def erase(
        self,
        visitor: Visitor,
        known: Known = NOTHING,
        on_commit: Callable[[JournalErased], object] = lambda _: None,
    ) -> StoreErased:
        """Delete all about ``visitor``, and sessions that are ``known`` to be theirs.

        ``on_commit`` is called on the journal's thread as soon as the journal holds nothing of them:
        what was committed before is gone, what is committed after it is new.

        Raises:
            JournalUnavailable, HistoryUnavailable, HistoryDamaged: something may be left. Ask again.
        """
        await self._mover.catch_up()
        return await self._mover.write(
            partial(self._erase, visitor=visitor, known=known, on_commit=on_commit)
        )

    async def make_compact(self) -> None:
        """Write both files anew: until then what was deleted can still be read in them.

        Raises:
            JournalUnavailable, HistoryUnavailable: it could not be done.
        """
        await self._writer.run(erasure.make_compact)
        await self._mover.between_batches(self._database.rewrite)

    # On the history's thread

    def _erase(
        self,
        cursor: DuckDBPyConnection,
        visitor: Visitor,
        known: Known,
        on_commit: Callable[[JournalErased], object],
    ) -> StoreErased:
        generation = self._writer.submit(feed.read_generation).result()
        applied = loading.read_applied(cursor, "events", generation)
        # Twice as long as ids are kept: pruning them may lag.
        since = self._clock.now().unix_s - 2 * KEEP_IDS_S
        found = removal.find(cursor, visitor, known.session_ids, since)
        known = Known(
            known.session_ids | found.session_ids,
            known.addresses | frozenset(filter(None, map(self._key_of, found.ips))),
            tuple(arrival - applied.arrivals for arrival in found.arrivals),
        )
        erased = self._writer.submit(partial(erasure.erase, visitor=visitor, known=known))
        erased.add_done_callback(partial(_tell, on_commit))
        journal = erased.result()
        removed = removal.erase(cursor, visitor, journal.session_ids)
        return StoreErased(
            removed.events + sum(seq > applied.seq for seq in journal.seqs),
            removed.sessions + journal.visits,
            removed.rejects + journal.rejects,
            journal.addresses,
        )


def _tell(on_commit: Callable[[JournalErased], object], done: "Future[JournalErased]") -> None:
    if done.exception() is None:
        on_commit(done.result())
