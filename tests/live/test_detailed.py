import pytest

from tests.live.rig import ACME, Message, Rig, of_type, take_all
from tracker.core.filters import SessionFilter
from tracker.core.inputs import FrameKind
from tracker.live import detailed


async def ask(rig: Rig, naming: str = "camel", **wanted: str) -> Message:
    dashboard = rig.join_and_start(naming=naming)
    await rig.ask(dashboard, "request_detailed_stats", filter=wanted)
    (answer,) = of_type(take_all(dashboard), "detailed_stats")
    rig.hub.leave(dashboard)
    return answer


def populated() -> Rig:
    rig = Rig()
    rig.frame(FrameKind.OPENED)
    rig.resolve(ACME)
    rig.event("a", page="/", country="DE", device="mobile")
    rig.event("a", page="/price", country="DE")
    rig.event("b", page="/", country="FR", device="desktop")
    rig.event("c", page="/", country="de")
    rig.event("gone", page="/", country="DE")
    rig.event("gone", type="session_end")
    return rig


async def test_without_a_filter_it_tells_everything() -> None:
    answer = await ask(populated())
    assert answer["filter"] == {}
    assert answer["stats"]["totalActive"] == 4
    assert answer["stats"]["totalToday"] == 5
    assert answer["stats"]["pagesVisited"] == {"/": 4, "/price": 1}
    assert [row["sessionId"] for row in answer["sessions"]] == ["c", "b", "a", "u"]
    assert len(answer["events"]) == 6
    assert answer["byCountry"] == {"DE": 1, "FR": 1, "de": 1, "unknown": 1}
    assert answer["byPage"] == {"/": 2, "/price": 1, "unknown": 1}
    assert answer["byDevice"] == {"mobile": 1, "desktop": 1, "unknown": 2}


@pytest.mark.parametrize(
    ("wanted", "sessions"),
    [
        ({"country": "DE"}, ["c", "a"]),
        ({"page": "/"}, ["c", "b"]),
        ({"page": "/PRICE"}, []),
        ({"country": "de", "page": "/price"}, ["a"]),
        ({"company": "acme"}, ["u"]),
        ({"company": "CME L"}, ["u"]),
        ({"company": "g-acme"}, ["u"]),
        ({"company": "g-"}, []),
        ({"company": "acme", "country": "DE"}, []),
    ],
)
async def test_a_filter_narrows_sessions_and_figures(wanted: dict[str, str], sessions: list[str]) -> None:
    answer = await ask(populated(), **wanted)
    assert [row["sessionId"] for row in answer["sessions"]] == sessions
    assert answer["stats"]["totalActive"] == len(sessions)
    assert sum(answer["byPage"].values()) == len(sessions)


async def test_a_filter_narrows_events_by_their_own_page_and_their_visitor() -> None:
    rig = populated()
    by_page = await ask(rig, page="/price")
    assert [event["sessionId"] for event in by_page["events"]] == ["a"]
    by_country = await ask(rig, country="DE")
    assert {event["sessionId"] for event in by_country["events"]} == {"a", "c", "gone"}
    by_company = await ask(rig, company="acme")
    assert by_company["events"] == []


async def test_today_counts_those_that_have_left() -> None:
    answer = await ask(populated(), country="DE")
    assert answer["stats"]["totalActive"] == 2
    assert answer["stats"]["totalToday"] == 3


async def test_it_speaks_the_naming_of_its_dashboard() -> None:
    answer = await ask(populated(), naming="snake")
    assert answer["by_country"] == {"DE": 1, "FR": 1, "de": 1, "unknown": 1}
    assert answer["sessions"][0]["session_id"] == "c"


async def test_a_large_table_is_cut_and_others_run_in_between() -> None:
    rig = Rig()
    for number in range(2 * detailed.SLICE + 1):
        rig.event(f"s{number}")
    walk = detailed.detailed_stats(rig.core.site("default"), SessionFilter(), rig.clock.now())
    pauses = 0
    try:
        while True:
            walk.send(None)
            pauses += 1
            if pauses == 1:
                rig.event("s0", type="session_end")
    except StopIteration as finished:
        answer = finished.value
    assert pauses == 2
    assert len(answer.sessions) == detailed.MAX_SESSIONS
    assert answer.sessions[0].session_id == "s2000"
    assert answer.by_page == {"/": 2000}, "the one that ended meanwhile is not counted"


async def test_an_answer_with_huge_rows_fits_the_queue() -> None:
    rig = Rig()
    for number in range(100):
        for step in range(20):
            rig.event(f"s{number}", page=f"/{step}/" + "x" * 2_000)
    answer = await ask(rig)
    assert 0 < len(answer["sessions"]) < 50
    assert rig.hub.counters.overflows == 0
