"""Access control on a real store, for the tests of this room."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.clock import FakeClock
from tracker.access.control import AccessControl
from tracker.access.passwords import Cost, Passwords
from tracker.access.principal import Mode
from tracker.core.accounts import Role
from tracker.settings import Auth, Limits
from tracker.store.accounts import AccountTables
from tracker.store.audit import AuditTable
from tracker.store.database import Database, open_database

CHEAP = Cost(memory_kib=8, rounds=1, lanes=1)
PASSWORD = "correct horse battery"
ADDRESS = "198.51.100.7"
NO_LIMITS = Limits(ingest_per_second=0, login_per_minute=0, exports_per_minute=0)


class Random:
    """Bytes that differ from call to call and are the same in every run."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, size: int) -> bytes:
        self._calls += 1
        return hashlib.shake_256(f"call {self._calls}".encode()).digest(size)


class Opened:
    def __init__(self, database: Database, clock: FakeClock, access: AccessControl) -> None:
        self.database = database
        self.clock = clock
        self.access = access
        self.audit = AuditTable(database.writer)

    async def add_user(self, email: str, password: str = PASSWORD, **roles: str) -> None:
        hashed = await self.access.passwords.hash(password, email)
        named = {site: Role(role) for site, role in roles.items()}
        await self.access.users.add(email, hashed, named, self.access.book.sites)

    async def audited(self) -> list[str]:
        await self.access.audit.flush()
        return [line.action for line in reversed(await self.audit.read(100))]


@asynccontextmanager
async def open_access(
    path: Path | None = None,
    mode: Mode = Mode.REQUIRED,
    limits: Limits = NO_LIMITS,
    clock: FakeClock | None = None,
    cost: Cost = CHEAP,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Opened]:
    clock = clock or FakeClock()
    database = open_database(path, clock)
    tables, audit = AccountTables(database.writer), AuditTable(database.writer)
    access = AccessControl(tables, audit, clock, mode, Auth(), limits, Passwords(cost), sleep=sleep)
    try:
        await access.load()
        yield Opened(database, clock, access)
        await access.close()
    finally:
        access.passwords.close()
        await database.close()


WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


async def stop_writing(database: Database, stopped: bool = True) -> None:
    """Let every write fail from now on, or no longer."""

    def judge(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action in WRITES else sqlite3.SQLITE_OK

    await database.writer.run(lambda connection: connection.set_authorizer(judge if stopped else None))
