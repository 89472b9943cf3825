"""Watch lists as admins change them: what is taken, how many, of which site; the core hears of it."""

from collections.abc import AsyncIterator, Container
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tracker.core.inputs import WatchListChanged
from tracker.core.watches import MAX_RULES, UnknownWatch, WatchKind, WatchRefused
from tracker.notify.watching import Watching
from tracker.store.database import Database, open_database
from tracker.store.watches import WatchTable

DOMAIN, COMPANY, COUNTRY, PAGE = WatchKind


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database(tmp_path / "t.journal", FakeClock())
    yield opened
    await opened.close()


def watching(
    database: Database, sites: Container[str] = ("default", "other")
) -> tuple[Watching, list[WatchListChanged]]:
    heard: list[WatchListChanged] = []
    return Watching(WatchTable(database.writer), heard.append, FakeClock(), sites), heard


async def test_a_removed_site_is_forgotten_the_core_hears_of_it_and_no_rule_comes_after(
    database: Database,
) -> None:
    sites = {"default", "other"}
    lists, heard = watching(database, sites)
    kept = await lists.add("default", COUNTRY, "DE")
    await lists.add("other", COUNTRY, "DE")
    sites.remove("other")
    heard.clear()
    for _ in range(2):
        await lists.forget_site("other")
    assert [(one.site, one.rules) for one in heard] == [("other", ())]
    assert (lists.of("other"), lists.of("default")) == ([], [kept])
    with pytest.raises(WatchRefused, match="removed"):
        await lists.add("other", COUNTRY, "FR")


async def test_rules_come_back_and_the_core_hears_of_every_change(database: Database) -> None:
    lists, heard = watching(database)
    first = await lists.add("default", DOMAIN, " *.ACME.com ")
    second = await lists.add("default", COUNTRY, "de")
    other = await lists.add("other", PAGE, "/Pricing")
    assert (first.pattern, second.pattern, other.pattern) == ("*.acme.com", "DE", "/Pricing")
    await lists.remove("default", first.id)
    assert [(one.site, one.rules) for one in heard] == [
        ("default", (first,)),
        ("default", (first, second)),
        ("other", (other,)),
        ("default", (second,)),
    ]
    again, heard = watching(database)
    await again.load()
    assert sorted((one.site, one.rules) for one in heard) == [("default", (second,)), ("other", (other,))]


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        (DOMAIN, "acme"), (DOMAIN, "*.*.acme.com"), (DOMAIN, "*acme.com"), (DOMAIN, "a*.acme.com"),
        (DOMAIN, "-a.com"), (DOMAIN, "acme.com/"), (DOMAIN, "a..com"), (DOMAIN, ".acme.com"), (DOMAIN, "*."),
        (COMPANY, "a"), (COMPANY, ""), (COMPANY, "a\nb"), (COMPANY, "x" * 201),
        (COUNTRY, "DEU"), (COUNTRY, "D1"), (PAGE, "pricing"), (PAGE, ""),
    ],
)  # fmt: skip
async def test_what_is_no_rule_is_refused(database: Database, kind: WatchKind, pattern: str) -> None:
    lists, heard = watching(database)
    with pytest.raises(WatchRefused) as refused:
        await lists.add("default", kind, pattern)
    assert refused.value.field == "pattern"
    assert heard == []


async def test_a_list_has_a_bound_and_each_rule_once(database: Database) -> None:
    lists, _ = watching(database)
    for number in range(MAX_RULES):
        await lists.add("default", COMPANY, f"company {number}")
    with pytest.raises(WatchRefused, match="at most 100"):
        await lists.add("default", COMPANY, "one more")
    rule = await lists.add("other", COMPANY, "company 0")
    with pytest.raises(WatchRefused, match="already"):
        await lists.add("other", COMPANY, "company 0")
    with pytest.raises(UnknownWatch):
        await lists.remove("default", rule.id)
