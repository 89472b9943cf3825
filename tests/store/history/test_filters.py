"""Values of filters are values, whatever they say."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.history.opened import FOR_EVER, START_S, OpenStore, event, open_store
from tracker.core.history import Filter, milliseconds
from tracker.core.identity import Company
from tracker.store.history.filters import Where, clean, where
from tracker.store.history.outbox import EndedVisit

HOSTILE = (
    "' OR 1=1 --",
    "'; DROP TABLE events; --",
    "$site",
    "?",
    "%",
    "_",
    '"',
    "\\",
    "\0",
    "\ud800",
    "NULL",
    "İ",
    "ß",
    "a" * 5_000,
    "",
    "😀",
)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
FIELDS = ("type", "page", "country", "device", "browser", "os", "referrer", "user_id", "session_id")


class Filled:
    """A store of three events, in a loop of its own: hypothesis knows no other."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.Runner()
        self._opened = open_store(folder)
        self.store: OpenStore = self.loop.run(self._opened.__aenter__())
        self.loop.run(self.store.store([event(f"e{n}", country="DE", device="%") for n in range(3)]))

    def close(self) -> None:
        self.loop.run(self._opened.__aexit__(None, None, None))
        self.loop.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    filled = Filled(tmp_path_factory.mktemp("filters"))
    yield filled
    filled.close()


def matches(name: str, value: str) -> bool:
    stored = {"type": "pageview", "country": "DE", "device": "%", "session_id": "s1"}.get(name)
    if name == "country":
        return value.lower() == "de"
    return value == stored


@settings(max_examples=100)
@given(fields=st.dictionaries(st.sampled_from(FIELDS), TEXTS, max_size=3))
def test_S4_12_hostile_texts_are_only_values(filled: Filled, fields: dict[str, str]) -> None:
    wanted = FOR_EVER._replace(**fields)  # type: ignore[arg-type]  # names are checked above
    expected = 3 if all(matches(name, value) for name, value in fields.items()) else 0
    history = filled.store.history
    assert filled.loop.run(history.totals(wanted)).total_events == expected
    assert len(filled.loop.run(history.events(wanted)).events) == expected


@settings(max_examples=60)
@given(text=TEXTS, other=TEXTS)
def test_S4_12_hostile_texts_in_every_question(filled: Filled, text: str, other: str) -> None:
    history = filled.store.history
    run = filled.loop.run
    assert run(history.totals(FOR_EVER._replace(company=text))).total_events == 0
    assert run(history.totals(FOR_EVER._replace(site=text))).total_events == 0
    assert run(history.event_summary(FOR_EVER, text)).total_count == 0
    assert run(history.user_stats(FOR_EVER, text)).total_events == 0
    assert run(history.session_events(text, other)) == []
    assert run(history.session_visits(text, other)) == []
    assert [one.sessions for one in run(history.funnel(FOR_EVER, [text, other]))] == [0, 0]
    assert run(history.totals(FOR_EVER)).total_events == 3, "nothing was dropped"


@settings(max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_what_was_stored_is_found_again(filled: Filled, text: str) -> None:
    at = START_S + 1_000
    stored = event(
        f"id of {text}", at, session_id=text, page=text, user_id=text, metadata={text: [text, 1.5, None]}
    )
    filled.loop.run(filled.store.store([stored]))
    wanted = Filter("default", at, at + 1, page=text, user_id=text, session_id=text)
    page = filled.loop.run(filled.store.history.events(wanted))
    assert page.events[0].id == stored.id
    assert page.events[0].page == page.events[0].session_id == text
    assert page.events[0].metadata == stored.metadata
    top = filled.loop.run(filled.store.history.top(wanted, "page"))
    assert [(item.value, item.visitors) for item in top] == [(text, 1)]


@pytest.mark.parametrize(
    ("company", "found"),
    [("ACM", 1), ("acme.ex", 1), ("GUID-1", 1), ("guid", 0), ("", 1), ("%", 0), ("Acme Ltd.", 0)],
)
async def test_companies_by_part_of_name_or_domain_or_by_guid(
    tmp_path: Path, company: str, found: int
) -> None:
    visit = EndedVisit("default", "s1", "events", "192.0.2.1", 1.0, 2.0, "closed")
    async with open_store(tmp_path) as store:
        store.outbox.put(visit._replace(company=Company("guid-1", "Acme", "acme.example")))
        await store.store([event("e1"), event("e2", session_id="s2")])
        totals = await store.history.totals(FOR_EVER._replace(company=company))
        assert totals.total_events == found


def test_no_value_is_part_of_the_statement() -> None:
    text = "do-not-show-me"
    wanted = Filter(text, 1.0, 2.0, text, text, text, text, text, text, text, text, text, text, (text,))
    found = where(wanted, has_hidden=True)
    assert text not in found.sql
    assert set(found.values) == set(wanted._fields)
    assert where(FOR_EVER, has_hidden=False) == Where(
        "site = $site AND time >= $start AND time < $end",
        {"site": "default", "start": FOR_EVER.start_ms, "end": FOR_EVER.end_ms},
    )


def test_texts_and_times() -> None:
    assert clean("a\ud800b") == "a?b"
    assert milliseconds(1741000000.489) == 1741000000489
