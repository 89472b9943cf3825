"""What is kept of webhooks, for how long, and what a file of the version before becomes."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tracker.core.webhooks import (
    DeliveryCounts,
    DeliveryState,
    HookEvent,
    NewDelivery,
    Secret,
    Settlement,
    Webhook,
)
from tracker.store import schema
from tracker.store.database import Database, open_database
from tracker.store.webhooks import KEEP_DEAD_S, KEEP_DELIVERED_S, LONGEST_PENDING_S, WebhookTables

HOOK = Webhook(
    "wh_1", "default", Secret("https://x"), frozenset({HookEvent.ALERT}), Secret("whsec_AA=="), 1.0
)


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    opened = open_database(None, FakeClock())
    yield opened
    await opened.close()


@pytest.fixture
async def tables(database: Database) -> WebhookTables:
    made = WebhookTables(database.writer, max_kept=3)
    await made.add(HOOK)
    return made


def message(number: int, at: float = 10.0, webhook: str = "wh_1") -> NewDelivery:
    return NewDelivery(webhook, f"msg_{number}", "default", "alert", at, f"s{number}", "the body")


async def settle(tables: WebhookTables, state: DeliveryState, at: float) -> None:
    """Settle what is due first."""
    ((one, *_),) = (await tables.due({"wh_1": 1})).values()
    await tables.settle(Settlement(one.number, state, one.tries + 1, at, at, 500, "status"))


async def test_a_message_is_kept_once_and_for_webhooks_that_are_there(tables: WebhookTables) -> None:
    await tables.put([message(1), message(1), message(2, webhook="wh_gone")])
    await tables.put([message(1)])
    assert [one.id for one in await tables.latest("wh_1", 10)] == ["msg_1"]
    assert await tables.counts() == {"wh_1": DeliveryCounts(1, 0)}
    await tables.remove("wh_1")
    assert await tables.counts() == {}
    assert await tables.load() == []


async def test_of_what_was_delivered_the_content_goes_at_once(
    tables: WebhookTables, database: Database
) -> None:
    await tables.put([message(1), message(2)])
    await settle(tables, DeliveryState.DELIVERED, 20.0)
    await settle(tables, DeliveryState.DEAD, 20.0)
    rows = await database.writer.run(
        lambda connection: connection.execute("SELECT id, body FROM deliveries ORDER BY id").fetchall()
    )
    assert rows == [("msg_1", ""), ("msg_2", "the body")]
    # What was settled stays so, whoever comes late.
    await tables.settle(Settlement(1, DeliveryState.PENDING, 9, 0.0, 0.0, None, "timeout"))
    found = await tables.find("wh_1", "msg_1")
    assert found is not None
    assert (found.state, found.tries) == ("delivered", 1)


async def test_what_is_old_or_too_much_is_forgotten(tables: WebhookTables) -> None:
    await tables.put([message(number) for number in range(10)])
    for state in (DeliveryState.DELIVERED, DeliveryState.DEAD):
        for _ in range(4):
            await settle(tables, state, 100.0)
    await tables.prune(100.0 + KEEP_DELIVERED_S)
    kept = [one.id for one in await tables.latest("wh_1", 20)]
    # Two that waited all the time are among the dead ones meanwhile.
    assert kept == ["msg_9", "msg_8", "msg_7", "msg_3", "msg_2", "msg_1"]
    await tables.prune(101.0 + KEEP_DELIVERED_S)
    kept = [one.id for one in await tables.latest("wh_1", 20)]
    assert kept == ["msg_9", "msg_8", "msg_7"]
    await tables.prune(101.0 + KEEP_DEAD_S)
    assert await tables.counts() == {"wh_1": DeliveryCounts(0, 2)}


async def test_what_waits_too_long_is_given_up_and_waits_anew_when_it_is_sent_again(
    tables: WebhookTables,
) -> None:
    await tables.put([message(1, at=10.0)])
    assert await tables.prune(9.0 + LONGEST_PENDING_S) == 0
    late = 11.0 + LONGEST_PENDING_S
    assert await tables.prune(late) == 1
    (one,) = await tables.latest("wh_1", 1)
    assert (one.state, one.reason) == ("dead", "too_old")
    assert await tables.replay("wh_1", late) == 1
    assert await tables.prune(late + 10.0) == 0
    assert (await tables.due({"wh_1": 1}))["wh_1"][0].tries == 0


async def test_a_file_of_the_version_before_gets_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, schema.STEPS[: schema.STEPS.index(schema.WEBHOOKS)])
    connection.close()
    database = open_database(path, FakeClock())
    await WebhookTables(database.writer).add(HOOK)
    assert await WebhookTables(database.writer).load() == [HOOK]
    await database.close()
