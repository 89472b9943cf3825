"""CONTRACT.md, section 4, "Filters": who is from a data centre is never shown and counts nowhere."""

import pytest

from tests.core.playbook import ACME, CLOUD, Playbook, pick
from tracker.core.rules import Rules
from tracker.core.session import Enrichment


@pytest.fixture
def book() -> Playbook:
    return Playbook()


def test_C4_filters_a_data_center_is_never_shown_and_counts_nowhere(book: Playbook) -> None:
    happened = book.page("a", "/", ip=CLOUD) + book.is_data_center(CLOUD)
    happened += book.page("a", "/more") + book.event("click", "a") + book.keep_alive("a", ip=CLOUD)
    happened += book.at(50)
    assert happened == [("lookup", CLOUD)]
    assert book.rows == []
    assert book.figures == (0, 0, {})
    assert book.averages() == (None, None, None)
    assert sum(book.visitors_by_minute) == 0
    assert list(book.site.recent_events) == []
    assert book.site.hidden_sessions == 1
    assert book.event("session_end", "a") == []
    assert book.site.hidden_sessions == 0
    assert book.averages().session_duration_today_s is None


def test_C4_filters_none_flashes_up_before_the_answer_or_the_reveal(book: Playbook) -> None:
    assert book.page("a", "/", ip=ACME) == [("lookup", ACME)]
    assert book.event("click", "a") == []
    assert book.wait(1.75) == []
    assert book.rows == []
    assert book.figures == (0, 0, {})
    assert book.wait(0.25) == [("row", "a"), ("event", "a", "pageview"), ("event", "a", "click")]
    assert book.figures == (1, 1, {"/": 1})
    assert book.row("a").enrichment is Enrichment.PENDING


def test_C4_filters_the_answer_reveals_sooner(book: Playbook) -> None:
    book.page("a", "/", ip=ACME)
    book.wait(0.5)
    assert book.identified(ACME) == [("row", "a"), ("event", "a", "pageview")]
    assert book.wait(5) == []


def test_C4_filters_a_late_answer_takes_every_figure_back(book: Playbook) -> None:
    book.page("seen", "/", ip="")
    book.page("seen", "/shared")
    book.opened("old", ip="", at=-100)
    book.closed("old", ip="")
    before = (book.figures, book.averages(), book.visitors_by_minute, list(book.site.recent_events))

    book.page("bot", "/shared", ip=CLOUD)
    book.page("bot", "/bots")
    book.wait(2.5)
    book.page("bot", "/more")
    assert book.figures == (2, 3, {"/shared": 2, "/": 1, "/bots": 1, "/more": 1})
    assert book.is_data_center(CLOUD) == [("hidden", "bot")]

    figures, averages, by_minute, events = before
    assert book.figures == figures
    assert book.averages() == averages._replace(session_duration_s=2.5)
    assert book.visitors_by_minute == by_minute
    assert list(book.site.recent_events) == events
    assert book.site.hidden_sessions == 1
    assert pick(book.page("bot", "/again"), "row", "event") == []


def test_C4_filters_a_late_answer_finds_one_that_ended_meanwhile(book: Playbook) -> None:
    book.page("bot", "/bots", ip=CLOUD)
    book.wait(2.5)
    assert book.event("session_end", "bot")[-1] == ("ended", "bot", "closed")
    assert book.figures == (0, 1, {"/bots": 1})
    assert book.is_data_center(CLOUD) == []
    assert book.figures == (0, 0, {})
    assert book.averages() == (None, None, None)
    assert sum(book.visitors_by_minute) == 0
    assert book.site.hidden_sessions == 0
    assert book.core.sizes["addressesWaiting"] == 0


def test_C4_filters_one_that_ended_while_waiting_is_never_counted(book: Playbook) -> None:
    book.opened("bot", ip=CLOUD)
    book.closed("bot", ip=CLOUD)
    assert book.wait(3) == []
    assert book.figures == (0, 1, {}), "revealed after the reveal time"
    assert book.is_data_center(CLOUD) == []
    assert book.figures == (0, 0, {})
    assert book.averages().session_duration_today_s is None


def test_C4_filters_a_late_answer_takes_only_this_periods_pages_back(book: Playbook) -> None:
    book.page("bot", "/shared", ip=CLOUD)
    book.wait(2.5)
    book.reset()
    book.page("seen", "/shared")
    book.page("bot", "/more")
    book.is_data_center(CLOUD)
    assert book.figures == (1, 1, {"/shared": 1})
    assert book.visitors_by_minute[-1] == 1


def test_C4_filters_a_late_answer_takes_more_pages_back_than_the_journey_holds() -> None:
    book = Playbook(Rules(journey_length=3))
    book.page("bot", "/0", ip=CLOUD)
    book.wait(2.5)
    for n in range(20):
        book.page("bot", f"/{n % 3}")
    book.is_data_center(CLOUD)
    assert book.figures == (0, 0, {})


def test_C4_filters_a_retried_lookup_may_find_a_data_center(book: Playbook) -> None:
    book.page("bot", "/", ip=CLOUD)
    book.failed(CLOUD, retry_after_s=5)
    assert book.rows == ["bot"]
    book.wait(5)
    assert book.is_data_center(CLOUD) == [("hidden", "bot")]
    assert book.figures == (0, 0, {})


def test_C4_filters_an_expired_data_center_that_returns_stays_hidden(book: Playbook) -> None:
    book.opened("bot", ip=CLOUD)
    book.is_data_center(CLOUD)
    book.wait(61)
    assert book.site.hidden_sessions == 0
    assert book.keep_alive("bot", ip=CLOUD) == []
    assert book.site.hidden_sessions == 1
    assert book.wait(5) == []


def test_C4_filters_a_session_that_moves_out_of_a_data_center_is_looked_up_and_shown(
    book: Playbook,
) -> None:
    book.opened("a", ip=CLOUD)
    book.is_data_center(CLOUD)
    assert book.keep_alive("a", ip=ACME) == [("lookup", ACME)]
    assert book.site.hidden_sessions == 0
    assert book.identified(ACME) == [("row", "a")]
    assert book.figures == (1, 1, {})


def test_C4_filters_a_row_that_moves_into_a_data_center_goes(book: Playbook) -> None:
    book.opened("a", ip=ACME)
    book.identified(ACME)
    book.keep_alive("a", ip=CLOUD)
    assert book.is_data_center(CLOUD) == [("hidden", "a")]
    assert book.rows == []
    assert book.figures == (0, 0, {})
