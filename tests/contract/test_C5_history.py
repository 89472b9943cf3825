"""Section 5, History: what was POSTed comes back as figures, through the whole service."""

import csv
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emitters.deanonymizer import Deanonymizer
from tests.contract.rig import CLOUD, DATA_CENTER_GUID, iso, knows
from tests.support.service import RunningService, run_service, settings_for_tests, until

STEPS = ("/", "/pricing", "signup")


@asynccontextmanager
async def with_events(**values: object) -> AsyncIterator[tuple[RunningService, float]]:
    """Ten sessions: all see ``/``, six ``/pricing``, three sign up; two users; an event every second."""
    now = float(int(time.time())) - 100
    events: list[dict[str, Any]] = []
    for number in range(10):
        base = {
            "sessionId": f"s{number}",
            "userId": f"u{number % 2}",
            "country": "DE" if number < 7 else "FR",
            "metadata": {"device": "mobile" if number < 4 else "desktop"},
        }
        events.append({**base, "type": "pageview", "page": "/", "timestamp": iso(now + number)})
        if number < 6:
            events.append(
                {**base, "type": "pageview", "page": "/pricing", "timestamp": iso(now + 20 + number)}
            )
        if number < 3:
            events.append({**base, "type": "signup", "timestamp": iso(now + 40 + number)})
    async with run_service(settings_for_tests(**values)) as running:
        assert (await running.post(events)).status_code == 201
        await moved(running, len(events))
        yield running, now


async def moved(running: RunningService, events: int) -> None:
    async def all_there() -> bool:
        return bool((await running.get("/api/analytics/totals"))["totalEvents"] == events)

    await until(all_there)


async def test_totals_filters_and_ranges() -> None:
    async with with_events() as (running, now):
        totals = await running.get("/api/analytics/totals", range="hour")
        assert totals == {"totalEvents": 19, "uniqueSessions": 10, "uniqueUsers": 2}
        one = await running.get("/api/analytics/totals", country="fr", device="desktop", userId="u1")
        assert one == {"totalEvents": 2, "uniqueSessions": 2, "uniqueUsers": 1}
        part = {"from": iso(now + 40), "to": iso(now + 42)}
        assert (await running.get("/api/analytics/totals", **part))["totalEvents"] == 2


