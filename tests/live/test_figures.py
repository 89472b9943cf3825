"""The averages, once a second at most."""

from tests.live.rig import Rig, of_type


async def test_averages_come_at_most_once_a_second_and_only_when_they_differ() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.clock.advance(5)
    rig.event()
    assert len(of_type(rig.flush(dashboard), "averages")) == 1
    rig.clock.advance(0.9)
    rig.event()
    assert of_type(rig.flush(dashboard), "averages") == []
    rig.clock.advance(0.2)
    assert of_type(rig.flush(dashboard), "averages") == [
        {
            "visitorsPerCompany": None,
            "sessionDuration": 1.1,
            "sessionDurationToday": None,
            "hiddenSessions": 0,
        }
    ]
    rig.event(type="session_end")
    rig.clock.advance(1)
    assert len(of_type(rig.flush(dashboard), "averages")) == 1
    rig.clock.advance(10)
    assert rig.flush(dashboard) == []
