"""One random secret of this installation, made at the first start."""

import os
import sqlite3

from tracker.store.writer import Writer

BYTES = 32


async def install_secret(writer: Writer) -> bytes:
    """Return the secret. Whoever has it could tell whose anonymous session id is whose.

    Raises:
        JournalUnavailable: it can be neither read nor made.
    """
    return await writer.run(_read_or_make)


def _read_or_make(connection: sqlite3.Connection) -> bytes:
    row = connection.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()
    if row is not None:
        return bytes.fromhex(row[0])
    secret = os.urandom(BYTES)
    connection.execute("INSERT INTO meta VALUES ('secret', ?)", (secret.hex(),))
    return secret
