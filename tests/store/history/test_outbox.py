"""Notices wait in the journal's file until the history has them."""

from pathlib import Path

from tests.store.events import limit_pages
from tests.store.history.opened import FOR_EVER, START_S, event, open_store
from tracker.core.effects import EndReason
from tracker.core.identity import Company, Contact, Identity
from tracker.core.session import Session, Source
from tracker.store.history.outbox import EndedVisit, HiddenSession, Outbox, insert

VISIT = EndedVisit("default", "s1", "upstream", "192.0.2.1", 100.125, 200.5, "closed")


def test_a_session_is_copied() -> None:
    session = Session("default", "s1", Source.EVENTS, "192.0.2.9", None, START_S)
    session.visit_page("/", START_S, 10)
    session.event_count = 3
    session.user_id = "ann"
    session.ended_at = START_S + 60
    session.identity = Identity(Company("g", "Acme"), Contact("c", "Ann"))
    visit = EndedVisit.of(session, EndReason.EXPIRED)
    assert visit == EndedVisit(
        "default",
        "s1",
        "events",
        "192.0.2.9",
        START_S,
        START_S + 60,
        "expired",
        1,
        3,
        "ann",
        company=Company("g", "Acme"),
        contact=Contact("c", "Ann"),
    )
    session.ended_at = None
    assert EndedVisit.of(session, EndReason.CLOSED).ended_at == session.last_activity_at


async def test_everything_of_a_visit_comes_back(tmp_path: Path) -> None:
    contact = Contact("c-1", "Ann ☃ '\"", "CEO", ("ann@acme.example", "x@acme.example"), ("+41 1",))
    visit = EndedVisit(
        "default",
        "s\ud800",
        "events",
        "192.0.2.1",
        100.125,
        200.5,
        "expired",
        3,
        7,
        "ann",
        "CH",
        "mobile",
        "Chrome",
        "iOS",
        "https://a.example/",
        Company("g", "Acme", "acme.example"),
        contact,
    )
    async with open_store(tmp_path) as store:
        store.outbox.put(visit)
        store.outbox.put(VISIT)
        assert store.outbox.waiting == 2
        await store.store([])
        assert (store.outbox.waiting, store.outbox.written) == (0, 2)
        (row,) = await store.history.session_visits("default", "s?")
        assert tuple(row) == (
            "default",
            "s?",
            *visit[2:15],
            "g",
            "Acme",
            "acme.example",
            *contact[:3],
            ["ann@acme.example", "x@acme.example"],
            ["+41 1"],
        )
        (row,) = await store.history.session_visits("default", "s1")
        assert tuple(row) == (*VISIT[:9], *[None] * 12, [], [])


async def test_a_hidden_session_counts_in_no_figure(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e1"), event("e2", session_id="s2")])
        assert (await store.history.totals(FOR_EVER)).total_events == 2
        for _ in range(2):
            store.outbox.put(HiddenSession("default", "s2"))
            await store.store([event("e3", session_id="s2")])
        assert (await store.history.totals(FOR_EVER)).total_events == 1
        assert [one.id for one in (await store.history.events(FOR_EVER)).events] == ["e1"]
        assert (await store.history.user_stats(FOR_EVER, "nobody")).recent_events == []


async def test_F2c_01_a_full_disk_keeps_them_and_the_oldest_go_first(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        outbox = Outbox(store.journal_file.writer, max_waiting=3)
        await limit_pages(store.journal_file, 0)
        for n in range(5):
            outbox.put(VISIT._replace(session_id=f"{n}" + "x" * 20_000))
        assert outbox.dropped == 2
        assert not await outbox.write()
        assert (outbox.waiting, outbox.failures) == (3, 1)
        await limit_pages(store.journal_file, 1_000)
        assert await outbox.write()
        assert (outbox.waiting, outbox.failures, outbox.dropped) == (0, 0, 2)
        await store.store([])
        found = [len(await store.history.session_visits("default", f"{n}" + "x" * 20_000)) for n in range(5)]
        assert found == [0, 0, 1, 1, 1]


async def test_the_file_keeps_the_newest(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:

        def write(connection: object) -> list[int]:
            return [insert(connection, [b"{}"] * 4, keep=6) for _ in range(3)]  # type: ignore[arg-type]

        assert await store.journal_file.writer.run(write) == [0, 2, 4]
