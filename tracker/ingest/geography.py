"""The country of an address, from a file that the operator has: any in the format of MaxMind DB."""

from functools import lru_cache
from typing import Any

import maxminddb

CACHE_SIZE = 2**16
"""Addresses whose country is remembered (about 12 MB when full; the least recently used one goes)."""


class UnusableFile(Exception):
    """The file cannot be read, or is of another format."""


class Countries:
    """Knows two layouts: ``{"country": {"iso_code": "DE"}}`` and ``{"country_code": "DE"}``.

    Raises:
        UnusableFile: at once, so that nobody finds out weeks later.
    """

    def __init__(self, path: str) -> None:
        try:
            self._reader = maxminddb.open_database(path)
        except (OSError, maxminddb.InvalidDatabaseError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            raise UnusableFile(reason or "it is no MaxMind DB file, or a damaged one") from error
        self.of = lru_cache(CACHE_SIZE)(self._look_up)

    def close(self) -> None:
        self._reader.close()

    def _look_up(self, address: str) -> str | None:
        """Return the ISO 3166 code for a canonical address, or ``None`` when it is not known."""
        try:
            entry = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            # An IPv6 address in a file of IPv4, or a part of the file that is damaged.
            return None
        return _code(entry)


def _code(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return None
    country = entry.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else entry.get("country_code")
    if not isinstance(code, str) or len(code) != 2 or not (code.isascii() and code.isalpha()):
        return None
    return code.upper()
