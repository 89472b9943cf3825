"""The real service with a past that the tests of the history know by heart, as fixtures too."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Complaints
from tests.browser.real_service import RealService
from tests.support.service import until


class HistoryService(RealService):
    """What is posted to it is in the history at once."""

    def post(self, *events: dict[str, Any]) -> None:
        before = self._loop.run(self._total())
        super().post(*events)
        self._loop.run(self._wait_for(before + len(events)))

    async def _wait_for(self, events: int) -> None:
        async def arrived() -> bool:
            return await self._total() >= events

        await until(arrived)

    async def _total(self) -> int:
        query = {"from": "2000-01-01", "to": "2100-01-01"}
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=30) as client:
            answer = await client.get("/api/analytics/totals", params=query)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["data"]["totalEvents"])


def event(kind: str, session: str, ago: timedelta, **more: Any) -> dict[str, Any]:
    """An event as a site sends it; ``metadata`` takes device, browser, referrer."""
    when = datetime.now(UTC) - ago
    return {"type": kind, "sessionId": session, "timestamp": when.isoformat(), **more}


def past() -> list[dict[str, Any]]:
    """Five visits: two in the last hour, one earlier today, one this week, one this month."""
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    ada = {"userId": "ada", "country": "DE"}
    phone = {"metadata": {"device": "mobile", "browser": "Safari", "referrer": "https://news.example/"}}
    desk = {"metadata": {"device": "desktop", "browser": "Firefox", "os": "Linux"}}
    return [
        event("pageview", "a", 10 * minute, page="/", **ada, **phone),
        event("pageview", "a", 9 * minute, page="/pricing", **ada, **phone),
        event("signup", "a", 8 * minute, page="/pricing", **ada, **phone),
        event("pageview", "b", 20 * minute, page="/", userId="bob", country="DE", **desk),
        event("pageview", "b", 19 * minute, page="/pricing", userId="bob", country="DE", **desk),
        event("pageview", "c", 3 * hour, page="/", country="US", **desk),
        event("pageview", "d", 3 * day, page="/blog", **ada, **phone),
        event("pageview", "e", 20 * day, page="/", userId="cyd", country="FR", **desk),
    ]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HistoryService]:
    with HistoryService(tmp_path_factory.mktemp("history")) as started:
        started.post(*past())
        yield started


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[HistoryService]:
    """A service that the test may change: nothing is in it yet."""
    with HistoryService(tmp_path) as started:
        yield started


@pytest.fixture
def history(page: Page, service: HistoryService, complaints: Complaints) -> Page:
    return page
