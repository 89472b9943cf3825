"""CONTRACT.md 4, "the service restarts within the idle timeout"."""

import asyncio
from functools import partial
from pathlib import Path

from tests.store.events import event, limit_pages
from tests.store.restarts import ACME, DATA_CENTER, Life, life
from tests.support.clock import FakeClock
from tracker.core.effects import SessionEnded
from tracker.core.inputs import FrameKind, ResetRequested, SiteEvent, UpstreamFrame
from tracker.core.journey import PackedJourney
from tracker.core.session import Enrichment, Visibility
from tracker.store import live_tables

ADDRESSES = {"1.1.1.1": ACME, "2.2.2.2": DATA_CENTER, "3.3.3.3": None}


def frame(
    run: Life, session_id: str, kind: FrameKind = FrameKind.OPENED, ip: str = "1.1.1.1"
) -> UpstreamFrame:
    return UpstreamFrame(run.clock.now(), "default", kind, session_id, ip, ip or None, None)


async def a_busy_minute(run: Life) -> None:
    """Sessions of every kind and state."""
    for number, ip in enumerate(("1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4", "")):
        run.handle(frame(run, f"up{number}", ip=ip))
    for number in range(6):
        run.clock.advance(0.5)
        page = f"/p{number % 4}"
        await run.journal.append("default", [visit(run, f"e{number}", f"web{number % 3}", page)])
    # Nobody answers for this one: it is shown, but may still turn out to be of a data centre.
    unknown = visit(run, "e8", "web3", "/p9")._replace(ip="5.5.5.5", address="5.5.5.5")
    await run.journal.append("default", [unknown])
    run.pass_time(20)
    run.handle(frame(run, "up0", FrameKind.CLOSED))
    await run.journal.append("default", [visit(run, "e9", "web0", "/p0")._replace(type="session_end")])
    run.handle(frame(run, "up5"))
    run.pass_time(15)
    run.handle(frame(run, "up4", FrameKind.KEEP_ALIVE))
    run.clock.advance(0.5)
    await run.journal.append("default", [visit(run, "e11", "web2", "/p2")._replace(type="leave")])
    run.clock.advance(0.5)
    await run.journal.append("default", [visit(run, "e10", "web1", "/late")])


def visit(run: Life, event_id: str, session_id: str, page: str) -> SiteEvent:
    return event(event_id, page=page, now=run.clock.now(), session_id=session_id)._replace(
        user_id="u",
        country="DE",
        device="mobile",
        browser="Firefox",
        os="Linux",
        referrer="https://r.example",
    )


async def test_S4_table_and_figures_come_back(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock, ADDRESSES) as run:
        await a_busy_minute(run)
        assert await run.checkpoints.write()
        before = run.picture()
    async with life(tmp_path / "t.journal", clock, ADDRESSES) as run:
        assert run.picture() == before
        assert before["hidden"] == 1
        assert len(before["table"]) == 7
        assert before["averages"].visitors_per_company == 2.0
        assert before["averages"].session_duration_today_s is not None
        assert before["statistics"].total_today == 9
        # And it goes on as it would have.
        assert run.core.handle(frame(run, "up0", FrameKind.KEEP_ALIVE)) == []
        assert sum(run.core.drops.values()) == 1


