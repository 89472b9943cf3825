"""Section 4 of the contract, "Identity": what is asked, how often, and what is kept."""

import time
from collections import Counter
from random import Random
from typing import Any

from emitters.deanonymizer import Deanonymizer
from emitters.population import DATA_CENTERS, World
from tests.contract.rig import ACME, GLOBEX, asked, knows, stage, status_is

PROMPT = {"deanonymizer__attempts": 1}


async def test_one_lookup_however_many_sessions_wait_for_it() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        knows(vendor, ACME, "Acme")
        vendor.hold()
        for number in range(50):
            await play.say("session-opened", f"s{number}")
        await vendor.wait_for_calls(1)
        await play.settle()
        assert play.dashboard.rows == {}, "nobody is shown before it is known who it is"
        vendor.release()
        await play.dashboard.wait_for(lambda seen: len(seen.rows) == 50)
        assert {row["company"]["name"] for row in play.dashboard.rows.values()} == {"Acme"}
        assert asked(vendor) == [ACME]


async def test_answers_and_misses_are_kept() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        knows(vendor, ACME, "Acme")
        vendor.answer_with(GLOBEX, 404, {"message": "Nobody"})
        for visit in range(3):
            await play.say("session-opened", f"known-{visit}", ACME)
            await play.say("session-opened", f"unknown-{visit}", GLOBEX)
            assert (await play.row(f"known-{visit}"))["enrichment"] == "identified"
            assert (await play.row(f"unknown-{visit}"))["enrichment"] == "unknown"
        assert sorted(asked(vendor)) == [ACME, GLOBEX]
        lookups = (await play.service.get("/api/status"))["lookups"]
        assert (lookups["calls"], lookups["cached"]) == (2, 2)


async def test_a_failure_is_not_kept() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor, **PROMPT) as play:
        vendor.answer_with(ACME, 500, {})
        await play.say("session-opened", "first")
        assert (await play.row("first"))["enrichment"] == "failed"
        await play.say("session-closed", "first")
        await play.gone("first")
        knows(vendor, ACME, "Acme")
        await play.say("session-opened", "second")
        assert (await play.row("second"))["company"]["name"] == "Acme"
        assert asked(vendor) == [ACME, ACME]


async def test_a_server_error_is_retried_within_the_same_lookup() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        vendor.answer_with(ACME, 503, {})
        await play.say("session-opened")
        await vendor.wait_for_calls(1)
        knows(vendor, ACME, "Acme")
        assert (await play.row())["company"]["name"] == "Acme"
        assert asked(vendor) == [ACME, ACME]


async def test_429_stops_all_calls_until_it_says_and_the_failed_lookup_is_made_again() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        vendor.answer_with(ACME, 429, {}, {"Retry-After": "30"})
        knows(vendor, GLOBEX, "Globex")
        await play.say("session-opened", "a", ACME)
        assert (await play.row("a"))["enrichment"] == "failed"
        assert 0 < (await play.service.get("/api/status"))["lookups"]["pausedForS"] <= 30
        knows(vendor, ACME, "Acme")
        await play.say("session-opened", "b", GLOBEX)
        await play.row("b")
        play.pass_time(20)
        await play.settle()
        assert asked(vendor) == [ACME], "calls while it said to wait"
        play.pass_time(15)
        await play.dashboard.wait_for(lambda seen: all(row["company"] for row in seen.rows.values()))
        assert Counter(asked(vendor)) == {ACME: 2, GLOBEX: 1}


NEVER_ASKED = (
    "10.1.2.3",
    "172.16.9.9",
    "192.168.1.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.7.7",
    "224.0.0.1",
    "0.0.0.0",
    "203.0.113.5",
    "::1",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:10.1.2.3",
    "fe80::1%eth0",
    "185.242.274.177",
    "",
    "unknown",
)


async def test_private_and_invalid_addresses_are_never_asked_for() -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        for number, ip in enumerate(NEVER_ASKED):
            await play.say("session-opened", f"s{number}", ip)
        for number, ip in enumerate(NEVER_ASKED):
            row = await play.row(f"s{number}")
            assert row["enrichment"] == "skipped", ip
        response = await play.service.post({"type": "pageview", "sessionId": "local"})
        assert response.status_code == 201
        assert (await play.row("local"))["ip"] == "127.0.0.1"
        assert asked(vendor) == []


