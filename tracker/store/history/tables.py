"""The tables of the history, as steps from one version of the file to the next.

A step that has been released is never changed: a new one is added. ``version``
holds how many steps a file has been through. Times are milliseconds since 1970.
No table has a primary key: its index would live in memory, 2.2 GB for 10 M events.
"""

from tracker.store.errors import StoreError
from tracker.store.history.engine import DuckDBPyConnection

Step = tuple[str, ...]

FIRST: Step = (
    # BIGINT and not TIMESTAMP_MS: grouping by hour took 22 ms instead of 70 for 2.3 M events.
    # ``arrival`` is the order of receipt. ``session_key`` is 63 bits of the session id's MD5:
    # distinct sessions count twice as fast as by the text, for 8.7 bytes an event.
    # Ids of our own making (32 hexadecimal digits) go into ``id``, 10.9 bytes instead of 18.4.
    "CREATE TABLE events (site VARCHAR NOT NULL, time BIGINT NOT NULL, arrival BIGINT NOT NULL,"
    " received BIGINT NOT NULL, type VARCHAR NOT NULL, session_id VARCHAR NOT NULL,"
    " session_key BIGINT NOT NULL, user_id VARCHAR, page VARCHAR, country VARCHAR, device VARCHAR,"
    " browser VARCHAR, os VARCHAR, referrer VARCHAR, ip VARCHAR NOT NULL, id UUID, client_id VARCHAR,"
    " metadata VARCHAR, adjusted BOOLEAN NOT NULL)",
    "CREATE TABLE sessions (site VARCHAR NOT NULL, session_id VARCHAR NOT NULL,"
    " session_key BIGINT NOT NULL, source VARCHAR NOT NULL, ip VARCHAR NOT NULL,"
    " opened BIGINT NOT NULL, ended BIGINT NOT NULL, reason VARCHAR NOT NULL, pages INTEGER NOT NULL,"
    " events INTEGER NOT NULL, user_id VARCHAR, country VARCHAR, device VARCHAR, browser VARCHAR,"
    " os VARCHAR, referrer VARCHAR, company_guid VARCHAR, company_name VARCHAR, company_domain VARCHAR,"
    " contact_guid VARCHAR, contact_name VARCHAR, contact_title VARCHAR, emails VARCHAR, phones VARCHAR)",
    # Those of data centres: their events are kept but count in no figure.
    "CREATE TABLE hidden_sessions (site VARCHAR NOT NULL, session_key BIGINT NOT NULL)",
    "CREATE TABLE rejects (site VARCHAR NOT NULL, time BIGINT NOT NULL, source VARCHAR NOT NULL,"
    " reason VARCHAR NOT NULL, excerpt VARCHAR NOT NULL)",
    "CREATE TABLE gaps (site VARCHAR NOT NULL, started BIGINT NOT NULL, ended BIGINT NOT NULL)",
    # What of the journal is in the tables above. ``arrivals`` is what the numbers of earlier
    # journals came to: numbers of a new journal count from 1 again.
    "CREATE TABLE applied (stream VARCHAR NOT NULL, generation VARCHAR NOT NULL, seq BIGINT NOT NULL,"
    " arrivals BIGINT NOT NULL)",
    "INSERT INTO applied VALUES ('events', '', 0, 0), ('outbox', '', 0, 0)",
)

# 16 bits of the user id's MD5, 0 for none: one user among 10 M events is found in a quarter of the
# time, for 2 bytes an event. Without NULLs, which cost more to read than the numbers themselves.
USER_MARK: Step = (
    "ALTER TABLE events ADD COLUMN user_mark USMALLINT",
    "ALTER TABLE events ALTER COLUMN user_mark TYPE USMALLINT"
    " USING coalesce(md5_number_lower(user_id) & 65535, 0)::USMALLINT",
)

STEPS: tuple[Step, ...] = (FIRST, USER_MARK)

TABLES = ("events", "sessions", "hidden_sessions", "rejects", "gaps", "applied")


class UnknownVersion(StoreError):
    """The file is of a version that this program does not know."""

    def __init__(self, found: int) -> None:
        super().__init__(f"schema {found}")
        self.found = found


def version_of(cursor: DuckDBPyConnection) -> int:
    """Return how many steps the file has been through; -1 when it is no history at all."""
    found = cursor.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    names = {name for (name,) in found}
    if "version" not in names:
        return -1 if names else 0
    row = cursor.execute("SELECT max(number) FROM version").fetchone()
    return int(row[0]) if row and row[0] is not None else -1


def migrate(cursor: DuckDBPyConnection, steps: tuple[Step, ...] = STEPS) -> None:
    """Take the file through the steps that it lacks, each in a transaction of its own.

    Raises:
        UnknownVersion: a newer program wrote it, or it is no history.
    """
    found = version_of(cursor)
    if not 0 <= found <= len(steps):
        raise UnknownVersion(found)
    for number in range(found, len(steps)):
        cursor.execute("BEGIN")
        try:
            for statement in steps[number]:
                cursor.execute(statement)
            cursor.execute("CREATE TABLE IF NOT EXISTS version (number INTEGER NOT NULL)")
            cursor.execute("DELETE FROM version")
            cursor.execute("INSERT INTO version VALUES (?)", [number + 1])
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
    if found < len(steps):
        # What a step computes cannot be read back from the log: the functions are loaded after that.
        cursor.execute("CHECKPOINT")
