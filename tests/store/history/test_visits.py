"""Past visits of a company, whether they left events or came from the session feed alone."""

from pathlib import Path

from tests.store.history.opened import open_store
from tracker.core.history import Filter
from tracker.core.identity import Company
from tracker.store.history.outbox import EndedVisit, HiddenSession

ACME = Company("guid-1", "Acme", "acme.example")


def visit(
    session_id: str, opened_at: float, company: Company | None = ACME, site: str = "default"
) -> EndedVisit:
    ended = EndedVisit(site, session_id, "upstream", "192.0.2.1", opened_at, opened_at + 30, "closed")
    return ended._replace(company=company)


async def test_visits_of_a_company_are_told_newest_first(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for told in (
            visit("s1", 1_000.0),
            visit("s2", 3_000.0),
            visit("s3", 2_000.0),
            visit("other", 2_500.0, Company("guid-2", "Other")),
            visit("nobody", 2_500.0, None),
            visit("elsewhere", 2_500.0, site="elsewhere"),
            visit("hidden", 2_500.0),
            HiddenSession("default", "hidden"),
        ):
            store.outbox.put(told)
        await store.store([])
        wanted = Filter("default", 0.0, 9_000.0, company="guid-1")
        found = await store.history.company_visits(wanted)
        assert [(one.session_id, one.opened_at, one.ended_at) for one in found] == [
            ("s2", 3_000.0, 3_030.0),
            ("s3", 2_000.0, 2_030.0),
            ("s1", 1_000.0, 1_030.0),
        ]
        assert [one.session_id for one in await store.history.company_visits(wanted, limit=1)] == ["s2"]
        late = wanted._replace(start=1_500.0, end=3_000.0)
        assert [one.session_id for one in await store.history.company_visits(late)] == ["s3"]
