"""What a site remembers of its alerts."""

from tests.core.playbook import ACME, SITE
from tests.support.clock import FakeClock
from tracker.core.alarms import RECENT_ALERTS, Alarms
from tracker.core.effects import Alert, Effect
from tracker.core.inputs import NoticeRaised
from tracker.core.rules import Rules


def noticed(alarms: Alarms, clock: FakeClock, count: int, **details: object) -> list[Effect]:
    out: list[Effect] = []
    for number in range(count):
        alarms.notice(NoticeRaised(clock.now(), "warning", "budget", f"m{number}", details), out)
    return out


def test_each_alert_is_an_effect_and_the_last_are_remembered() -> None:
    clock = FakeClock()
    alarms = Alarms(SITE, Rules(), clock.now())
    effects = noticed(alarms, clock, RECENT_ALERTS + 5)
    assert len(effects) == RECENT_ALERTS + 5
    assert list(alarms.recent) == effects[5:]


def test_alerts_that_name_a_session_are_forgotten_with_it() -> None:
    clock = FakeClock()
    alarms = Alarms(SITE, Rules(), clock.now())
    noticed(alarms, clock, 1, sessionId="a", ip=ACME)
    (kept,) = noticed(alarms, clock, 1, sessionId="b")
    noticed(alarms, clock, 1)
    alarms.forget({"a"})
    assert isinstance(kept, Alert)
    assert [alert.details.get("sessionId") for alert in alarms.recent] == ["b", None]
