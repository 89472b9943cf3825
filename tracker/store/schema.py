"""The tables of the journal's file, as steps from one version of it to the next.

A step that has been released is never changed: a new one is added. The version
is SQLite's ``user_version``: how many steps a file has been through.
"""

import sqlite3

Step = tuple[str, ...]

FIRST: Step = (
    # Two journals that follow each other count from 1 each: readers that remember a
    # sequence number remember the generation with it.
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('generation', lower(hex(randomblob(16))))",
    # Ids outlive the bodies by a day, so they stand apart and bodies can go early.
    "CREATE TABLE ids (seq INTEGER PRIMARY KEY, site TEXT NOT NULL, id TEXT NOT NULL,"
    " digest BLOB NOT NULL, received_at REAL NOT NULL)",
    "CREATE UNIQUE INDEX ids_of_site ON ids (site, id)",
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1),"
    " applied_seq INTEGER NOT NULL, written_at REAL NOT NULL)",
    "CREATE TABLE live_sessions (site TEXT NOT NULL, id TEXT NOT NULL, ended_at REAL,"
    " body BLOB NOT NULL, PRIMARY KEY (site, id))",
    "CREATE INDEX live_sessions_ended ON live_sessions (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE TABLE live_figures (site TEXT PRIMARY KEY, body BLOB NOT NULL)",
    # Ordered by position: the live counter forgets the oldest pages first.
    "CREATE TABLE live_pages (position INTEGER PRIMARY KEY, site TEXT NOT NULL, page TEXT NOT NULL,"
    " visits INTEGER NOT NULL, UNIQUE (site, page))",
    "CREATE TABLE identities (address TEXT PRIMARY KEY, fetched_at REAL NOT NULL, body BLOB NOT NULL)",
    "CREATE INDEX identities_by_age ON identities (fetched_at)",
    "CREATE TABLE spend (only INTEGER PRIMARY KEY CHECK (only = 1), day TEXT NOT NULL,"
    " calls INTEGER NOT NULL)",
    "CREATE TABLE feed_gaps (number INTEGER PRIMARY KEY, site TEXT NOT NULL,"
    " started_at REAL NOT NULL, ended_at REAL NOT NULL)",
)

OUTBOX: Step = (
    # What the history has yet to be told beside events. Numbers never come again.
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
)

TIMES: Step = (
    # What a sign of life moves. ``number`` is 64 bits of a hash of site and id: half the work of the
    # texts. A row here is always younger than the body of its session.
    "CREATE TABLE live_times (number INTEGER PRIMARY KEY, last_activity_at REAL NOT NULL,"
    " last_receipt_at REAL NOT NULL, last_minute INTEGER NOT NULL, counted_minutes INTEGER NOT NULL)",
)

ACCOUNTS: Step = (
    # A removed site's row stays: its id must not be given to somebody else, who would see its history.
    "CREATE TABLE sites (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at REAL NOT NULL,"
    " removed_at REAL) WITHOUT ROWID",
    "INSERT INTO sites VALUES ('default', 'default', CAST(strftime('%s', 'now') AS REAL), NULL)",
    "CREATE TABLE keys (id TEXT PRIMARY KEY, site TEXT NOT NULL REFERENCES sites (id), name TEXT NOT NULL,"
    " scopes TEXT NOT NULL, digest BLOB NOT NULL, origins TEXT NOT NULL, created_at REAL NOT NULL,"
    " last_used_at REAL, revoked_at REAL) WITHOUT ROWID",
    "CREATE TABLE users (email TEXT PRIMARY KEY, password TEXT NOT NULL, created_at REAL NOT NULL,"
    " changed_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE roles (email TEXT NOT NULL REFERENCES users (email) ON DELETE CASCADE, site TEXT NOT NULL,"
    " role TEXT NOT NULL, PRIMARY KEY (email, site)) WITHOUT ROWID",
    "CREATE TABLE logins (digest BLOB PRIMARY KEY, email TEXT NOT NULL REFERENCES users (email)"
    " ON DELETE CASCADE, created_at REAL NOT NULL, used_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX logins_of_user ON logins (email)",
    "CREATE TABLE setup (only INTEGER PRIMARY KEY CHECK (only = 1), digest BLOB NOT NULL,"
    " expires_at REAL NOT NULL)",
    "CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, action TEXT NOT NULL,"
    " actor TEXT NOT NULL, site TEXT NOT NULL, address TEXT NOT NULL, detail TEXT NOT NULL)",
)

WEBHOOKS: Step = (
    # The secret has to sign, so it is kept as it is: the file is its owner's alone.
    "CREATE TABLE webhooks (id TEXT PRIMARY KEY, site TEXT NOT NULL, url TEXT NOT NULL, events TEXT NOT NULL,"
    " secret TEXT NOT NULL, created_at REAL NOT NULL, disabled_at REAL) WITHOUT ROWID",
    # at_replay: since when it waits again.
    "CREATE TABLE deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL"
    " REFERENCES webhooks (id) ON DELETE CASCADE, id TEXT NOT NULL, site TEXT NOT NULL, type TEXT NOT NULL,"
    " at REAL NOT NULL, session_id TEXT, body TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'pending',"
    " tries INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, at_replay REAL, settled_at REAL,"
    " status INTEGER, reason TEXT NOT NULL DEFAULT '', UNIQUE (webhook, id))",
    "CREATE INDEX deliveries_due ON deliveries (webhook, due_at) WHERE state = 'pending'",
    "CREATE INDEX deliveries_of_site ON deliveries (site, state)",
    "CREATE INDEX deliveries_of_webhook ON deliveries (webhook, number)",
    "CREATE TABLE watches (id TEXT PRIMARY KEY, site TEXT NOT NULL, kind TEXT NOT NULL,"
    " pattern TEXT NOT NULL, created_at REAL NOT NULL) WITHOUT ROWID",
)

OF_REMOVED_SITES: Step = tuple(
    # Sites that were removed before this step left theirs behind.
    f"DELETE FROM {table} WHERE site IN (SELECT id FROM sites WHERE removed_at IS NOT NULL)"
    for table in ("webhooks", "watches")
)

STEPS: tuple[Step, ...] = (FIRST, OUTBOX, TIMES, ACCOUNTS, WEBHOOKS, OF_REMOVED_SITES)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, steps: tuple[Step, ...] = STEPS) -> None:
    """Take the file through the steps that it lacks, each in a transaction of its own."""
    for number in range(version_of(connection), len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in steps[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
