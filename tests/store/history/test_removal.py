"""Forgetting what is old, and one visitor."""

from pathlib import Path
from typing import Any

import pytest

from tests.store.history.opened import FOR_EVER, START_S, OpenStore, event, open_store
from tests.support.clock import FakeClock
from tracker.core.identity import Contact
from tracker.core.visitor import Visitor
from tracker.store.history.outbox import EndedVisit, FeedGapSeen, HiddenSession, RejectedInput

DAY_S = 86_400
VISIT = EndedVisit("default", "s1", "events", "192.0.2.1", START_S, START_S + 1, "closed")


async def counts(store: OpenStore) -> dict[str, int]:
    def count(cursor: Any) -> dict[str, int]:
        return {
            table: cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            for table in ("events", "sessions", "rejects", "gaps", "hidden_sessions")
        }

    return await store.readers.run(count)


async def test_S4_21_retention_by_whole_days(tmp_path: Path) -> None:
    clock = FakeClock()
    today_s = clock.now().unix_s // DAY_S * DAY_S
    async with open_store(tmp_path, clock) as store:
        for number, at in enumerate((today_s - 30 * DAY_S - 1, today_s - 30 * DAY_S, today_s)):
            store.outbox.put(VISIT._replace(session_id=f"s{number}", opened_at=at - 5, ended_at=at))
            store.outbox.put(RejectedInput("default", at, "http", "invalid_json", "{"))
            store.outbox.put(FeedGapSeen("default", at - 1, at))
            store.outbox.put(HiddenSession("default", f"s{number}"))
            await store.store([event(f"e{number}", at, session_id=f"s{number}")])
        assert set((await counts(store)).values()) == {3}
        assert await store.history.retain(30) == 4
        assert set((await counts(store)).values()) == {2}
        assert await store.history.retain(30) == 0


async def test_the_space_of_what_went_is_used_again(tmp_path: Path) -> None:
    clock = FakeClock()
    day_s = clock.now().unix_s
    sizes: list[int] = []
    async with open_store(tmp_path, clock) as store:
        for round_ in range(5):
            at = day_s + round_ * 10 * DAY_S
            await store.store(
                [event(f"{round_}-{n:x}", at, metadata={"x": f"{n * 7919:x}" * 9}) for n in range(6_000)]
            )
            clock.advance(10 * DAY_S)
            await store.history.retain(5)
            sizes.append(store.history.size_bytes)
        assert (await counts(store))["events"] == 0
    assert sizes[-1] <= sizes[1] * 1.5, sizes


@pytest.mark.parametrize(
    ("visitor", "left"),
    [
        (Visitor("default", session_id="s1"), ["user", "other", "mail"]),
        (Visitor("default", user_id="ann"), ["ip", "other", "mail"]),
        (Visitor("default", ip="192.0.2.7"), ["anonymous", "user", "other", "mail"]),
        (Visitor("default", email="Ann@Acme.example"), ["ip", "anonymous", "user", "other"]),
        (Visitor("default", email="no@where.example"), ["ip", "anonymous", "user", "other", "mail"]),
        (Visitor("default", session_id="' OR 1=1 --"), ["ip", "anonymous", "user", "other", "mail"]),
        (Visitor("elsewhere", user_id="ann"), ["ip", "anonymous", "user", "other", "mail"]),
        (Visitor(None, user_id="bob"), ["ip", "anonymous", "user", "mail"]),
        (Visitor("default"), ["ip", "anonymous", "user", "other", "mail"]),
    ],
)
async def test_S4_21_one_visitor_is_erased(tmp_path: Path, visitor: Visitor, left: list[str]) -> None:
    async with open_store(tmp_path) as store:
        contact = Contact("c1", "Ann", email_addresses=("ann@acme.example", "a@b.example"))
        store.outbox.put(VISIT._replace(session_id="s4", contact=contact))
        for session in ("s1", "s2", "s3"):
            store.outbox.put(VISIT._replace(session_id=session))
        await store.outbox.write()
        await store.journal.append(
            "default",
            [
                event("ip", START_S, session_id="s1", ip="192.0.2.7"),
                event("anonymous", START_S, session_id="s2") if "s1" not in visitor else event("x", START_S),
                event("user", START_S + 1, session_id="s2", user_id="ann"),
                event("other", START_S + 2, session_id="s3", user_id="bob"),
                event("mail", START_S + 3, session_id="s4"),
            ],
        )
        # What waits in the journal goes too.
        erased = await store.eraser.erase(visitor)
        found = [one.id for one in reversed((await store.history.events(FOR_EVER)).events)]
        assert found == left
        assert erased.events == 5 - len(left)
        gone = {"s1": "ip", "s2": "user", "s3": "other", "s4": "mail"}
        for session, name in gone.items():
            visits = await store.history.session_visits("default", session)
            assert bool(visits) == (name in left), session


async def test_S4_21_an_address_in_metadata_and_rejects_is_erased(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for excerpt in ('{"email": "ANN@acme.example"}', '{"ip": "192.0.2.7"}', "{"):
            store.outbox.put(RejectedInput("default", START_S, "http", "invalid", excerpt))
        await store.store(
            [
                event("said", session_id="s1", metadata={"mail": "Ann@Acme.Example"}),
                event("goes by it", session_id="s2", user_id="ann@acme.example"),
                event("other", session_id="s3"),
            ]
        )
        by_mail = await store.eraser.erase(Visitor("default", email="ann@acme.example"))
        assert by_mail[:3] == (2, 0, 1)
        assert (await store.eraser.erase(Visitor("default", ip="192.0.2.7")))[:3] == (0, 0, 1)
        assert (await counts(store))["rejects"] == 1
