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
