"""Copy a store, while the service runs or while it does not: ``backup.py DATA_FOLDER NEW_FOLDER``.

A service that runs is held (SIGSTOP) until its files are copied, and goes on (SIGCONT). So
the copy is what a crash at that moment would have left, and from that every start recovers.
Needs Python 3.11 and nothing else. Linux only while the service runs: elsewhere stop it first.
"""

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

JOURNAL = ".journal"
PARTS = (JOURNAL, f"{JOURNAL}-wal", ".duckdb", ".duckdb.wal")
HELD_WITHIN_S = 20.0
LOOK_EVERY_S = 0.005


class BackupFailed(Exception):
    """Nothing was copied, or not all of it; the text says why and what to do."""


class Copied(NamedTuple):
    files: int
    size_bytes: int
    held_s: float
    """For how long the service stood still; 0 when it was not running."""


def back_up(data: Path, target: Path) -> Copied:
    """Copy the store in ``data`` into ``target``, a folder that is made for it.

    Raises:
        BackupFailed: there is no store, ``target`` is there, or the service cannot be held.
    """
    journals = sorted(data.glob(f"*{JOURNAL}"))
    if len(journals) != 1:
        raise BackupFailed(f"{data} holds {len(journals)} stores (*{JOURNAL}); name the folder of one")
    base = journals[0].with_suffix("")
    try:
        target.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise BackupFailed(f"{target} is there already; name a new folder") from None
    try:
        with _still(Path(f"{base}{JOURNAL}.lock")) as was_running:
            started_s = time.perf_counter()
            files = [file for part in PARTS if (file := Path(f"{base}{part}")).exists()]
            copies = [Path(shutil.copy2(file, target)) for file in files]
            held_s = time.perf_counter() - started_s if was_running else 0.0
        for copy in copies:
            _flush(copy)
    except BaseException:
        shutil.rmtree(target)
        raise
    return Copied(len(copies), sum(copy.stat().st_size for copy in copies), held_s)


@contextmanager
def _still(lock: Path) -> Iterator[bool]:
    """While inside, nothing writes to the store. Gives whether a service is running."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            with _held(_owner(file.read(32).strip(), lock)):
                yield True
        else:
            yield False


def _owner(text: str, lock: Path) -> int:
    """Return the process that has ``lock`` open: holding any other would be an accident."""
    try:
        pid = int(text)
        if any(os.path.samefile(opened, lock) for opened in Path(f"/proc/{pid}/fd").iterdir()):
            return pid
    except (ValueError, OSError):
        pass
    raise BackupFailed(
        f"{lock} is held by a process that is not to be seen from here: run this as its user or as root, "
        "and inside its container if it has one; or stop the service"
    )


@contextmanager
def _held(pid: int) -> Iterator[None]:
    # Whatever ends this program must not leave the service standing still.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        os.kill(pid, signal.SIGSTOP)
    except OSError as error:
        raise BackupFailed(f"process {pid} cannot be held: {error.strerror}") from error
    try:
        # A thread in the middle of a write stops after it.
        for _ in range(round(HELD_WITHIN_S / LOOK_EVERY_S)):
            if all(state == "T" for state in _thread_states(pid)):
                break
            time.sleep(LOOK_EVERY_S)
        else:
            raise BackupFailed(f"process {pid} did not stand still within {HELD_WITHIN_S:.0f} s")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _thread_states(pid: int) -> Iterator[str]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        # The name before the state may hold anything, so count from its end.
        yield (thread / "stat").read_text().rpartition(")")[2].split()[0]


def _flush(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write("usage: backup.py DATA_FOLDER NEW_FOLDER\n")
        return 2
    try:
        copied = back_up(Path(arguments[0]), Path(arguments[1]))
    except (BackupFailed, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    held = f"stood still for {copied.held_s:.2f} s" if copied.held_s else "was not running"
    sys.stdout.write(f"{copied.files} files, {copied.size_bytes:,} bytes; the service {held}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
