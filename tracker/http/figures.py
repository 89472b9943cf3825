"""The figures that every answer of the door carries, encoded once for all answers between two changes."""

from collections.abc import Callable

import msgspec

from tracker.core.statistics import Statistics
from tracker.live import rows
from tracker.live.encoding import Naming, encode


class EncodedStatistics:
    """A site's statistics as JSON.

    Events that were committed together are answered together, so most answers find
    them encoded. What is kept is forgotten with the next change: a text for each
    site and naming that was asked for since.
    """

    def __init__(self, statistics: Callable[[str], Statistics], version: Callable[[], int]) -> None:
        """``version`` gives another number whenever ``statistics`` may give something else."""
        self._statistics = statistics
        self._version = version
        self._known: dict[tuple[str, Naming], msgspec.Raw] = {}
        self._known_version = -1

    def of(self, site: str, naming: Naming) -> msgspec.Raw:
        version = self._version()
        if version != self._known_version:
            self._known.clear()
            self._known_version = version
        found = self._known.get((site, naming))
        if found is None:
            found = msgspec.Raw(encode(rows.statistics(self._statistics(site)), naming))
            self._known[site, naming] = found
        return found
