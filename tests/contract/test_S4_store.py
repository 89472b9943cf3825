"""FAULTS.md 4.22 and 4.23: files that only their owner reads, and no store but a file of this machine."""

import stat
from pathlib import Path

import httpx
import pytest

from tests.contract.process import serving
from tests.support.service import until
from tracker.settings import SettingsError, load


async def test_S4_22_everything_that_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(tmp_path, f"store.url=duckdb:{folder / 'tracker.duckdb'}") as process:
        async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=30) as http:
            event = {"type": "pageview", "sessionId": "s", "page": "/a"}
            assert (await http.post("/api/events", json=event)).status_code == 201
        # The log of changes of the history: written when it has taken the event over.
        await until(lambda: (folder / "tracker.duckdb.wal").exists(), 10)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {"tracker.duckdb", "tracker.duckdb.wal", "tracker.journal", "tracker.operator"} <= set(modes)
        assert {name for name, mode in modes.items() if mode != 0o600} == set()


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost:6379", "postgresql://tracker:@db/tracker", "clickhouse://default:@db",
        "sqlite:t.db", "t.duckdb", "", "duckdb:", "duckdb:md:tracker", "duckdb:motherduck:tracker", "duckdb:s3://bucket/t",
        "duckdb:https://evil.example/t.duckdb", "duckdb:postgres:dbname=tracker", "duckdb:file:t.duckdb",
        "duckdb::memory:other", "DUCKDB:t",
    ],
)  # fmt: skip
def test_S4_23_no_store_that_a_password_would_have_to_guard(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(None, [f"store.url={url}"], {})
    assert refused.value.faults == ["store.url: must be duckdb:FILE or duckdb::memory:"]


@pytest.mark.parametrize(
    "url", ["duckdb::memory:", "duckdb:t.duckdb", "duckdb:/data/t", "duckdb:data/a:b.duckdb", "duckdb:C:\\t"]
)
def test_S4_23_a_file_or_memory_is_a_store(url: str) -> None:
    assert load(None, [f"store.url={url}"], {}).store.url == url
