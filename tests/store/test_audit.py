from tests.support.clock import FakeClock
from tracker.core.accounts import AuditLine
from tracker.store.audit import AuditTable
from tracker.store.database import open_database


def line(n: int, site: str = "default") -> AuditLine:
    return AuditLine(float(n), "login", f"user {n}", site, "198.51.100.0/24", "")


async def test_the_newest_lines_are_kept_and_read_first() -> None:
    database = open_database(None, FakeClock())
    audit = AuditTable(database.writer, limit=300)
    assert await audit.read(10) == []
    await audit.write([line(n) for n in range(500)])
    for n in range(500, 510):
        await audit.write([line(n)])
    assert await audit.read(1_000) == [line(n) for n in range(509, 209, -1)]
    assert await audit.read(2) == [line(509), line(508)]
    await database.close()


async def test_a_site_reads_its_own_lines_alone() -> None:
    database = open_database(None, FakeClock())
    audit = AuditTable(database.writer)
    await audit.write([line(1), line(2, "acme"), line(3, ""), line(4, "acme")])
    assert await audit.read(10, "acme") == [line(4, "acme"), line(2, "acme")]
    assert len(await audit.read(10)) == 4
    await database.close()
