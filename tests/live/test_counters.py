"""What ``/api/status`` is told of the hub."""

from tests.live.rig import Rig, take_all


async def test_the_status_names_what_is_there_and_what_was_done() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.join(site="other")
    rig.event()
    rig.hub.flush()
    status = rig.hub.snapshot()
    assert status.dashboards == 2
    assert status.dashboards_by_site == {"default": 1, "other": 1}
    assert status.queued_bundles == 1
    assert status.queued_bytes > 0
    assert status.ring_bytes > 0
    take_all(dashboard)
    assert rig.hub.snapshot().messages_sent > status.messages_sent
    assert rig.hub.snapshot().queued_bytes == 0


async def test_F2e_03_the_status_tells_how_many_there_may_be_and_who_was_turned_away() -> None:
    rig = Rig(max_dashboards=2)
    full = [rig.hub.is_full]
    rig.join(site="other")
    full.append(rig.hub.is_full)
    dashboard = rig.join()
    full.append(rig.hub.is_full)
    rig.hub.turn_away()
    status = rig.hub.snapshot()
    assert (status.dashboards, status.max_dashboards, status.turned_away) == (2, 2, 1)
    rig.hub.leave(dashboard)
    full.append(rig.hub.is_full)
    assert full == [False, False, True, False]
