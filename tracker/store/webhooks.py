"""Webhooks, and what is still to be sent to them: on the disk before anything is sent."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from tracker.core.webhooks import (
    Delivery,
    DeliveryCounts,
    DeliveryState,
    DueDelivery,
    HookEvent,
    NewDelivery,
    Secret,
    Settlement,
    Webhook,
)
from tracker.store.rows import chunks_of, places
from tracker.store.writer import Writer

MAX_PENDING = 10_000
"""Of one site; one more and the oldest is given up for good."""
MAX_KEPT = 10_000
"""Of one site, delivered ones and dead ones each."""
KEEP_DELIVERED_S = 7 * 86_400.0
KEEP_DEAD_S = 30 * 86_400.0
LONGEST_PENDING_S = 2 * 86_400.0
"""A receiver that is away holds up what comes later: so long at the most."""

ADD = "INSERT INTO webhooks (id, site, url, events, secret, created_at) VALUES (?, ?, ?, ?, ?, ?)"
READ = "SELECT id, site, url, events, secret, created_at, disabled_at FROM webhooks ORDER BY created_at, id"
PUT = "INSERT OR IGNORE INTO deliveries (webhook, id, site, type, at, session_id, body, due_at)"
COLUMNS = "id, type, at, state, tries, due_at, settled_at, status, reason"
SETTLE = (
    "UPDATE deliveries SET state = ?1, tries = ?2, due_at = ?3, settled_at = ?4, status = ?5, reason = ?6,"
    # Nobody is told again what was delivered, so nothing of it has to be kept.
    " body = CASE WHEN ?1 = 'delivered' THEN '' ELSE body END WHERE number = ?7 AND state = 'pending'"
)
GIVE_UP = "UPDATE deliveries SET state = 'dead', settled_at = ?, reason = ? WHERE state = 'pending'"
REPLAY = (
    "UPDATE deliveries SET state = 'pending', tries = 0, due_at = ?, at_replay = ?, settled_at = NULL,"
    " reason = '' WHERE webhook = ? AND state = 'dead'"
)


class WebhookTables:
    """One method is one transaction: on the disk when it returns.

    All raise ``JournalUnavailable`` when the disk does not take it; nothing of it happened then.
    """

    def __init__(self, writer: Writer, max_pending: int = MAX_PENDING, max_kept: int = MAX_KEPT) -> None:
        self._writer = writer
        self._max_pending = max_pending
        self._max_kept = max_kept

    async def load(self) -> list[Webhook]:
        return await self._writer.run(lambda connection: [_webhook(row) for row in connection.execute(READ)])

    async def add(self, hook: Webhook) -> None:
        row = (
            hook.id,
            hook.site,
            hook.url.reveal(),
            " ".join(sorted(hook.events)),
            hook.secret.reveal(),
            hook.created_at,
        )
        await self._do(lambda connection: connection.execute(ADD, row))

    async def remove(self, webhook: str) -> None:
        """Remove it with all that was to be sent to it."""
        await self._do(lambda connection: connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook,)))

    async def disable(self, webhook: str, at: float, reason: str) -> None:
        """Send nothing more: what waits is given up, and can be sent again once it is enabled."""
        await self._do(
            lambda connection: (
                connection.execute("UPDATE webhooks SET disabled_at = ? WHERE id = ?", (at, webhook)),
                connection.execute(f"{GIVE_UP} AND webhook = ?", (at, reason, webhook)),
            )
        )

    async def enable(self, webhook: str) -> None:
        await self._do(
            lambda connection: connection.execute(
                "UPDATE webhooks SET disabled_at = NULL WHERE id = ?", (webhook,)
            )
        )

    # Deliveries

    async def put(self, deliveries: Sequence[NewDelivery]) -> int:
        """Keep them to be sent; return how many old ones had to go.

        What is there already, and what is for a webhook that is gone, is passed over.
        """

        def put(connection: sqlite3.Connection) -> int:
            for chunk in chunks_of([(*one, one.at) for one in deliveries]):
                rows = [value for row in chunk for value in row]
                connection.execute(
                    f"{PUT} SELECT * FROM (VALUES {places(len(chunk), len(chunk[0]))})"
                    " WHERE column1 IN (SELECT id FROM webhooks WHERE disabled_at IS NULL)",
                    rows,
                )
            sites = {one.site for one in deliveries}
            return sum(_drop_oldest(connection, site, "pending", self._max_pending) for site in sites)

        return await self._writer.run(put)

    async def next_due(self) -> dict[str, float]:
        """Return by webhook when the first of its messages is due."""

        def read(connection: sqlite3.Connection) -> dict[str, float]:
            found = connection.execute(
                "SELECT webhook, min(due_at) FROM deliveries WHERE state = 'pending' GROUP BY webhook"
            )
            return dict(found.fetchall())

        return await self._writer.run(read)

    async def due(self, wanted: Mapping[str, int]) -> dict[str, list[DueDelivery]]:
        """Return by webhook the messages that are due first, as many as are ``wanted``; later ones too."""

        def read(connection: sqlite3.Connection) -> dict[str, list[DueDelivery]]:
            found = {}
            for webhook, most in wanted.items():
                rows = connection.execute(
                    "SELECT number, webhook, id, body, tries, due_at FROM deliveries"
                    " WHERE webhook = ? AND state = 'pending' ORDER BY due_at, number LIMIT ?",
                    (webhook, most),
                )
                found[webhook] = [DueDelivery(*row) for row in rows]
            return found

        return await self._writer.run(read)

    async def settle(self, one: Settlement) -> None:
        """Keep what a try has led to; nothing when the message is gone meanwhile."""
        is_settled = one.state is not DeliveryState.PENDING
        row = (
            one.state.value,
            one.tries,
            one.due_at,
            one.at if is_settled else None,
            one.status,
            one.reason,
            one.number,
        )
        await self._do(lambda connection: connection.execute(SETTLE, row))

    async def latest(self, webhook: str, limit: int) -> list[Delivery]:
        """Return the newest messages for a webhook, newest first."""

        def read(connection: sqlite3.Connection) -> list[Delivery]:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM deliveries WHERE webhook = ? ORDER BY number DESC LIMIT ?",
                (webhook, limit),
            )
            return [_delivery(row) for row in rows]

        return await self._writer.run(read)

    async def find(self, webhook: str, delivery: str) -> Delivery | None:
        def read(connection: sqlite3.Connection) -> Delivery | None:
            row = connection.execute(
                f"SELECT {COLUMNS} FROM deliveries WHERE webhook = ? AND id = ?", (webhook, delivery)
            ).fetchone()
            return None if row is None else _delivery(row)

        return await self._writer.run(read)

    async def replay(self, webhook: str, at: float, delivery: str | None = None) -> int:
        """Let dead messages, all or one, be sent again from the first try on; return how many."""

        def replay(connection: sqlite3.Connection) -> int:
            one = " AND id = ?" if delivery else ""
            values = (at, at, webhook, *([delivery] if delivery else []))
            return connection.execute(REPLAY + one, values).rowcount

        return await self._writer.run(replay)

    async def counts(self) -> dict[str, DeliveryCounts]:
        """Return by webhook how much waits and how much is dead."""

        def read(connection: sqlite3.Connection) -> dict[str, DeliveryCounts]:
            rows = connection.execute(
                "SELECT webhook, sum(state = 'pending'), sum(state = 'dead') FROM deliveries"
                " WHERE state <> 'delivered' GROUP BY webhook"
            )
            return {webhook: DeliveryCounts(pending, dead) for webhook, pending, dead in rows}

        return await self._writer.run(read)

    async def prune(self, now: float) -> int:
        """Forget what is too old or too much; give up what has waited too long. Return how many of these."""

        def prune(connection: sqlite3.Connection) -> int:
            longest = now - LONGEST_PENDING_S
            given_up = connection.execute(
                f"{GIVE_UP} AND coalesce(at_replay, at) < ?", (now, "too_old", longest)
            ).rowcount
            for state, keep_s in (("delivered", KEEP_DELIVERED_S), ("dead", KEEP_DEAD_S)):
                connection.execute(
                    "DELETE FROM deliveries WHERE state = ? AND settled_at < ?", (state, now - keep_s)
                )
                for (site,) in connection.execute("SELECT DISTINCT site FROM webhooks").fetchall():
                    _drop_oldest(connection, site, state, self._max_kept)
            return given_up

        return await self._writer.run(prune)

    async def _do(self, work: Callable[[sqlite3.Connection], object]) -> None:
        def run(connection: sqlite3.Connection) -> None:
            work(connection)

        await self._writer.run(run)


def _drop_oldest(connection: sqlite3.Connection, site: str, state: str, keep: int) -> int:
    return connection.execute(
        "DELETE FROM deliveries WHERE site = ?1 AND state = ?2 AND number <= (SELECT number FROM deliveries"
        " WHERE site = ?1 AND state = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)",
        (site, state, keep),
    ).rowcount


def _webhook(row: tuple[str, str, str, str, str, float, float | None]) -> Webhook:
    hook_id, site, url, events, secret, created_at, disabled_at = row
    # An event of a newer version is not sent here.
    known = frozenset(HookEvent(event) for event in events.split() if event in set(HookEvent))
    return Webhook(hook_id, site, Secret(url), known, Secret(secret), created_at, disabled_at)


def _delivery(row: tuple[str, str, float, str, int, float, float | None, int | None, str]) -> Delivery:
    delivery, kind, at, state, tries, due_at, settled_at, status, reason = row
    due = due_at if state == DeliveryState.PENDING else None
    return Delivery(delivery, kind, at, DeliveryState(state), tries, due, settled_at, status, reason)
