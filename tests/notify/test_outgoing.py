"""From effects to messages on the disk: what is told, to whom, and what becomes of too much."""

import json
from collections.abc import Sequence

from tests.notify.receiver import receiver
from tests.notify.rig import rig
from tests.support.clock import START
from tracker.core.effects import Alert, AlertKind, AlertLevel, SessionIdentified, WatchMatched
from tracker.core.identity import Company, Contact, Identity
from tracker.core.session import Session, Source
from tracker.core.watches import WatchKind, WatchRule
from tracker.core.webhooks import HookEvent, NewDelivery
from tracker.notify.messages import Messages
from tracker.notify.outgoing import Outgoing

ACME = Identity(Company("g", "Acme", "acme.com"), Contact("c", "Ada", None, ("ada@acme.com",)))
RULE = WatchRule("wl_1", "default", WatchKind.COMPANY, "acme", 1.0)


class Away(Exception):
    pass


class Disk:
    def __init__(self) -> None:
        self.kept: list[NewDelivery] = []
        self.is_away = False
        self.told: list[str] = []

    async def put(self, deliveries: Sequence[NewDelivery]) -> int:
        if self.is_away:
            raise Away
        self.kept += deliveries
        return 0


def outgoing(disk: Disk, wanted: dict[str, dict[HookEvent, tuple[str, ...]]], most: int = 100) -> Outgoing:
    return Outgoing(disk, Messages("https://v.example/"), wanted, disk.told.extend, Away, most)


def session(site: str = "default", identity: Identity = ACME) -> Session:
    made = Session(site, "s\ud800 1", Source.EVENTS, "1.2.3.4", "1.2.3.4", START.unix_s)
    made.identity = identity
    return made


def tell(out: Outgoing, *effects: object) -> None:
    for effect in effects:
        out.shell[type(effect)](effect)


def alert(kind: AlertKind = AlertKind.SPIKE, at: float = 5.0) -> Alert:
    details = {"kind": kind.value, "sessionId": "s9"}
    return Alert("default", AlertLevel.INFO, kind, "text", details, at)


EVERYTHING: dict[str, dict[HookEvent, tuple[str, ...]]] = {"default": dict.fromkeys(HookEvent, ("wh_1",))}


async def test_each_event_goes_to_those_who_want_it() -> None:
    disk = Disk()
    out = outgoing(
        disk,
        {"default": {HookEvent.ALERT: ("wh_1", "wh_2"), HookEvent.WATCH_MATCHED: ("wh_2",)}},
    )
    tell(out, alert(), WatchMatched(session(), RULE, 5.0), SessionIdentified(session(), 5.0))
    assert await out.write()
    assert [(one.webhook, one.type) for one in disk.kept] == [
        ("wh_1", "alert"),
        ("wh_2", "alert"),
        ("wh_2", "watch.matched"),
    ]
    assert set(disk.told) == {"wh_1", "wh_2"}
    assert disk.kept[0].id == disk.kept[1].id


async def test_a_site_without_webhooks_is_told_nothing_and_keeps_nothing() -> None:
    disk = Disk()
    out = outgoing(disk, EVERYTHING)
    tell(out, SessionIdentified(session("other"), 5.0), WatchMatched(session("other"), RULE, 5.0))
    tell(out, SessionIdentified(session(identity=Identity(contact=ACME.contact)), 5.0))
    tell(out, alert(AlertKind.WATCH))
    assert out.waiting == 0


async def test_the_same_thing_told_again_has_the_same_id_and_another_one_another() -> None:
    disk = Disk()
    out = outgoing(disk, EVERYTHING)
    later = session()
    later.opened_at += 1
    other_rule = WatchMatched(session(), RULE._replace(id="wl_2"), 5.0)
    for _ in range(2):
        tell(out, SessionIdentified(session(), 5.0), WatchMatched(session(), RULE, 5.0), alert())
        tell(out, SessionIdentified(later, 6.0), other_rule, alert(at=6.0))
    await out.write()
    ids = [one.id for one in disk.kept]
    assert ids[:6] == ids[6:]
    assert len(set(ids)) == 6


async def test_the_session_stands_beside_the_message_so_that_it_can_be_erased() -> None:
    disk = Disk()
    out = outgoing(disk, EVERYTHING)
    tell(out, SessionIdentified(session(), 5.0), alert())
    await out.write()
    assert [one.session_id for one in disk.kept] == ["s\ud800 1", "s9"]
    body = json.loads(disk.kept[0].body)
    assert body["data"]["link"] == "https://v.example/?visitor=s%3F+1"
    assert body["data"]["sessionId"] == "s? 1"


async def test_what_the_disk_does_not_take_waits_in_its_order_and_has_a_bound() -> None:
    disk = Disk()
    out = outgoing(disk, EVERYTHING, most=3)
    disk.is_away = True
    tell(out, alert(at=1.0), alert(at=2.0))
    assert not await out.write()
    tell(out, alert(at=3.0), alert(at=4.0))
    assert (out.waiting, out.dropped["not_written"], out.failures) == (3, 1, 1)
    disk.is_away = False
    assert await out.write()
    assert [one.at for one in disk.kept] == [2.0, 3.0, 4.0]


async def test_the_store_gives_up_the_oldest_of_a_site_that_has_too_much() -> None:
    async with receiver() as there, rig(runs=False) as on:
        hook, other = await on.hook(there), await on.hook(there, "other")
        on.tables._max_pending = 5
        await on.alert(*(f"alert {number}" for number in range(8)))
        await on.alert("elsewhere", site="other")
        assert await on.states(hook) == ["pending"] * 5
        assert await on.states(other) == ["pending"]
        assert on.outgoing.dropped == {"queue_full": 3}
        bodies = [one.body for one in (await on.tables.due({hook.id: 10}))[hook.id]]
        assert [json.loads(body)["data"]["message"] for body in bodies] == [
            f"alert {number}" for number in range(3, 8)
        ]
