"""What the live side tells the history: visits that ended, rejects, gaps.

It waits in the journal's file until the mover has taken it over.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from tracker.core.identity import Company, Contact
from tracker.core.session import Session
from tracker.store.errors import JournalUnavailable
from tracker.store.rows import insert_rows
from tracker.store.writer import Writer

log = logging.getLogger(__name__)

INTERVAL_S = 0.5
MAX_WAITING = 50_000
MAX_STORED = 500_000
"""While the history cannot take them, the journal's file keeps so many, the newest."""
MAX_BATCH = 2_000


class EndedVisit(NamedTuple):
    """One visit from its opening to its end."""

    site: str
    session_id: str
    source: str
    ip: str
    opened_at: float
    ended_at: float
    reason: str
    pages: int = 0
    events: int = 0
    user_id: str | None = None
    country: str | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    referrer: str | None = None
    company: Company | None = None
    contact: Contact | None = None

    @classmethod
    def of(cls, session: Session, reason: str) -> "EndedVisit":
        """Copy what is kept of ``session``, which has ended."""
        identity = session.identity
        return cls(
            session.site,
            session.id,
            session.source.value,
            session.ip,
            session.opened_at,
            session.last_activity_at if session.ended_at is None else session.ended_at,
            str(reason),
            session.page_count,
            session.event_count,
            session.user_id,
            session.country,
            session.device,
            session.browser,
            session.os,
            session.referrer,
            identity.company if identity else None,
            identity.contact if identity else None,
        )


class HiddenSession(NamedTuple):
    """A session of a data centre: its events count in no figure, earlier ones included."""

    site: str
    session_id: str


class RejectedInput(NamedTuple):
    """What was refused at a door. ``excerpt`` is what was sent, cut off by the caller."""

    site: str
    at: float
    source: str
    reason: str
    excerpt: str


class FeedGapSeen(NamedTuple):
    """The session emitter was away from ``start`` to ``end``."""

    site: str
    start: float
    end: float


Notice = EndedVisit | HiddenSession | RejectedInput | FeedGapSeen


class Outbox:
    """Collects notices and writes them together, twice a second.

    There's no backpressure: 50,000 wait in memory, and 500,000 in the file while the
    history is away; the oldest go first, counted in ``dropped``. Visits are told apart by
    site, session and opening, so telling of one again replaces what was told before.
    """

    def __init__(
        self, writer: Writer, interval_s: float = INTERVAL_S, max_waiting: int = MAX_WAITING
    ) -> None:
        self._writer = writer
        self._interval_s = interval_s
        self._waiting: deque[bytes] = deque(maxlen=max_waiting)
        self._writing = asyncio.Lock()
        self.written = 0
        self.dropped = 0
        self.failures = 0
        """Times in a row that they could not be written."""

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, notice: Notice) -> None:
        """Take ``notice``, to be written soon. Some microseconds."""
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
        self._waiting.append(encode_notice(notice))

    async def run(self) -> None:
        """Write for ever. Whoever cancels it calls :meth:`write` after the last notice."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.write()

    async def write(self) -> bool:
        """Write what waits; ``False``: it failed and waits on.

        Done before a checkpoint, no end of a visit is lost by a crash between the two.
        """
        async with self._writing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
                try:
                    self.dropped += await self._writer.run(partial(insert, bodies=batch))
                except JournalUnavailable as error:
                    self._take_back(batch)
                    if not self.failures:
                        log.error("ended visits cannot be written (%s); tried again", error.trouble)
                    self.failures += 1
                    return False
                self.failures = 0
                self.written += len(batch)
        return True

    def _take_back(self, batch: list[bytes]) -> None:
        room = (self._waiting.maxlen or 0) - len(self._waiting)
        self.dropped += max(0, len(batch) - room)
        self._waiting.extendleft(reversed(batch[max(0, len(batch) - room) :]))


def insert(connection: sqlite3.Connection, bodies: Sequence[bytes], keep: int = MAX_STORED) -> int:
    """Write ``bodies`` in the caller's transaction; return how many old ones had to go."""
    insert_rows(connection, "INSERT INTO outbox (body)", [(body,) for body in bodies])
    (last,) = connection.execute("SELECT max(seq) FROM outbox").fetchone()
    return connection.execute("DELETE FROM outbox WHERE seq <= ?", ((last or 0) - keep,)).rowcount


def encode_notice(notice: Notice) -> bytes:
    """Return ``notice`` as JSON of the fields that the history's loader knows."""
    fields: dict[str, Any] = {"kind": type(notice).__name__, **notice._asdict()}
    company: Company | None = fields.pop("company", None)
    contact: Contact | None = fields.pop("contact", None)
    if company is not None:
        fields.update({f"company_{name}": value for name, value in company._asdict().items()})
    if contact is not None:
        fields.update(
            contact_guid=contact.guid,
            contact_name=contact.name,
            contact_title=contact.title,
            emails=contact.email_addresses or None,
            phones=contact.phone_numbers or None,
        )
    return msgspec.json.encode({name: _clean(value) for name, value in fields.items() if value is not None})


def _clean(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
