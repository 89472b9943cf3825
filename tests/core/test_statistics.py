"""The figures that are counted on the way, against counting everything."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.playbook import CLOUD, Playbook
from tests.support.clock import START
from tracker.core.clock import Now
from tracker.core.rules import Rules
from tracker.core.session import Session, Source
from tracker.core.statistics import MAX_PAGES, TOP_PAGES, MinuteCounter, PageCounter, Period

# Pages


def top_by_counting(visits: Counter[str]) -> list[int]:
    return sorted(visits.values(), reverse=True)[:TOP_PAGES]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(1, 4), st.booleans()), min_size=60, max_size=500))
def test_top_50_pages_are_exact_while_there_are_5000_pages_or_fewer(
    visits: list[tuple[int, int, bool]],
) -> None:
    counter, naive = PageCounter(), Counter[str]()
    for number, times, is_taken_back in visits:
        page = f"/{number}"
        counter.add(page, times)
        naive[page] += times
        if is_taken_back:
            counter.remove({page: 1})
            naive -= Counter({page: 1})
        top = counter.top()
        assert list(top.values()) == top_by_counting(naive)
        assert all(naive[page] == count for page, count in top.items())


def test_top_pages_are_exact_at_5000_pages() -> None:
    counter, naive = PageCounter(), Counter[str]()
    for turn in range(3):
        for number in range(MAX_PAGES):
            if number % (turn + 1) == 0:
                counter.add(f"/{number}")
                naive[f"/{number}"] += 1
    assert len(counter) == MAX_PAGES
    assert list(counter.top().values()) == top_by_counting(naive)


def test_top_pages_are_exact_while_ranks_change_all_the_time() -> None:
    chance = Random(1)
    counter, naive = PageCounter(), Counter[str]()
    for _ in range(5_000):
        page = f"/{int(chance.paretovariate(0.7)) % 150}"
        counter.add(page)
        naive[page] += 1
        assert list(counter.top().values()) == top_by_counting(naive)


def test_a_page_enters_the_top_only_past_the_least_that_is_there_now() -> None:
    counter = PageCounter()
    for _ in range(3):
        for number in range(TOP_PAGES):
            counter.add(f"/{number}")
    counter.add("/other", 2)
    assert "/other" not in counter.top()
    counter.add("/other", 2)
    assert "/other" in counter.top()


def test_beyond_5000_pages_the_top_stays_and_the_map_is_bounded() -> None:
    counter = PageCounter()
    for number in range(TOP_PAGES):
        for _ in range(10):
            counter.add(f"/popular/{number}")
    for number in range(3 * MAX_PAGES):
        counter.add(f"/once/{number}")
        assert len(counter) <= MAX_PAGES
    assert counter.top() == {f"/popular/{number}": 10 for number in range(TOP_PAGES)}


def test_beyond_5000_pages_a_new_one_can_still_rise() -> None:
    counter = PageCounter()
    for number in range(MAX_PAGES + 100):
        counter.add(f"/{number}")
    for _ in range(5):
        counter.add("/new")
    assert next(iter(counter.top().items())) == ("/new", 5)


def test_taking_back_more_than_there_is_forgets_the_page() -> None:
    counter = PageCounter()
    counter.add("/")
    counter.remove({"/": 3, "/never": 1})
    assert counter.top() == {}
    assert len(counter) == 0


def test_pages_come_most_visited_first() -> None:
    book = Playbook()
    for page in ("/a", "/b", "/c", "/b", "/c", "/b"):
        book.page("a", page)
    assert list(book.figures.pages_visited.items()) == [("/b", 3), ("/c", 2), ("/a", 1)]


# The last ten minutes


@pytest.fixture
def book() -> Playbook:
    """At the beginning of a minute."""
    book = Playbook()
    book.wait(60 - book.clock.now().unix_s % 60)
    return book


def test_each_visitor_counts_once_in_each_minute(book: Playbook) -> None:
    for _ in range(3):
        book.page("a", "/")
        book.page("b", "/")
        book.wait(60)
        book.page("a", "/")
    assert book.visitors_by_minute == [0, 0, 0, 0, 0, 0, 2, 2, 2, 1]


def test_minutes_are_told_with_their_beginning(book: Playbook) -> None:
    book.wait(30)
    counts = book.site.visitors_by_minute(book.clock.now().unix_s)
    newest = book.clock.now().unix_s - 30
    assert [count.at for count in counts] == [newest - 60 * back for back in range(9, -1, -1)]


def test_a_visitor_leaves_the_window_after_ten_minutes(book: Playbook) -> None:
    book.page("a", "/")
    book.wait(9 * 60)
    assert book.visitors_by_minute == [1, *[0] * 9]
    book.wait(60)
    assert book.visitors_by_minute == [0] * 10


def test_a_long_silence_does_not_carry_old_minutes_over(book: Playbook) -> None:
    book.page("a", "/", ip=CLOUD)
    book.wait(3)
    book.stand_still(20 * 60)
    book.page("a", "/", ip=CLOUD)
    assert book.visitors_by_minute == [*[0] * 9, 1]
    book.is_data_center(CLOUD)
    assert book.visitors_by_minute == [0] * 10


def test_a_reset_clears_the_minutes_and_they_count_on(book: Playbook) -> None:
    book.page("a", "/")
    book.reset()
    assert book.visitors_by_minute == [0] * 10
    book.page("a", "/")
    assert book.visitors_by_minute == [*[0] * 9, 1]


def test_hiding_after_a_reset_takes_nothing_from_others(book: Playbook) -> None:
    book.page("bot", "/", ip=CLOUD)
    book.wait(3)
    book.reset()
    book.page("a", "/")
    book.is_data_center(CLOUD)
    assert book.visitors_by_minute == [*[0] * 9, 1]


@pytest.mark.parametrize("step", [-3_600.0, -86_400.0 * 365, 3_600.0, 86_400.0 * 365])
def test_F2d_03_minutes_go_on_after_the_wall_clock_was_set(book: Playbook, step: float) -> None:
    book.page("a", "/")
    book.clock.step_wall(step)
    assert sum(book.visitors_by_minute) == 0
    book.page("a", "/")
    book.page("b", "/")
    assert book.visitors_by_minute == [*[0] * 9, 2]
    assert book.site.visitors_by_minute(book.clock.now().unix_s)[-1].at == book.clock.now().unix_s // 60 * 60
    book.wait(60)
    assert book.visitors_by_minute[-2:] == [2, 0]


def test_F2d_03_a_small_step_back_makes_no_minute_negative(book: Playbook) -> None:
    book.page("a", "/", ip=CLOUD)
    book.wait(3)
    book.clock.step_wall(-120)
    book.page("a", "/")
    book.page("b", "/")
    book.is_data_center(CLOUD)
    assert min(book.visitors_by_minute) == 0
    assert sum(book.visitors_by_minute) == 1


def test_minute_counter_survives_a_copy() -> None:
    first, second = MinuteCounter(), MinuteCounter()
    session = Session("s", "a", Source.EVENTS, "", None, 0.0)
    first.touch(session, 6_000.0)
    first.clear()
    first.touch(session, 6_000.0)
    second.put_back(first.figures())
    assert second.counts(6_000.0) == first.counts(6_000.0)
    second.touch(session, 6_000.0)
    assert [count.visitors for count in second.counts(6_000.0)] == [*[0] * 9, 1]


# Today


def at(zone: str, year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> float:
    return datetime(year, month, day, hour, minute, second, tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", (2026, 7, 1), 24),
        ("Europe/Berlin", (2026, 7, 1), 24),
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/New_York", (2026, 3, 8), 23),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Asia/Kolkata", (2026, 7, 1), 24),
        ("Asia/Beirut", (2026, 3, 29), 23),
        ("America/Havana", (2026, 11, 1), 25),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight_of_the_zone(
    zone: str, day: tuple[int, int, int], hours: float
) -> None:
    begins = at(zone, *day)
    for offset in (0.0, 1.0, hours * 1_800, hours * 3_600 - 1):
        period = Period(ZoneInfo(zone), begins + offset)
        assert (period.day_began_at, period.ends_at) == (begins, begins + hours * 3_600)
        assert not period.is_over(begins + hours * 3_600 - 0.01)
        assert period.is_over(begins + hours * 3_600)


def in_zone(zone: str, *when: int) -> Playbook:
    return Playbook(Rules(timezone=ZoneInfo(zone)), Now(1_000.0, at(zone, *when)))


@pytest.mark.parametrize(
    ("zone", "when"),
    [
        ("UTC", (2026, 7, 1, 23, 59, 30)),
        ("Europe/Berlin", (2026, 3, 29, 23, 59, 30)),
        ("Europe/Berlin", (2026, 10, 25, 23, 59, 30)),
        ("Pacific/Auckland", (2026, 9, 27, 23, 59, 30)),
    ],
)
def test_today_begins_anew_at_midnight(zone: str, when: tuple[int, ...]) -> None:
    book = in_zone(zone, *when)
    for name in "abc":
        book.page(name, "/")
    book.event("session_end", "c")
    book.wait(29.5)
    assert book.figures == (2, 3, {"/": 3})
    book.wait(0.5)
    assert book.figures == (2, 0, {})
    assert book.averages().session_duration_today_s is None
    book.page("a", "/new-day")
    book.page("d", "/new-day")
    assert book.figures == (3, 2, {"/new-day": 2})


def test_today_is_judged_by_the_events_own_time() -> None:
    book = in_zone("UTC", 2026, 7, 1, 23, 59, 59)
    book.wait(2)
    book.page("late", "/", at=-1.5)
    assert book.figures == (1, 0, {})
    book.page("late", "/next", at=-0.5)
    assert book.figures == (1, 1, {"/next": 1})


def test_an_end_of_yesterday_that_is_taken_back_changes_nothing_today() -> None:
    book = in_zone("UTC", 2026, 7, 1, 23, 59, 50)
    book.page("a", "/")
    book.event("session_end", "a")
    book.page("b", "/")
    book.wait(15)
    book.event("session_end", "b")
    assert book.averages().session_duration_today_s == 15
    book.page("a", "/")
    assert book.averages().session_duration_today_s == 15


def test_a_reset_begins_every_live_figure_anew_and_removes_nobody() -> None:
    book = Playbook()
    for name in "abc":
        book.page(name, "/")
    book.event("session_end", "c")
    assert book.reset() == [("reset",)]
    assert book.figures == (2, 0, {})
    assert book.averages().session_duration_today_s is None
    assert list(book.site.recent_events) == []
    assert book.rows == ["b", "a"]
    book.page("a", "/")
    book.page("a", "/next")
    assert book.figures == (2, 1, {"/next": 1})


def test_a_reset_is_of_one_site() -> None:
    book = Playbook()
    book.page("a", "/", site="one")
    book.page("a", "/", site="two")
    book.reset(site="one")
    assert book.core.site("one").statistics().total_today == 0
    assert book.core.site("two").statistics().total_today == 1


def test_a_site_that_appears_days_later_keeps_its_first_figures() -> None:
    book = Playbook()
    book.stand_still(3 * 86_400)
    book.tick()
    book.page("a", "/", site="new")
    book.wait(1)
    assert book.core.site("new").statistics() == (1, 1, {"/": 1})


@pytest.mark.parametrize("days", [1.5, 30, 365])
def test_F2d_03_a_clock_that_was_years_ahead_does_not_stop_the_day(days: float) -> None:
    book = in_zone("UTC", 2026, 7, 1, 12)
    book.page("before", "/")
    book.clock.step_wall(days * 86_400)
    book.wait(1)
    book.clock.step_wall(-days * 86_400)
    book.wait(1)
    book.page("a", "/")
    assert book.figures == (2, 1, {"/": 1})
    book.stand_still(12 * 3_600)
    book.wait(1)
    assert book.figures.total_today == 0, "midnight came when it was midnight"


def test_F2d_03_an_hour_back_does_not_throw_the_day_away() -> None:
    book = in_zone("UTC", 2026, 7, 1, 0, 10)
    book.page("a", "/")
    book.clock.step_wall(-3_600)
    book.wait(1)
    assert book.figures == (1, 1, {"/": 1})


def test_the_day_of_utc_is_that_of_the_calendar() -> None:
    period = Period(UTC, START.unix_s)
    assert datetime.fromtimestamp(period.day_began_at, UTC).time() == datetime.min.time()
    assert period.ends_at - period.day_began_at == timedelta(days=1).total_seconds()
