"""Single events, page by page."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.history.opened import FOR_EVER, START_S, event, open_store
from tracker.store.history.errors import QueryRefused
from tracker.store.history.events import Place, decode_cursor, encode_cursor


async def test_paging_is_stable_while_events_come_in(tmp_path: Path) -> None:
    chance = random.Random(5)
    first = [event(f"e{n}", START_S + chance.randint(0, 20)) for n in range(100)]
    async with open_store(tmp_path) as store:
        await store.store(first)
        seen: list[str] = []
        cursor = None
        for n in range(100):
            page = await store.history.events(FOR_EVER, 7, cursor)
            seen += [one.id for one in page.events]
            cursor = page.next
            if cursor is None:
                break
            await store.store([event(f"new{n}", START_S + chance.randint(0, 20))])
        old = [one for one in seen if one.startswith("e")]
        assert sorted(old) == sorted(one.id for one in first)
        assert len(seen) == len(set(seen))
        assert len(seen) > len(old), "older ones that came in late are part of later pages"


async def test_the_last_page_says_so(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event(f"e{n}") for n in range(4)])
        page = await store.history.events(FOR_EVER, 2)
        assert [one.id for one in page.events] == ["e3", "e2"]
        page = await store.history.events(FOR_EVER, 2, page.next)
        assert [one.id for one in page.events] == ["e1", "e0"]
        assert page.next is None
        assert len((await store.history.events(FOR_EVER, 0)).events) == 1
        assert (await store.history.events(FOR_EVER, 10**9)).next is None


async def test_events_of_a_session_in_order(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store(
            [
                event("late", START_S + 2),
                event("early", START_S),
                event("other", START_S, session_id="s2"),
                event("same", START_S + 2),
            ]
        )
        found = await store.history.session_events("default", "s1")
        assert [one.id for one in found] == ["early", "late", "same"]
        assert [one.id for one in await store.history.session_events("default", "s1", 2)] == ["late", "same"]
        assert await store.history.session_events("other", "s1") == []


@pytest.mark.parametrize(
    "event_id",
    ["0" * 32, "f" * 32, "F" * 32, "6b1a0d5e-0000-4000-8000-000000000000", "x", "0" * 31, "é" * 32],
)
async def test_ids_come_back_as_they_were(tmp_path: Path, event_id: str) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event(event_id)])
        assert [one.id for one in (await store.history.events(FOR_EVER)).events] == [event_id]


@given(st.builds(Place, st.integers(-(2**62), 2**62), st.integers(0, 2**62)))
def test_cursors_round_trip(place: Place) -> None:
    assert decode_cursor(encode_cursor(place)) == place


@given(st.one_of(st.text(max_size=20), st.sampled_from(["", "MQ", "MS4y" + "=" * 4, "IDEuMg", "MS4tMQ=="])))
def test_other_cursors_are_refused(text: str) -> None:
    try:
        place = decode_cursor(text)
    except QueryRefused:
        return
    assert encode_cursor(place) == text
