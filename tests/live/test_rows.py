import pytest

from tests.live.rig import ACME, Rig
from tests.support.clock import START
from tracker.core.inputs import FrameKind
from tracker.core.session import Session, Source
from tracker.live.messages import to_snake
from tracker.live.rows import averages, feed_event, iso, row


@pytest.mark.parametrize(
    ("unix_s", "text"),
    [
        (1740974643.489, "2025-03-03T04:04:03.489Z"),
        (1740974643.0, "2025-03-03T04:04:03.000Z"),
        (1740974643.9996, "2025-03-03T04:04:04.000Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1709251199.999, "2024-02-29T23:59:59.999Z"),
    ],
)
def test_times_have_milliseconds_and_z(unix_s: float, text: str) -> None:
    assert iso(unix_s) == text


def test_a_new_session_has_a_row_without_unknowns() -> None:
    session = Session("default", "s", Source.UPSTREAM, "10.0.0.1", None, START.unix_s)
    shown = to_snake(row(session, START.unix_s + 1.2345))
    assert shown["company"] is None
    assert shown["contact"] is None
    assert shown["current_page"] is None
    assert shown["journey"] == []
    assert shown["duration"] == 1.234
    assert shown["status"] == "active"
    assert shown["enrichment"] == "pending"


def test_duration_is_never_negative() -> None:
    session = Session("default", "s", Source.UPSTREAM, "", None, START.unix_s)
    assert row(session, START.unix_s - 60).duration == 0


def test_the_row_shows_the_last_twenty_pages() -> None:
    rig = Rig()
    for number in range(25):
        rig.clock.advance(1)
        rig.event(page=f"/{number}", country="DE", device="mobile")
    session = rig.core.site("default").find("a")
    assert session is not None
    shown = row(session, rig.clock.now().unix_s)
    assert shown.journey == [f"/{number}" for number in range(5, 25)]
    assert shown.current_page == "/24"
    assert (shown.page_count, shown.country, shown.device) == (25, "DE", "mobile")


def test_the_row_shows_company_contact_and_idleness() -> None:
    rig = Rig()
    rig.frame(FrameKind.OPENED)
    rig.resolve(ACME)
    rig.pass_time(31)
    session = rig.core.site("default").find("u")
    assert session is not None
    shown = row(session, rig.clock.now().unix_s)
    assert shown.company is not None
    assert shown.contact is not None
    assert (shown.company.guid, shown.company.domain) == ("g-acme", "acme.example")
    assert (shown.contact.name, shown.contact.email_addresses) == ("Jo Doe", ("jo@acme.example",))
    assert (shown.status, shown.enrichment, shown.source) == ("idle", "identified", "upstream")


def test_a_feed_event_keeps_what_the_site_sent() -> None:
    rig = Rig()
    rig.event(type="click", user_id="u1", metadata={"someKey": [1]})
    event = feed_event(rig.core.site("default").recent_events[-1])
    assert (event.type, event.user_id, event.metadata) == ("click", "u1", {"someKey": [1]})
    assert event.timestamp == iso(rig.clock.now().unix_s)


def test_averages_are_rounded_to_milliseconds() -> None:
    rig = Rig()
    rig.event("a")
    rig.clock.advance(1 / 3)
    assert averages(rig.core.site("default").averages(rig.clock.now().unix_s)).session_duration == 0.333
