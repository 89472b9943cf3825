"""FAULTS.md 4.21: dashboards that are shown the company of a visitor and not the person."""

import json
from typing import Any

from tests.live.rig import ACME, Rig, of_type, take, take_all, types
from tracker.core.inputs import FrameKind
from tracker.live import messages
from tracker.live.masking import without_contacts
from tracker.live.messages import MESSAGES

SECRETS = ("Jo Doe", "CEO", "jo@acme.example")


def identified(rig: Rig, session_id: str = "u") -> None:
    rig.frame(FrameKind.OPENED, session_id)
    rig.resolve(ACME)


def tells_who(shown: Any) -> bool:
    text = json.dumps(shown)
    return any(secret in text for secret in SECRETS)


async def test_S4_21_updates_snapshots_and_answers_without_the_person() -> None:
    rig = Rig()
    full, masked = rig.join_and_start(), rig.join_and_start(sees_contacts=False)
    rig.flush(full, masked)
    identified(rig)
    rig.hub.flush()
    told, kept_from = take_all(full), take_all(masked)
    await rig.ask(full, "request_detailed_stats")
    await rig.ask(masked, "request_detailed_stats")
    told += take_all(full) + take(rig.join())
    kept_from += take_all(masked) + take(rig.join(sees_contacts=False))
    assert types(told) == types(kept_from)
    assert {"session_activity", "detailed_stats", "snapshot"} <= set(types(kept_from))
    assert [message["seq"] for message in told] == [message["seq"] for message in kept_from]
    for one, other in zip(told, kept_from, strict=True):
        assert not tells_who(other), other["type"]
        if one["type"] in ("session_activity", "detailed_stats", "snapshot"):
            assert tells_who(one), one["type"]
    row = of_type(kept_from, "session_activity")[-1]
    assert (row["company"]["name"], row["contact"], row["enrichment"]) == ("Acme Ltd", None, "identified")


async def test_S4_21_who_comes_back_is_sent_what_is_for_him() -> None:
    rig = Rig()
    full, masked = rig.join_and_start(), rig.join_and_start(sees_contacts=False)
    stays = rig.join_and_start(sees_contacts=False)
    last = rig.flush(masked, full, stays)[-1]["seq"]
    rig.hub.leave(masked)
    identified(rig)
    rig.flush(full, stays)
    missed = take_all(rig.join(sees_contacts=False, after_seq=last))
    assert "snapshot" not in types(missed)
    assert of_type(missed, "session_activity")[0]["company"]["name"] == "Acme Ltd"
    assert not tells_who(missed)
    assert tells_who(take_all(rig.join(after_seq=last)))


async def test_each_kind_is_encoded_once_and_only_for_somebody() -> None:
    kept_bytes = {}
    for kind in ("nobody", "somebody who left", "two"):
        rig = Rig()
        full = rig.join_and_start()
        masked = [] if kind == "nobody" else [rig.join_and_start(sees_contacts=False) for _ in range(2)]
        if kind == "somebody who left":
            for dashboard in masked:
                rig.hub.leave(dashboard)
        rig.flush(full, *masked)
        before = rig.hub.snapshot().ring_bytes
        identified(rig)
        rig.hub.flush()
        kept_bytes[kind] = rig.hub.snapshot().ring_bytes - before
    first, second = await masked[0].frames(), await masked[1].frames()
    assert first is second
    assert kept_bytes["nobody"] == kept_bytes["somebody who left"] > 0
    assert kept_bytes["two"] < 2 * kept_bytes["nobody"], "a contact less"


def test_no_message_has_a_contact_where_it_is_not_looked_for() -> None:
    holders = {name for name, kind in MESSAGES.items() if "contact" in repr(kind.__annotations__).lower()}
    assert holders == {"session_activity"}
    rows = {name for name, kind in MESSAGES.items() if messages.Row.__name__ in repr(kind.__annotations__)}
    assert rows == {"snapshot", "detailed_stats"}


def test_what_holds_none_is_given_back_as_it_is() -> None:
    pong = messages.Pong("now")
    assert without_contacts(pong) is pong
