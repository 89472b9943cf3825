"""How rows go in: all of a batch or nothing, with its number."""

import json
from collections.abc import Iterator

import duckdb
import pytest

from tracker.store.history import tables
from tracker.store.history.loading import SESSION_KEY, USER_MARK, Applied, Batch, apply, read_applied

BODY = {"now": 2.5, "site": "default", "id": "x", "type": "t", "session_id": "s", "occurred_at": 1.2345}


def batch(*bodies: object, first: int = 1) -> Batch:
    array = [{"seq": first + n, "body": body} for n, body in enumerate(bodies)]
    return Batch(json.dumps(array), first + len(bodies) - 1, len(bodies))


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        tables.migrate(connection)
        yield connection


def test_rows_and_number_go_together(cursor: duckdb.DuckDBPyConnection) -> None:
    before = read_applied(cursor, "events", "g1")
    assert before == Applied("g1", 0, 0)
    after = apply(cursor, "events", before, batch(BODY, {**BODY, "occurred_at": 1.0}))
    assert after == read_applied(cursor, "events", "g1") == Applied("g1", 2, 0)
    assert read_applied(cursor, "events", "g2") == Applied("g2", 0, 2)
    assert read_applied(cursor, "outbox", "g1") == Applied("g1", 0, 0)
    rows = cursor.execute("SELECT time, received, arrival, ip, metadata, adjusted FROM events").fetchall()
    assert rows == [(1235, 2500, 1, "", None, False), (1000, 2500, 2, "", None, False)]


@pytest.mark.parametrize(
    "bad",
    [
        Batch("no json", 9, 1),
        Batch('[{"seq":1,"body":{}}]', 9, 1),
        batch(BODY, {**BODY, "occurred_at": 1e300}),
    ],
)
def test_a_bad_batch_changes_nothing(cursor: duckdb.DuckDBPyConnection, bad: Batch) -> None:
    before = apply(cursor, "events", read_applied(cursor, "events", "g"), batch(BODY))
    with pytest.raises(duckdb.Error):
        apply(cursor, "events", before, bad)
    cursor.execute("ROLLBACK")
    assert read_applied(cursor, "events", "g") == before
    assert cursor.execute("SELECT count(*) FROM events").fetchall() == [(1,)]


def test_the_number_of_a_session_never_changes(cursor: duckdb.DuckDBPyConnection) -> None:
    """It is stored: another version of DuckDB must come to the same."""
    sql = SESSION_KEY.format("'s1'")
    assert cursor.execute(f"SELECT {sql}").fetchall() == [(KEY_OF_S1,)]


def test_the_mark_of_a_user_never_changes(cursor: duckdb.DuckDBPyConnection) -> None:
    sql = f"SELECT {USER_MARK.format('$user')}"
    assert cursor.execute(sql, {"user": "ann"}).fetchall() == [(MARK_OF_ANN,)]
    assert cursor.execute(sql, {"user": None}).fetchall() == [(0,)]


MARK_OF_ANN = 51452
KEY_OF_S1 = 3421436611506623202
