"""The memory of sessions that ended."""

import msgspec

from tracker.core.effects import EndReason
from tracker.core.ended import REMEMBERED_FOR_S, EndedSession, EndedSessions
from tracker.core.journey import PackedJourney
from tracker.core.session import Session, Source


def ended(session_id: str, ended_s: float = 0.0) -> EndedSession:
    session = Session("default", session_id, Source.UPSTREAM, "", None, 0.0)
    return EndedSession(session, EndReason.CLOSED, ended_s, None, 0)


def test_beyond_the_limit_the_oldest_is_forgotten() -> None:
    memory = EndedSessions(limit=2)
    for name in "abc":
        memory.add(ended(name))
    assert len(memory) == 2
    assert memory.get("a") is None
    assert memory.get("c") is not None


def ended_after(session_id: str, *pages: str) -> EndedSession:
    entry = ended(session_id)
    for number, page in enumerate(pages):
        entry.session.visit_page(page, float(number), 100)
    return entry


def test_beyond_the_size_the_oldest_is_forgotten() -> None:
    long = [f"/{number:01000}" for number in range(100)]
    memory = EndedSessions(limit=10, max_journey_bytes=250_000)
    for name in "abc":
        memory.add(ended_after(name, *long))
    assert [entry.session.id for entry in memory.sessions()] == ["b", "c"]
    assert 200_000 < memory.journey_bytes < 250_000
    memory.add(ended_after("b", "/short", "/again"))
    assert 100_000 < memory.journey_bytes < 110_000
    memory.pop("c")
    memory.forget_old(REMEMBERED_FOR_S)
    assert (len(memory), memory.journey_bytes) == (0, 0)


def test_visits_of_one_page_count_too() -> None:
    memory = EndedSessions(limit=100, max_journey_bytes=50_000)
    for number in range(100):
        memory.add(ended_after(f"s{number}", f"/{number:02000}"))
    assert 20 < len(memory) < 25
    assert memory.journey_bytes <= 50_000


def test_what_was_counted_is_taken_away_whatever_was_done_with_it_meanwhile() -> None:
    memory = EndedSessions(limit=100)
    pages = [f"/страница/{number}" for number in range(50)]
    memory.add(ended_after("many", *pages))
    memory.add(ended_after("one", "/первая"))
    for page in (*pages, "/первая"):
        # Keeps the encoded text beside the other: it is larger from now on.
        msgspec.json.encode(page)
    memory.forget_old(REMEMBERED_FOR_S)
    assert memory.journey_bytes == 0


def test_one_visit_that_is_too_large_forgets_all_but_itself() -> None:
    memory = EndedSessions(limit=10, max_journey_bytes=1_000)
    for name in "abc":
        memory.add(ended_after(name, f"/{name:01500}"))
        assert [entry.session.id for entry in memory.sessions()] == [name]


def test_what_is_remembered_is_packed() -> None:
    entry = ended("a")
    entry.session.visit_page("/", 1.0, 100)
    entry.session.visit_page("/next", 2.0, 100)
    EndedSessions(limit=2).add(entry)
    assert isinstance(entry.session.journey, PackedJourney)


def test_one_that_ends_again_is_the_newest() -> None:
    memory = EndedSessions(limit=2)
    for name in "aba":
        memory.add(ended(name))
    memory.add(ended("c"))
    assert memory.get("b") is None
    assert memory.get("a") is not None


def test_they_are_forgotten_after_an_hour() -> None:
    memory = EndedSessions(limit=10)
    memory.add(ended("a", 0.0))
    memory.add(ended("b", 100.0))
    memory.forget_old(REMEMBERED_FOR_S - 0.1)
    assert len(memory) == 2
    memory.forget_old(REMEMBERED_FOR_S)
    assert [entry.session.id for entry in memory.sessions()] == ["b"]


def test_a_long_late_window_is_remembered_whole() -> None:
    memory = EndedSessions(limit=10, late_window_s=2 * REMEMBERED_FOR_S)
    memory.add(ended("a"))
    memory.forget_old(REMEMBERED_FOR_S)
    assert memory.get("a") is not None
    memory.forget_old(2 * REMEMBERED_FOR_S)
    assert memory.get("a") is None


def test_replacing_keeps_the_order() -> None:
    memory = EndedSessions(limit=2)
    memory.add(ended("a"))
    memory.add(ended("b"))
    entry = memory.get("a")
    assert entry is not None
    memory.replace(entry._replace(duration_s=3.0))
    assert [entry.duration_s for entry in memory.sessions()] == [3.0, None]
    memory.add(ended("c"))
    assert [entry.session.id for entry in memory.sessions()] == ["b", "c"]
