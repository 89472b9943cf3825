"""Messages for who may see the company of a visitor, but not the person."""

from typing import TypeVar

from msgspec.structs import replace

from tracker.live.messages import DetailedStats, Wire

W = TypeVar("W", bound=Wire)


def without_contacts(shown: W) -> W:
    """Return ``shown`` with no contact in it: whoever has a field ``contact`` gets ``None`` there."""
    if isinstance(shown, DetailedStats):
        return replace(shown, sessions=[without_contacts(row) for row in shown.sessions])
    if "contact" in shown.__struct_fields__:
        return replace(shown, contact=None)
    return shown
