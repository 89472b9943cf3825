"""Why something that arrived had no effect. Every drop has one of these and a counter."""

from enum import StrEnum


class Drop(StrEnum):
    LATE_FRAME = "late"
    """An upstream frame for a session that is closed."""
    ORPHAN_CLOSE = "orphan_close"
    """A close for a session that is not live."""
    ORPHAN_SIGNAL = "orphan_signal"
    """``keep_alive``, ``leave`` or ``session_end`` for a session that is not live."""
    EVICTED = "evicted"
    """A live session that had to go because the table was full."""
    HELD_EVENT = "held_event"
    """An event that left the feed of a waiting session because too many waited."""
