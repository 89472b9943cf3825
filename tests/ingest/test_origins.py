"""What is kept of an address when ``privacy.ip`` says so, through the whole service."""

from pathlib import Path

import pytest

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from emitters.sessions import SessionEmitter
from tests.contract.rig import ACME, asked, frame, knows, page
from tests.support.service import RunningService, run_service, settings_for_tests, until
from tracker.ingest.origins import FULL, HASHED, TRUNCATED, Origins

SECRET = b"0" * 32


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("185.242.1.1", "185.242.1.0"),
        ("::ffff:185.242.1.1", "185.242.1.0"),
        ("2A00:1:2:3::4", "2a00:1:2::"),
        ("10.1.2.3", "10.1.2.0"),
        ("185.242.274.177", ""),
        ("185.242.1.1:8080", "185.242.1.0"),
    ],
)
def test_S4_21_addresses_are_cut_to_networks_or_hashed(text: str, network: str) -> None:
    truncated, hashed = Origins(TRUNCATED, SECRET), Origins(HASHED, SECRET)
    assert truncated.mask(text.encode()).decode().removesuffix(":8080") == network
    assert text not in hashed.mask(text.encode()).decode()
    assert Origins(FULL, SECRET).mask(text.encode()).decode() == text


def test_S4_21_another_installation_hashes_otherwise() -> None:
    assert Origins(HASHED, SECRET).key_of(ACME) != Origins(HASHED, b"1" * 32).key_of(ACME)


def test_S4_21_times_of_day_in_excerpts_stay() -> None:
    excerpt = b'{"timestamp":"2026-11-22T08:00:00Z","ip":"185.242.1.1","v":"2.0.0.0.1"}'
    masked = Origins(TRUNCATED, SECRET).mask(excerpt)
    assert masked == excerpt.replace(b"185.242.1.1", b"185.242.1.0")


def in_files(folder: Path, text: str = ACME) -> list[str]:
    return [file.name for file in folder.iterdir() if text.encode() in file.read_bytes()]


@pytest.mark.parametrize("mode", [TRUNCATED, HASHED])
async def test_S4_21_the_address_reaches_the_lookup_and_no_file(tmp_path: Path, mode: str) -> None:
    async with Deanonymizer(world=World(1, 20)) as vendor, SessionEmitter(world=World(1, 20)) as emitter:
        knows(vendor, ACME, "Acme")
        values = {
            "store__url": f"duckdb:{tmp_path}/tracker.duckdb",
            "deanonymizer__url": vendor.url,
            "upstream__url": emitter.url,
            "privacy__ip": mode,
        }
        async with run_service(settings_for_tests(**values)) as service:
            await emitter.wait_for_clients(1)
            await emitter.send(frame("session-opened", "up", ACME))
            await page(service, "post", ip=ACME)
            await page(service, "over", ip=ACME)
            await service.post({"type": "x", "ip": ACME})
            await emitter.send(frame("nonsense", "up", ACME))
            await until(lambda: all_identified(service, {"up", "post", "over"}))
            assert asked(vendor) == [ACME], "one lookup, of the address itself"
            await service.post({"type": "session_end", "sessionId": "over"})
            ips = {row["ip"] for row in (await service.visitors()).values()}
            assert len(ips) == 1
            assert ACME not in ips
            await until(lambda: service.service.rejects.counts.total() == 2)
        assert in_files(tmp_path) == []
        async with run_service(settings_for_tests(**values)) as service:
            rows = await service.visitors()
            assert {row["company"]["name"] for row in rows.values()} == {"Acme"}
            assert {row["ip"] for row in rows.values()} == ips
            await page(service, "new", ip=ACME)
            await until(lambda: all_identified(service, {"up", "post", "new"}))
            assert asked(vendor) == [ACME], "the answer was kept under the pseudonym"
            response = await service.http.post("/api/visitors/erase", json={"ip": ACME})
            erased = response.json()["data"]["erased"]
            assert (erased["live"], erased["identities"]) == (3, 1)
            assert erased["events"] == 4
            assert await service.visitors() == {}


async def all_identified(service: RunningService, session_ids: set[str]) -> bool:
    rows = await service.visitors()
    return set(rows) >= session_ids and all(rows[one]["enrichment"] == "identified" for one in session_ids)


async def test_S4_21_what_a_run_with_full_addresses_left_is_taken_over_as_pseudonyms(tmp_path: Path) -> None:
    url = f"duckdb:{tmp_path}/tracker.duckdb"
    async with run_service(settings_for_tests(store__url=url)) as service:
        await page(service, "s", ip=ACME)
    async with run_service(settings_for_tests(store__url=url, privacy__ip=TRUNCATED)) as service:
        assert (await service.visitors())["s"]["ip"] == "185.242.1.0"


def test_S4_21_addresses_in_memory_are_bounded() -> None:
    origins = Origins(HASHED, SECRET, max_at_hand=2)
    for ip in ("185.242.1.1", "185.242.1.2", "185.242.1.3"):
        key = origins.key_of(ip)
        assert key is not None
        origins._keep(ip, ip)
    assert origins.at_hand == 2
    assert origins.for_lookup(origins.key_of("185.242.1.1") or "", "kept") == ""
    assert origins.for_lookup(origins.key_of("185.242.1.3") or "", "kept") == "185.242.1.3"
