"""Values that the examples show."""

from tracker.core.effects import AlertLevel
from tracker.core.inputs import UpstreamState
from tracker.core.session import Enrichment, Source
from tracker.http import past, sessions
from tracker.live import messages

AT = "2026-11-22T08:00:00.000Z"
LATER = "2026-11-22T08:01:30.000Z"

STATISTICS = messages.Statistics(1, 1, {"/pricing": 1})
AVERAGES = messages.Averages(1.0, 90.0, None)
COMPANY = messages.Company("0f9c3a52-6a55-4d1e-9d0b-3f2a6c1b7e10", "Acme GmbH", "acme.example")
CONTACT = messages.Contact("Ada Example", "CTO", ("ada@acme.example",), ())
ROW = messages.Row(
    session_id="s1",
    source=Source.EVENTS,
    ip="203.0.113.7",
    company=COMPANY,
    contact=CONTACT,
    country="DE",
    device="mobile",
    current_page="/pricing",
    journey=["/", "/pricing"],
    page_count=2,
    opened_at=AT,
    last_activity_at=LATER,
    duration=90.0,
    status="active",
    enrichment=Enrichment.IDENTIFIED,
)
FEED_EVENT = messages.FeedEvent(
    "e1", "pageview", "s1", "/pricing", LATER, "DE", "mobile", "u7", {"plan": "pro"}
)
ALERT = messages.Alert(
    AlertLevel.MILESTONE, "100 visitors are active", {"kind": "milestone", "totalActive": 100}, LATER
)
SNAPSHOT = messages.Snapshot(
    visitors=[ROW],
    total=1,
    stats=STATISTICS,
    averages=AVERAGES,
    recent_events=[FEED_EVENT],
    recent_alerts=[ALERT],
    visitors_by_minute=[messages.MinuteCount(AT, 1)],
    total_dashboards=1,
    upstream=messages.UpstreamStatus(UpstreamState.CONNECTED, AT),
    hidden_sessions=0,
    server_time=LATER,
)
DETAIL = sessions.SessionDetail(
    **{name: getattr(ROW, name) for name in messages.Row.__struct_fields__ if name != "journey"},
    journey=[sessions.Step("/", AT), sessions.Step("/pricing", LATER)],
    events=[FEED_EVENT],
    ended_at=None,
)
EVENT = past.Event(
    id="e1",
    type="pageview",
    session_id="s1",
    timestamp=LATER,
    received_at=LATER,
    page="/pricing",
    user_id="u7",
    country="DE",
    device="mobile",
    browser="Firefox",
    os="Android",
    referrer="https://example.org/",
    ip="203.0.113.7",
    metadata={"plan": "pro"},
    timestamp_adjusted=False,
)