async def test_S4_downtime_counts_as_silence(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        run.handle(frame(run, "early", ip=""))
        run.pass_time(25)
        run.handle(frame(run, "late", ip=""))
        await run.checkpoints.write()
        opened_at = run.core.site("default").find("late").opened_at  # type: ignore[union-attr]
    # Another boot: the monotonic clock begins anew.
    other = FakeClock(clock.now()._replace(monotonic_s=3.0))
    other.advance(40)
    async with life(tmp_path / "t.journal", other) as run:
        live = run.core.site("default")
        assert [one.id for one in live.live_sessions()] == ["late"]
        (ended,) = [effect for effect in run.effects if isinstance(effect, SessionEnded)]
        assert (ended.session.id, ended.reason, ended.was_visible) == ("early", "expired", True)
        assert ended.session.ended_at == clock.now().unix_s - 25
        run.pass_time(21)
        assert len(live) == 0
        # What expired comes back with its first opening.
        run.handle(frame(run, "late", FrameKind.KEEP_ALIVE, ip=""))
        late = live.find("late")
        assert late is not None
        assert late.opened_at == opened_at
        assert live.statistics().total_today == 2


async def test_F2d_03_S4_a_wall_clock_set_back_while_down_makes_no_sessions_of_the_future(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        run.handle(frame(run, "s", ip=""))
        await run.checkpoints.write()
    clock.step_wall(-3_600)
    async with life(tmp_path / "t.journal", clock) as run:
        run.pass_time(61)
        assert len(run.core.site("default")) == 0


async def test_S4_a_new_day_begins_when_midnight_passed_while_down(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        run.handle(frame(run, "s", ip=""))
        await run.checkpoints.write()
        assert run.core.site("default").statistics().total_today == 1
    clock.advance(86_400)
    async with life(tmp_path / "t.journal", clock) as run:
        assert run.core.site("default").statistics().total_today == 0
        assert not run.core.site("default").period_is_over(clock.now().unix_s)


async def test_S4_a_reset_survives(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        await run.journal.append("default", [visit(run, "a", "s", "/a")])
        await run.checkpoints.write()
        run.handle(ResetRequested(run.clock.advance(1), "default"))
        await run.checkpoints.write()
        before = run.picture()
    async with life(tmp_path / "t.journal", clock) as run:
        assert run.picture() == before
        assert run.core.site("default").statistics()[1:] == (0, {})


async def test_what_is_usual_at_an_hour_survives(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        for number in range(4):
            run.handle(frame(run, f"up{number}", ip=""))
            run.pass_time(60)
        await run.checkpoints.write()
        learnt = run.core.site("default").figures()[-1]
        assert sum(hour.minutes for hour in learnt) >= 2
    async with life(tmp_path / "t.journal", clock) as run:
        assert run.core.site("default").figures()[-1] == learnt


async def test_S4_events_after_the_checkpoint_are_replayed_once(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        await run.journal.append("default", [visit(run, "a", "s", "/a")])
        await run.checkpoints.write()
        clock.advance(0.5)
        await run.journal.append("default", [visit(run, "b", "s", "/b"), visit(run, "c", "t", "/a")])
        before = run.picture()
        assert before["statistics"].pages_visited == {"/a": 2, "/b": 1}
    for _ in range(2):
        async with life(tmp_path / "t.journal", clock) as run:
            assert run.picture() == before
            assert run.state.applied_seq == 1
            assert run.journal.fed_seq == 3


async def test_S4_what_still_waits_is_looked_up_again(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        run.handle(frame(run, "s"))
        await run.checkpoints.write()
        assert run.checkpoints.waiting == 1
    async with life(tmp_path / "t.journal", clock, ADDRESSES) as run:
        session = run.core.site("default").find("s")
        assert session is not None
        assert (session.enrichment, session.visibility) == (Enrichment.IDENTIFIED, Visibility.VISIBLE)
        assert run.core.site("default").statistics().total_today == 1


async def test_S4_a_session_that_ended_unseen_is_written_until_it_is_shown(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        run.handle(frame(run, "s"))
        run.handle(frame(run, "s", FrameKind.CLOSED))
        await run.checkpoints.write()
        run.pass_time(3)
        await run.checkpoints.write()
        assert run.picture()["statistics"].total_today == 1
        # Its lookup may still answer, but not for ever.
        assert run.checkpoints.waiting == 1
        run.pass_time(30)
        await run.checkpoints.write()
        assert run.checkpoints.waiting == 0
    async with life(tmp_path / "t.journal", clock) as run:
        run.pass_time(3)
        assert run.core.site("default").statistics().total_today == 1


async def test_what_changes_often_is_written_once(tmp_path: Path) -> None:
    async with life(tmp_path / "t.journal", FakeClock()) as run:
        for _ in range(500):
            run.handle(frame(run, "s", FrameKind.KEEP_ALIVE, ip=""))
        assert run.checkpoints.waiting == 1
        assert run.checkpoints.has_changes
        await run.checkpoints.write()
        assert run.checkpoints.waiting == 0
        assert not run.checkpoints.has_changes


async def test_the_pages_that_changed_are_the_ones_written(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        pages = [visit(run, f"e{n}", f"s{n}", f"/{n}") for n in range(300)]
        await run.journal.append("default", pages)
        await run.checkpoints.write()
        changes = [await run.database.writer.run(lambda connection: connection.total_changes)]
        clock.advance(1)
        await run.journal.append("default", [visit(run, "again", "s7", "/8")])
        await run.checkpoints.write()
        changes.append(await run.database.writer.run(lambda connection: connection.total_changes))
        # The event and its id, the session, its page, the figures, the mark.
        assert changes[1] - changes[0] == 6
        before = run.picture()
    async with life(tmp_path / "t.journal", clock) as run:
        assert run.picture() == before


async def test_F2c_01_a_full_disk_keeps_the_marks(tmp_path: Path) -> None:
    clock = FakeClock()
    path = tmp_path / "t.journal"
    async with life(path, clock) as run:
        await limit_pages(run.database, 0)
        for number in range(400):
            run.handle(frame(run, f"s{number}", ip=""))
        assert not await run.checkpoints.write()
        assert run.checkpoints.failures == 1
        assert run.checkpoints.waiting == 400
        await limit_pages(run.database, 10_000)
        assert await run.checkpoints.write()
        assert run.checkpoints.failures == 0
        before = run.picture()
    async with life(path, clock) as run:
        assert run.picture() == before


async def test_ended_sessions_are_forgotten_after_an_hour(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        for number in range(1_500):
            run.handle(frame(run, f"s{number}", ip=""))
            run.handle(frame(run, f"s{number}", FrameKind.CLOSED))
        run.handle(frame(run, "lives", ip=""))
        await run.checkpoints.write()
        assert await run.checkpoints.prune() == 0
        clock.advance(3_601)
        assert await run.checkpoints.prune() == 1_500
    async with life(tmp_path / "t.journal", clock) as run:
        assert [one.id for one in run.state.live] == ["lives"]
        assert run.state.ended == []


async def test_the_oldest_that_ended_are_left_when_there_is_too_much_of_them(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        for number in range(10):
            for page in ("a", "b"):
                run.handle(visit(run, "", f"s{number}", "/" + page * 1_000))
            run.pass_time(61)
        run.handle(visit(run, "", "lives", "/" + "c" * 1_000))
        await run.checkpoints.write()
        read = partial(live_tables.read_sessions, max_journey_bytes=4_000)
        sessions, unreadable = await run.database.writer.run(read)
    assert unreadable == 0
    assert {session.id for session in sessions} == {"lives", "s9", "s8"}


async def test_rotten_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        for session_id in ("a", "b"):
            run.handle(frame(run, session_id, ip=""))
        await run.checkpoints.write()
        await run.database.writer.run(
            lambda connection: connection.execute("UPDATE live_sessions SET body = x'00' WHERE id = 'a'")
        )
    async with life(tmp_path / "t.journal", clock) as run:
        assert [one.id for one in run.state.live] == ["b"]
        assert run.state.unreadable == 1


async def test_run_writes_by_itself_and_very_much_at_once(tmp_path: Path) -> None:
    # An interval that never ends: only the number of sessions makes it write.
    async with life(tmp_path / "t.journal", FakeClock(), interval_s=3_600.0) as run:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(run.checkpoints.run())
            for number in range(2_500):
                run.handle(frame(run, f"s{number}", ip=""))
            async with asyncio.timeout(10):
                while not run.checkpoints.written:
                    await run.database.writer.run(lambda connection: None)
            task.cancel()
        assert run.checkpoints.waiting == 0


async def test_in_memory_it_works_the_same() -> None:
    async with life(None, FakeClock()) as run:
        run.handle(frame(run, "s", ip=""))
        assert await run.checkpoints.write()


async def test_S4_a_sign_of_life_moves_two_times_and_no_more(tmp_path: Path) -> None:
    clock = FakeClock()
    path = tmp_path / "t.journal"
    async with life(path, clock) as run:
        run.handle(frame(run, "s", ip=""))
        await run.checkpoints.write()
        written = await rows_of(run, "live_sessions")
        run.pass_time(10)
        run.handle(frame(run, "s", FrameKind.KEEP_ALIVE, ip=""))
        await run.checkpoints.write()
        assert await rows_of(run, "live_sessions") == written
        assert len(await rows_of(run, "live_times")) == 1
        before = run.picture()
    clock.advance(40)
    async with life(path, clock) as run:
        after = run.picture()["live"]["s"]
        assert after == {**before["live"]["s"], "last_seen_s": 40, "is_idle": True}
        run.pass_time(15)
        assert run.picture()["table"] == ["s"]
        run.pass_time(6)
        assert run.picture()["table"] == []
        await run.checkpoints.write()
        assert await rows_of(run, "live_times") == []


async def test_S4_a_sign_of_life_after_the_clock_was_set_back_is_the_newer_one(tmp_path: Path) -> None:
    clock = FakeClock()
    async with life(tmp_path / "t.journal", clock) as run:
        run.handle(frame(run, "s", ip=""))
        await run.checkpoints.write()
        clock.step_wall(-3_600)
        run.pass_time(50)
        run.handle(frame(run, "s", FrameKind.KEEP_ALIVE, ip=""))
        await run.checkpoints.write()
    async with life(tmp_path / "t.journal", clock) as run:
        run.pass_time(50)
        assert run.picture()["table"] == ["s"]


async def rows_of(run: Life, table: str) -> list[tuple[object, ...]]:
    return await run.database.writer.run(
        lambda connection: connection.execute(f"SELECT * FROM {table}").fetchall()
    )


async def test_pages_that_are_taken_back_are_one_text_for_all_who_saw_them(tmp_path: Path) -> None:
    async with life(tmp_path / "t.journal", FakeClock()) as run:
        for name in ("one", "two", "bounced"):
            run.handle(visit(run, "", name, "/first/page"))
            if name != "bounced":
                run.handle(visit(run, "", name, "/second/page"))
        await run.checkpoints.write()
    async with life(tmp_path / "t.journal", FakeClock()) as run:
        site = run.core.site("default")
        one, two, bounced = (site.find(name) for name in ("one", "two", "bounced"))
        assert one is not None
        assert two is not None
        assert bounced is not None
        assert isinstance(one.journey, PackedJourney)
        assert [step.page for step in one.steps] == ["/first/page", "/second/page"]
        assert all(mine.page is theirs.page for mine, theirs in zip(one.steps, two.steps, strict=True))
        assert bounced.journey is one.steps[0].page
