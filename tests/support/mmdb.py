"""Small files in the format of MaxMind DB."""

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # used here alone


def write_mmdb(path: Path, entries: dict[str, dict[str, Any]]) -> str:
    """Write ``entries`` (by network, like ``185.242.0.0/16``) and return the path as text."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test")
    for network, entry in entries.items():
        writer.insert_network(IPSet([network]), entry)
    writer.to_db_file(str(path))
    return str(path)
