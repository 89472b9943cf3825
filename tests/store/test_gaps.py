from pathlib import Path

from tests.support.clock import FakeClock
from tracker.store.database import open_database
from tracker.store.gaps import Gap, Gaps


async def test_F2a_gaps_are_kept_by_site_and_bounded(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    gaps = Gaps(database.writer, limit=3)
    for n in range(5):
        await gaps.add("default", n * 10.0, n * 10.0 + 5.0)
    assert await gaps.between("default", 0.0, 100.0) == [
        Gap("default", n * 10.0, n * 10.0 + 5.0) for n in (2, 3, 4)
    ]
    assert await gaps.between("default", 26.0, 32.0) == [Gap("default", 30.0, 35.0)]
    assert await gaps.between("default", 22.0, 23.0) == [Gap("default", 20.0, 25.0)]
    assert await gaps.between("other", 0.0, 100.0) == []
    await database.close()
