"""The file by which commands prove that they may administer the service that runs.

The service makes it anew at each start. Only who may read its store may read this, and the
token in it is worth nothing once the process has ended.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tracker.settings import Store

TOKEN_BYTES = 32
MAX_FILE_BYTES = 4_096


class OperatorFile(NamedTuple):
    token: str
    """Sent as ``Authorization: Bearer``, from this machine only."""
    url: str
    """Where the service listens, like ``http://127.0.0.1:3000``; empty when it did not say."""


def path_of(store: Store) -> Path | None:
    """Return where the file of this store lies; ``None`` when nothing is kept on disk."""
    return None if store.in_memory else store.path.with_suffix(".operator")


def make(path: Path, url: str = "") -> str:
    """Write a new file for its owner alone (0600), in place of any other, and return its token.

    Raises ``OSError`` when it cannot be written.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{token}\n{url}\n")
    new.replace(path)
    return token


def read(path: Path) -> OperatorFile | None:
    """Return what the service wrote; ``None`` when there is no such file.

    Raises ``OSError`` when it may not be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(MAX_FILE_BYTES).split("\n")
    except FileNotFoundError:
        return None
    return OperatorFile(lines[0].strip(), lines[1].strip() if len(lines) > 1 else "")


def remove(path: Path) -> None:
    """Take the file away at the end; one that is left behind does no harm."""
    with suppress(OSError):
        path.unlink()