async def test_timeseries_has_every_part_and_at_most_200() -> None:
    async with with_events() as (running, now):
        asked = {"from": iso(now), "to": iso(now + 60), "interval": "10"}
        series = await running.get("/api/analytics/timeseries", **asked)
        assert series["interval"] == 10
        first = datetime.fromtimestamp(now // 10 * 10, UTC)
        assert datetime.fromisoformat(series["points"][0]["time"]) == first
        assert sum(point["events"] for point in series["points"]) == 19
        assert any(point["events"] == 0 for point in series["points"])
        for range_ in ("hour", "day", "week", "month"):
            series = await running.get("/api/analytics/timeseries", range=range_)
            assert 20 <= len(series["points"]) <= 200
            assert sum(point["events"] for point in series["points"]) == 19


async def test_top_event_summary_and_user() -> None:
    async with with_events() as (running, now):
        top = await running.get("/api/analytics/top/type")
        assert top["items"] == [
            {"value": "pageview", "events": 16, "visitors": 10},
            {"value": "signup", "events": 3, "visitors": 3},
        ]
        pages = await running.get("/api/analytics/top/page", limit=1)
        assert pages["items"] == [{"value": "/", "events": 10, "visitors": 10}]
        summary = await running.get("/api/analytics/event-summary", event="signup")
        assert summary == {
            "event": "signup",
            "totalCount": 3,
            "uniqueUsers": 2,
            "deviceBreakdown": {"mobile": 3},
        }
        user = await running.get("/api/analytics/user-stats", userId="u0")
        assert (user["userId"], user["totalEvents"]) == ("u0", 10)
        assert (user["firstSeen"], user["lastSeen"]) == (iso(now), iso(now + 42))
        assert user["countries"] == {"DE": 9, "FR": 1}
        assert user["recentEvents"][0]["type"] == "signup"


async def test_funnel_and_retention() -> None:
    async with with_events() as (running, _):
        funnel = await running.get("/api/analytics/funnel", steps=",".join(STEPS))
        assert [(one["step"], one["sessions"], one["rate"]) for one in funnel["steps"]] == [
            ("/", 10, 1.0),
            ("/pricing", 6, 0.6),
            ("signup", 3, 0.3),
        ]
        retention = await running.get("/api/analytics/retention", range="month")
        assert sum(cohort["users"] for cohort in retention["cohorts"]) == 2


async def test_events_by_cursor_and_both_exports() -> None:
    async with with_events() as (running, _):
        await running.post({"type": "note", "sessionId": "s0", "page": "=cmd()|x", "metadata": {"a": 1}})
        await moved(running, 20)
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await running.get("/api/analytics/events", limit=7, **cursor)
            seen += [event["id"] for event in page["events"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert len(seen) == len(set(seen)) == 20
        csv_file = await running.http.get("/api/analytics/export")
        assert csv_file.headers["content-type"] == "text/csv; charset=utf-8"
        assert csv_file.headers["content-disposition"] == 'attachment; filename="events.csv"'
        rows = list(csv.DictReader(io.StringIO(csv_file.text, newline="")))
        assert sorted(row["id"] for row in rows) == sorted(seen)
        (note,) = [row for row in rows if row["type"] == "note"]
        assert (note["page"], note["metadata"]) == ("'=cmd()|x", '{"a":1}')
        lines = (await running.http.get("/api/analytics/export?format=ndjson&type=note")).text.splitlines()
        assert [json.loads(line)["page"] for line in lines] == ["=cmd()|x"]


async def test_a_session_tells_all_its_events_in_their_order() -> None:
    async with with_events() as (running, now):
        for number in range(60):
            await running.post({"type": "noise", "sessionId": f"n{number}"})
        await running.post({"type": "late", "sessionId": "s0", "page": "/late"})
        events = (await running.get("/api/analytics/sessions/s0"))["events"]
        assert [event["type"] for event in events] == ["pageview", "pageview", "signup", "late"]
        assert events[0]["timestamp"] == iso(now)


async def test_names_in_snake_case_and_data_as_it_is() -> None:
    async with with_events() as (running, _):
        totals = await running.get("/api/analytics/totals", naming="snake", user_id="u0")
        assert totals == {"total_events": 10, "unique_sessions": 5, "unique_users": 1}


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("totals?range=year", "range"),
        ("totals?from=yesterday", "from"),
        ("totals?from=2026-01-02&to=2026-01-01", "from"),
        ("totals?range=day&to=2026-01-01", "range"),
        ("totals?nonsense=1", "query"),
        ("timeseries?interval=7", "interval"),
        ("timeseries?timezone=Mars", "timezone"),
        ("top/page?limit=0", "limit"),
        ("event-summary", "event"),
        ("user-stats", "userId"),
        ("funnel", "steps"),
        ("funnel?steps=,", "steps"),
        ("events?limit=1001", "limit"),
        ("events?cursor=nonsense", "cursor"),
        ("export?format=xls", "format"),
    ],
)
async def test_what_cannot_be_asked_is_422_and_named(path: str, field: str) -> None:
    async with run_service() as running:
        response = await running.http.get(f"/api/analytics/{path}")
        assert response.status_code == 422, response.text
        assert field in {error["field"] for error in response.json()["errors"]}


async def test_an_unknown_dimension_is_404() -> None:
    async with run_service() as running:
        assert (await running.http.get("/api/analytics/top/ip")).status_code == 404


async def test_history_is_there_after_a_restart_and_a_session_of_a_data_center_is_not(tmp_path: Path) -> None:
    async with Deanonymizer() as vendor:
        knows(vendor, CLOUD, "Cloud", guid=DATA_CENTER_GUID)
        values = {"store__url": f"duckdb:{tmp_path}/tracker.duckdb", "deanonymizer__url": vendor.url}
        async with run_service(settings_for_tests(**values)) as running:
            await running.post({"type": "pageview", "sessionId": "seen", "page": "/"})
            await running.post({"type": "pageview", "sessionId": "cloud", "page": "/", "ip": CLOUD})
            await until(lambda: running.service.core.site("default").hidden_sessions)
        async with run_service(settings_for_tests(**values)) as running:
            await moved(running, 1)
            assert (await running.get("/api/analytics/events"))["events"][0]["sessionId"] == "seen"
