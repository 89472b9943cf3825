"""How many files and sockets this process may have open, and how many of them dashboards may take."""

import logging
import resource
from typing import NamedTuple, Protocol

log = logging.getLogger(__name__)

WANTED = 65_536
FEW = 4_096
RESERVED_SHARE = 0.1
RESERVED_LEAST = 64
"""Kept from dashboards, for requests, the store's files and lookups: the larger of the two."""


class Limit(NamedTuple):
    soft: int
    hard: int


class Limits(Protocol):
    """What the operating system is asked; a test gives its own."""

    def get(self) -> Limit: ...

    def set(self, limit: Limit) -> None: ...


class ProcessLimits:
    """The limits of this process (``RLIMIT_NOFILE``, shown by ``ulimit -n``)."""

    def get(self) -> Limit:
        return Limit(*resource.getrlimit(resource.RLIMIT_NOFILE))

    def set(self, limit: Limit) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def raise_limit(limits: Limits | None = None) -> int:
    """Raise the soft limit to the hard one, 65,536 at most, and return what holds.

    Warns where it cannot be raised, and where it is little (below 4,096).
    """
    limits = limits or ProcessLimits()
    soft, hard = limits.get()
    # Where there is no limit the number is -1 on some systems and huge on others.
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft == resource.RLIM_INFINITY:
        return soft
    if soft < wanted:
        try:
            limits.set(Limit(wanted, hard))
            soft = wanted
        except (OSError, ValueError) as error:
            log.warning("cannot raise the limit of open files from %d to %d: %s", soft, wanted, error)
    if soft < FEW:
        log.warning(
            "only %d files may be open (ulimit -n): at most %d dashboards", soft, room_for_dashboards(soft)
        )
    return soft


def room_for_dashboards(limit: int | None = None) -> int:
    """Return how many dashboards a limit of open files has room for; without one, that of this process."""
    if limit is None:
        limit = ProcessLimits().get().soft
    if limit == resource.RLIM_INFINITY:
        limit = WANTED
    return max(1, limit - max(RESERVED_LEAST, int(limit * RESERVED_SHARE)))
