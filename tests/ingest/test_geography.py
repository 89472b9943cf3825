"""Countries from a file of the operator, through the whole service."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.rig import ACME, GLOBEX, page, stage
from tests.support.mmdb import write_mmdb
from tests.support.service import run_service, settings_for_tests
from tracker.ingest.geography import CACHE_SIZE, Countries, UnusableFile
from tracker.settings import SettingsError


@pytest.mark.parametrize("entry", [{"country": {"iso_code": "DE"}}, {"country_code": "de"}])
def test_both_layouts_are_read(tmp_path: Path, entry: dict[str, Any]) -> None:
    countries = Countries(write_mmdb(tmp_path / "c.mmdb", {"185.242.0.0/16": entry, "2a00::/16": entry}))
    found = [countries.of(address) for address in ("185.242.1.1", "2a00::1", "8.8.8.8", "no address")]
    assert found == ["DE", "DE", None, None]
    assert countries.of.cache_info().maxsize == CACHE_SIZE
    countries.close()


@pytest.mark.parametrize("entry", [{}, {"country": {}}, {"country": "DE"}, {"country_code": "Germany"}])
def test_what_is_no_country_code_is_left_out(tmp_path: Path, entry: dict[str, Any]) -> None:
    countries = Countries(write_mmdb(tmp_path / "c.mmdb", {"185.242.0.0/16": entry}))
    assert countries.of(ACME) is None
    countries.close()


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100])
async def test_an_unreadable_file_refuses_the_start_by_its_setting(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.mmdb"
    path.write_bytes(content)
    with pytest.raises(UnusableFile):
        Countries(str(path))
    with pytest.raises(SettingsError, match=r"geography\.mmdb_file: "):
        async with run_service(settings_for_tests(geography__mmdb_file=path)):
            pass
    with pytest.raises(SettingsError, match=r"geography\.mmdb_file: there is no such file"):
        settings_for_tests(geography__mmdb_file=tmp_path / "absent.mmdb")


async def test_visitors_of_both_doors_get_a_country_unless_their_events_say_one(tmp_path: Path) -> None:
    entries = {"185.242.1.1/32": {"country_code": "DE"}, "185.242.1.2/32": {"country_code": "CH"}}
    path = write_mmdb(tmp_path / "c.mmdb", entries)
    async with stage(geography__mmdb_file=path) as on:
        await on.say("session-opened", "up", ACME)
        assert (await on.row("up"))["country"] == "DE"
        await page(on.service, "post", ip=ACME)
        await page(on.service, "own", ip=ACME, country="FR")
        rows = await on.service.visitors()
        assert {name: row["country"] for name, row in rows.items()} == {"up": "DE", "post": "DE", "own": "FR"}
        await on.say("keep-alive", "up", GLOBEX)
        await on.dashboard.wait_for(lambda seen: seen.rows["up"]["country"] == "CH")
        await on.service.service.mover.catch_up()
        assert (await on.service.get("/api/analytics/totals", country="de"))["totalEvents"] == 1
