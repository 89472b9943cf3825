"""Hashing of passwords: Argon2id, two at a time at the most, never on the event loop."""

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from tracker.access.password_rules import MAX_CHARACTERS, faults_of, normal

CONCURRENT = 2
MAX_WAITING = 32
"""At about 40 ms each, those that come in last wait under a second."""

T = TypeVar("T")


class Cost(NamedTuple):
    """What one hash takes: OWASP's smallest for Argon2id."""

    memory_kib: int = 19 * 1024
    rounds: int = 2
    lanes: int = 1


DEFAULT_COST = Cost()


class PasswordsBusy(Exception):
    """Too many wait for a hash already; nothing was computed."""

    retry_after_s = 1


class PasswordRefused(ValueError):
    """Not a password to have; ``faults`` say why, without the password."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(f"the password {fault}" for fault in faults))
        self.faults = faults


class Checked(NamedTuple):
    is_right: bool
    renewed: str | None = None
    """A hash to keep instead, when the one that was kept is of older parameters."""


class Passwords:
    """Makes and checks hashes, ``CONCURRENT`` at a time; at most ``max_waiting`` wait for their turn.

    All methods raise ``PasswordsBusy`` when more would have to wait.
    """

    def __init__(self, cost: Cost = DEFAULT_COST, max_waiting: int = MAX_WAITING) -> None:
        self._hasher = PasswordHasher(cost.rounds, cost.memory_kib, cost.lanes)
        self._nobodys = _hash_of_nothing(cost)
        self._threads = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="passwords")
        self._counting = Lock()
        self._max_waiting = max_waiting
        self.underway = 0
        """Those being computed and those that wait."""
        self.computed = 0
        """Hashes so far."""
        self.refused_busy = 0

    async def hash(self, password: str, email: str) -> str:
        """Return the hash of a new password for ``email``.

        Raises:
            PasswordRefused: too short, too long or too common.
        """
        return await self._in_thread(lambda: self._hash_new(password, email))

    async def check(self, kept: str | None, password: str) -> Checked:
        """Tell whether ``password`` is the one that ``kept`` was made of.

        ``None`` for somebody unknown, or who has none: it is computed all the same, so that
        the time does not tell. A wrong one takes one hash; a right one of older parameters
        takes two.
        """
        return await self._in_thread(lambda: self._check(kept, password))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hash_new(self, password: str, email: str) -> str:
        faults = faults_of(password, email)
        if faults:
            raise PasswordRefused(faults)
        return self._hash(password)

    def _check(self, kept: str | None, password: str) -> Checked:
        if len(password) > MAX_CHARACTERS:
            kept, password = None, ""
        if not self._verify(kept or self._nobodys, password) or kept is None:
            return Checked(False)
        return Checked(True, self._hash(password) if self._hasher.check_needs_rehash(kept) else None)

    def _hash(self, password: str) -> str:
        self._count()
        return self._hasher.hash(_bytes_of(password))

    def _verify(self, kept: str, password: str) -> bool:
        self._count()
        try:
            return self._hasher.verify(kept, _bytes_of(password))
        except (Argon2Error, InvalidHashError):
            return False

    def _count(self) -> None:
        with self._counting:
            self.computed += 1

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self.underway >= CONCURRENT + self._max_waiting:
            self.refused_busy += 1
            raise PasswordsBusy
        self.underway += 1
        future = self._threads.submit(work)
        # Who hangs up gives his place back only when the thread is done with it.
        future.add_done_callback(partial(self._done, asyncio.get_running_loop()))
        return await asyncio.wrap_future(future)

    def _done(self, loop: asyncio.AbstractEventLoop, future: Future[T]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody counts any more
            loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self.underway -= 1


def _bytes_of(password: str) -> bytes:
    return normal(password).encode(errors="surrogatepass")


def _hash_of_nothing(cost: Cost) -> str:
    """Return a hash that no password has, as expensive to check as a real one."""
    salt, digest = (b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.rounds},p={cost.lanes}${salt}${digest}"
