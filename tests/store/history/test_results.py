"""Every answer can be sent as it is."""

from pathlib import Path

import msgspec

from tests.store.history.opened import FOR_EVER, START_S, event, open_store


async def test_every_answer_is_json(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e1", user_id="ann", device="mobile"), event("e2", user_id="ann")])
        history = store.history
        answers = [
            await history.totals(FOR_EVER),
            await history.timeseries(FOR_EVER._replace(start=FOR_EVER.end - 60)),
            await history.top(FOR_EVER, "type"),
            await history.event_summary(FOR_EVER, "pageview"),
            await history.user_stats(FOR_EVER, "ann"),
            await history.funnel(FOR_EVER, ["pageview"]),
            await history.retention(FOR_EVER),
            await history.events(FOR_EVER),
            await history.session_visits("default", "s1"),
        ]
    sent = msgspec.json.decode(msgspec.json.encode(answers))
    assert sent[0] == [2, 1, 1]
    assert sent[3] == ["pageview", 2, 1, {"mobile": 1, "unknown": 1}]
    assert sent[4][:6] == ["ann", 2, START_S, START_S, {"mobile": 1}, {}]
    assert [one[0] for one in sent[4][6]] == ["e2", "e1"]
