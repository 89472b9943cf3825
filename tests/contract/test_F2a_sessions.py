"""FAULTS 2a, rows 09 to 16: what the session emitter says that makes no sense, over real sockets."""

import asyncio
import time

import pytest

from emitters.deanonymizer import Deanonymizer
from tests.contract.rig import ACME, GLOBEX, iso, knows, stage


async def test_F2a_09_duplicate_open_makes_one_row_one_visit_and_one_paid_lookup() -> None:
    async with Deanonymizer() as vendor:
        knows(vendor, ACME, "Acme")
        async with stage(vendor) as play:
            for _ in range(20):
                await play.say("session-opened")
            await play.dashboard.wait_for(lambda seen: seen.rows.get("a", {}).get("company"))
            await play.say("session-opened")
            await play.settle()
            assert play.dashboard.stats["totalToday"] == 2, "a and the one that settles"
            assert [call.ip for call in vendor.calls] == [ACME]


async def test_F2a_10_close_without_open_is_counted_and_nobody_becomes_fewer_than_none() -> None:
    async with stage() as play:
        for number in range(5):
            await play.say("session-closed", f"never-{number}")
        await play.settle()
        assert (await play.drops())["orphan_close"] == 5
        assert (await play.service.get("/api/analytics/summary"))["summary"]["totalActive"] == 0
        assert await play.service.visitors() == {}


async def test_F2a_11_keep_alive_before_open_opens_and_after_close_is_late() -> None:
    async with stage() as play:
        await play.say("keep-alive")
        await play.say("session-opened")
        await play.row()
        await play.say("session-closed")
        await play.say("keep-alive")
        await play.settle()
        assert "a" not in play.dashboard.rows
        assert (await play.drops())["late"] == 1


async def test_F2a_12_silence_ends_a_session_once_and_dashboards_hear_within_a_second() -> None:
    async with stage(sessions__idle_timeout_s=60) as play:
        await play.say("session-opened")
        await play.row()
        play.pass_time(50)
        await play.settle()
        assert play.ends() == []
        play.pass_time(11)
        assert await play.service.visitors() == {}
        assert await play.gone() == "expired"
        await play.say("session-closed")
        await play.settle()
        assert play.ends() == ["expired"]


@pytest.mark.parametrize(
    "timestamp", ["1e18", "-1", "NaN", "+275760-09-13T00:00:00Z", "0000-00-00T00:00:00Z"]
)
async def test_F2a_13_a_time_that_is_none_is_replaced_by_the_receipt(timestamp: str) -> None:
    async with stage() as play:
        await play.emitter.send({**_opened("a"), "timestamp": timestamp})
        before = iso(time.time() - 30)
        row = await play.row()
        assert before < row["openedAt"] < iso(time.time() + 30)
        assert row["duration"] >= 0


async def test_F2a_13_a_time_far_from_the_receipt_does_not_count_and_the_later_of_two_stays() -> None:
    async with stage() as play:
        now = time.time()
        await play.say("session-opened", at=now - 86_400 * 400)
        assert (await play.row())["openedAt"] > iso(now - 30)
        await play.say("keep-alive", at=now + 86_400 * 400)
        await play.say("session-opened", "b", GLOBEX, at=now - 60)
        await play.say("keep-alive", "b", GLOBEX, at=now - 10)
        await play.say("keep-alive", "b", GLOBEX, at=now - 30)
        await play.settle()
        assert play.dashboard.rows["a"]["lastActivityAt"] < iso(time.time() + 1)
        assert play.dashboard.rows["b"]["lastActivityAt"] == iso(now - 10)


@pytest.mark.parametrize("ip", ["185.242.274.177", "", "unknown", "1.2.3.4:80", "1" * 1_000_000])
async def test_F2a_14_no_address_is_shown_clamped_and_never_looked_up(ip: str) -> None:
    async with Deanonymizer() as vendor, stage(vendor) as play:
        await play.say("session-opened", ip=ip)
        row = await play.row()
        assert row["enrichment"] == "skipped"
        assert row["ip"] == ip[:64]
        await asyncio.sleep(0.2)
        assert vendor.calls == []


@pytest.mark.parametrize(
    ("ip", "asked"),
    [
        ("2A02:26F7:C9C8:4000::1", True),
        ("::ffff:185.242.1.1", True),
        ("[2a02:26f7:c9c8:4000::1]", True),
        ("2a02:26f7:c9c8:4000::1%eth0", False),
        ("fe80::1", False),
        ("10.1.2.3", False),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("2001:db8::1", False),
    ],
)
async def test_F2a_15_each_form_of_an_address_has_one_rule(ip: str, asked: bool) -> None:
    async with Deanonymizer() as vendor, stage(vendor) as play:
        await play.say("session-opened", ip=ip)
        row = await play.row()
        await play.dashboard.wait_for(lambda seen: seen.rows["a"]["enrichment"] != "pending")
        assert row["ip"] == ip
        assert [call.ip for call in vendor.calls] == ([ip] if asked else [])


async def test_F2a_16_the_same_id_from_another_address_is_looked_up_anew_and_not_who_it_was() -> None:
    async with Deanonymizer() as vendor:
        knows(vendor, ACME, "Acme")
        knows(vendor, GLOBEX, "Globex")
        async with stage(vendor) as play:
            await play.say("session-opened")
            await play.dashboard.wait_for(lambda seen: seen.rows.get("a", {}).get("company"))
            vendor.hold()
            await play.say("keep-alive", ip=GLOBEX)
            await play.dashboard.wait_for(lambda seen: seen.rows["a"]["ip"] == GLOBEX)
            assert play.dashboard.rows["a"]["company"] is None
            vendor.release()
            await play.dashboard.wait_for(
                lambda seen: (seen.rows["a"]["company"] or {}).get("name") == "Globex"
            )
            await play.say("keep-alive", ip=GLOBEX)
            await play.settle()
            assert sorted(call.ip for call in vendor.calls) == [ACME, GLOBEX]
            assert len(await play.service.visitors()) == 1


def _opened(session_id: str) -> dict[str, str]:
    return {"eventType": "session-opened", "guid": session_id, "ip": "192.168.0.9"}
