from typing import Any

import msgspec
import pytest

from tracker.core.effects import AlertLevel
from tracker.core.inputs import UpstreamState
from tracker.core.session import Enrichment, Source
from tracker.live import messages
from tracker.live.messages import MESSAGES, TYPE_OF, to_snake

STATS = messages.Statistics(1, 2, {"/camelCase/Page": 3})
ROW = messages.Row(
    "s", Source.UPSTREAM, "1.2.3.4", messages.Company("g", "Acme", None),
    messages.Contact("Jo", "CEO", ("jo@a.example",), ("+49",)), "DE", "mobile", "/a", ["/a"], 1,
    "t0", "t1", 2.5, "active", Enrichment.IDENTIFIED,
)  # fmt: skip
EVENT = messages.FeedEvent("e", "click", "s", "/a", "t", "DE", "mobile", "u", {"someKey": {"innerKey": 1}})
AVERAGES = messages.Averages(1.5, 12.3, None)
ALERT = messages.Alert(AlertLevel.MILESTONE, "m", {"totalActive": 1}, "t")
UPSTREAM = messages.UpstreamStatus(UpstreamState.DOWN, "t")

ROW_JSON = {
    "sessionId": "s", "source": "upstream", "ip": "1.2.3.4",
    "company": {"guid": "g", "name": "Acme", "domain": None},
    "contact": {"name": "Jo", "title": "CEO", "emailAddresses": ["jo@a.example"], "phoneNumbers": ["+49"]},
    "country": "DE", "device": "mobile", "currentPage": "/a", "journey": ["/a"], "pageCount": 1,
    "openedAt": "t0", "lastActivityAt": "t1", "duration": 2.5, "status": "active", "enrichment": "identified",
}  # fmt: skip
EVENT_JSON = {
    "id": "e", "type": "click", "sessionId": "s", "page": "/a", "timestamp": "t", "country": "DE",
    "device": "mobile", "userId": "u", "metadata": {"someKey": {"innerKey": 1}},
}  # fmt: skip
STATS_JSON = {"totalActive": 1, "totalToday": 2, "pagesVisited": {"/camelCase/Page": 3}}
AVERAGES_JSON = {"visitorsPerCompany": 1.5, "sessionDuration": 12.3, "sessionDurationToday": None}
ALERT_JSON = {"level": "milestone", "message": "m", "details": {"totalActive": 1}, "at": "t"}
UPSTREAM_JSON = {"status": "down", "since": "t"}

EXAMPLES: dict[str, tuple[messages.Wire, dict[str, Any]]] = {
    "snapshot": (
        messages.Snapshot(
            [ROW], 1, STATS, AVERAGES, [EVENT], [ALERT], [messages.MinuteCount("t", 4)], 2, UPSTREAM, 5, "now"
        ),
        {
            "visitors": [ROW_JSON], "total": 1, "stats": STATS_JSON, "averages": AVERAGES_JSON,
            "recentEvents": [EVENT_JSON], "recentAlerts": [ALERT_JSON],
            "visitorsByMinute": [{"time": "t", "visitors": 4}],
            "totalDashboards": 2, "upstream": UPSTREAM_JSON, "hiddenSessions": 5, "serverTime": "now",
        },
    ),
    "visitor_update": (messages.VisitorUpdate(EVENT, STATS), {"event": EVENT_JSON, "stats": STATS_JSON}),
    "session_activity": (ROW, ROW_JSON),
    "session_ended": (messages.SessionEnded("s", "hidden"), {"sessionId": "s", "reason": "hidden"}),
    "averages": (
        messages.AveragesUpdate(1.5, 12.3, None, 4),
        {**AVERAGES_JSON, "hiddenSessions": 4},
    ),
    "user_connected": (messages.UserConnected(2, "t"), {"totalDashboards": 2, "connectedAt": "t"}),
    "user_disconnected": (messages.UserDisconnected(1), {"totalDashboards": 1}),
    "alert": (ALERT, ALERT_JSON),
    "upstream_status": (UPSTREAM, UPSTREAM_JSON),
    "detailed_stats": (
        messages.DetailedStats({"page": "/a"}, STATS, [ROW], [EVENT], {"DE": 1}, {"/a": 1}, {"mobile": 1}),
        {
            "filter": {"page": "/a"}, "stats": STATS_JSON, "sessions": [ROW_JSON], "events": [EVENT_JSON],
            "byCountry": {"DE": 1}, "byPage": {"/a": 1}, "byDevice": {"mobile": 1},
        },
    ),
    "reset": (messages.Reset("t"), {"at": "t"}),
    "error": (messages.Error("m", None), {"message": "m", "field": None}),
    "action_tracked": (messages.ActionTracked("x"), {"action": "x"}),
    "pong": (messages.Pong("t"), {"serverTime": "t"}),
}  # fmt: skip


def test_there_is_an_example_of_every_type() -> None:
    assert set(EXAMPLES) == set(MESSAGES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_message_has_exactly_its_fields(name: str) -> None:
    data, expected = EXAMPLES[name]
    assert TYPE_OF[type(data)] == name
    assert msgspec.json.decode(msgspec.json.encode(data)) == expected


def test_snake_case_renames_fields_and_leaves_data_keys_alone() -> None:
    snapshot, _ = EXAMPLES["snapshot"]
    snake = msgspec.json.decode(msgspec.json.encode(to_snake(snapshot)))
    assert snake["visitors_by_minute"] == [{"time": "t", "visitors": 4}]
    assert snake["visitors"][0]["last_activity_at"] == "t1"
    assert snake["visitors"][0]["contact"]["email_addresses"] == ["jo@a.example"]
    assert snake["stats"] == {
        "total_active": 1,
        "total_today": 2,
        "pages_visited": {"/camelCase/Page": 3},
    }
    assert snake["recent_events"][0]["metadata"] == {"someKey": {"innerKey": 1}}
    assert snake["upstream"] == UPSTREAM_JSON


def test_snake_case_reaches_structs_inside_lists_and_dicts() -> None:
    assert to_snake({"someKey": [messages.Pong("t")], "n": 1}) == {"someKey": [{"server_time": "t"}], "n": 1}