async def test_spellings_of_an_address_share_a_lookup_which_asks_for_it_as_received() -> None:
    mapped = "::FFFF:185.242.1.1"
    async with Deanonymizer(world=World(1, 20)) as vendor, stage(vendor) as play:
        knows(vendor, mapped, "Acme")
        await play.say("session-opened", "mapped", mapped)
        assert (await play.row("mapped"))["company"]["name"] == "Acme"
        await play.say("session-opened", "plain", ACME)
        row = await play.row("plain")
        assert (row["company"]["name"], row["ip"]) == ("Acme", ACME)
        long, short = "2A00:0db8:0000:0000:0000:0000:0000:0001", "2a00:db8::1"
        for session_id, ip in (("long", long), ("short", short)):
            await play.say("session-opened", session_id, ip)
            assert (await play.row(session_id))["enrichment"] == "unknown"
        assert asked(vendor) == [mapped, long]


async def test_a_spent_budget_stops_lookups_and_says_so() -> None:
    async with (
        Deanonymizer(world=World(1, 20)) as vendor,
        stage(vendor, deanonymizer__daily_budget=2, deanonymizer__cost_per_call=0.25) as play,
    ):
        for number in range(5):
            await play.say("session-opened", f"s{number}", f"185.242.1.{number + 1}")
            await play.row(f"s{number}")
        assert len(vendor.calls) == 2
        shown = Counter(row["enrichment"] for row in play.dashboard.rows.values())
        assert shown == {"unknown": 2, "skipped": 3}
        lookups = (await play.service.get("/api/status"))["lookups"]
        assert lookups["budget"]["spent"] is True
        assert (lookups["budget"]["calls"], lookups["budget"]["limit"]) == (2, 2)
        assert lookups["budget"]["cost"] == 0.5
        assert lookups["skipped"]["budget"] == 3
        await play.dashboard.wait_for(lambda seen: seen.of_type("alert"))
        told = [alert for alert in play.dashboard.of_type("alert") if "spent" in alert["message"]]
        assert [(alert["level"], alert["details"]) for alert in told] == [
            ("warning", {"kind": "budget", "calls": 2, "limit": 2})
        ]


async def test_a_breaker_stops_calls_to_a_service_that_is_down_and_visitors_are_shown() -> None:
    async with Deanonymizer(faults=("500",), world=World(1, 20)) as vendor, stage(vendor) as play:
        for number in range(60):
            await play.say("session-opened", f"s{number}", f"185.242.1.{number + 1}")
        await play.dashboard.wait_for(lambda seen: len(seen.rows) == 60)
        await status_is(play.service, "lookups", "breaker", "state", value="open")
        assert {row["enrichment"] for row in play.dashboard.rows.values()} == {"failed"}
        assert len(vendor.calls) < 60
        calls = len(vendor.calls)
        await play.say("session-opened", "late", "185.242.1.200")
        assert (await play.row("late"))["enrichment"] == "failed"
        assert len(vendor.calls) == calls
        ready = await play.service.http.get("/ready")
        assert ready.status_code == 200
        assert ready.json()["data"]["degraded"] == {"deanonymizer": "does not answer"}


async def test_300_addresses_and_one_call_in_ten_fails() -> None:
    world = World(7, 1000)
    clouds = {center.guid for center in DATA_CENTERS}
    known = [
        address
        for address, resident in world.residents.items()
        if resident and not (resident.company and resident.company.guid in clouds)
    ]
    addresses = Random(7).sample(known, 300)
    async with Deanonymizer(seed=7, failures=0.1, world=world) as vendor, stage(vendor) as play:
        began_s = time.monotonic()
        for number, address in enumerate(addresses):
            await play.say("session-opened", f"s{number}", address)
        rows = play.dashboard.rows
        await play.dashboard.wait_for(lambda seen: len(seen.rows) == 300, within_s=60)
        # One in a thousand fails three times and is tried again after 10 to 20 s.
        await play.dashboard.wait_for(lambda seen: _identified(rows) >= 299, within_s=60)
        took_s = time.monotonic() - began_s
        calls = len(vendor.calls)
        print(f"{_identified(rows)} of 300 identified, {calls / 300:.3f} calls an address, {took_s:.1f} s")
        assert calls <= 1.2 * 300
        assert vendor.answers[500] >= 15, "the vendor did fail"
        for number, address in enumerate(addresses):
            row, resident = rows[f"s{number}"], world.residents[address]
            if row["enrichment"] == "identified" and resident is not None:
                expected = resident.company.name if resident.company else None
                assert (row["company"] or {}).get("name") == expected


def _identified(rows: dict[str, dict[str, Any]]) -> int:
    return sum(row["enrichment"] == "identified" for row in rows.values())
