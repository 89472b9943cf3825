"""Answers and spending across a restart."""

from pathlib import Path

import pytest

from tests.store.events import limit_pages
from tests.support.clock import FakeClock
from tracker.core.identity import Company, Contact, Identity
from tracker.store.database import open_database
from tracker.store.errors import JournalUnavailable
from tracker.store.identities import Entry, Identities

FULL = Identity(
    Company("c", "Acme", "acme.example"),
    Contact("p", "Ann", "CTO", ("ann@acme.example",), ("+49 1", "+49 2")),
)


async def test_answers_misses_and_data_centers_come_back(tmp_path: Path) -> None:
    entries: list[Entry] = [
        ("1.1.1.1", FULL, 10.0),
        ("2.2.2.2", None, 30.0),
        ("::1:2", Identity(data_center_guid="dc"), 20.0),
        ("3.3.3.3", Identity(Company("c", "Only a company")), 40.0),
    ]
    database = open_database(tmp_path / "t.journal", FakeClock())
    Identities(database.writer, 10, 100.0).save(entries)
    await database.close()
    database = open_database(tmp_path / "t.journal", FakeClock())
    identities = Identities(database.writer, 10, 100.0)
    assert list(identities.load(50.0)) == sorted(entries, key=lambda entry: entry[2])
    identities.save([("2.2.2.2", FULL, 60.0)])
    identities.delete("1.1.1.1")
    identities.delete("unknown")
    assert [(entry[0], entry[2]) for entry in identities.load(60.0)] == [
        ("::1:2", 20.0),
        ("3.3.3.3", 40.0),
        ("2.2.2.2", 60.0),
    ]
    await database.close()


async def test_it_is_bounded_in_number_and_age(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    identities = Identities(database.writer, limit=2_500, keep_s=1_000.0)
    identities.save([(f"10.0.{n // 256}.{n % 256}", None, float(n)) for n in range(6_000)])
    assert [entry[2] for entry in identities.load(6_000.0)] == [float(n) for n in range(5_000, 6_000)]
    assert list(identities.load(10_000.0)) == []
    await database.close()


async def test_the_number_alone_bounds_it_too(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    identities = Identities(database.writer, limit=5, keep_s=1_000.0)
    identities.save([(str(n), None, float(n)) for n in range(8)])
    assert [entry[0] for entry in identities.load(8.0)] == ["3", "4", "5", "6", "7"]
    await database.close()


async def test_what_rotted_is_bought_again(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    identities = Identities(database.writer, 10, 100.0)
    identities.save([("1.1.1.1", FULL, 1.0), ("2.2.2.2", FULL, 2.0)])
    await database.writer.run(
        lambda connection: connection.execute("UPDATE identities SET body = '[' WHERE address = '1.1.1.1'")
    )
    assert [entry[0] for entry in identities.load(3.0)] == ["2.2.2.2"]
    await database.close()


async def test_spending_is_the_one_saved_last(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    identities = Identities(database.writer, 10, 100.0)
    assert identities.load_spend() is None
    identities.save_spend("2026-11-21", 7)
    identities.save_spend("2026-11-22", 1)
    await database.close()
    database = open_database(tmp_path / "t.journal", FakeClock())
    assert Identities(database.writer, 10, 100.0).load_spend() == ("2026-11-22", 1)
    await database.close()


async def test_F2c_01_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    identities = Identities(database.writer, 10_000, 1_000.0)
    identities.save([("kept", FULL, 1.0)])
    await limit_pages(database, 0)
    with pytest.raises(JournalUnavailable):
        identities.save([(f"a{n}", FULL, 2.0) for n in range(1_000)])
    assert [entry[0] for entry in identities.load(3.0)] == ["kept"]
    await database.close()
