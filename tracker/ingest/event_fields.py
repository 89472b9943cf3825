"""What a sender may write: the fields of an event, their limits, and the three dialects.

The API description and the docs are made from it. Fields that are not named here are ignored, so
nobody sets a site, a time of receipt or an identity from outside.
"""

from typing import NamedTuple

from tracker.ingest import metadata

MAX_EVENTS = 1_000
"""Of one request."""
MAX_NAME = 100
MAX_ID = 200
MAX_PAGE = 2000
MAX_SHORT_TEXT = 100
MAX_COUNTRY = 64
MAX_IP = 64


class Field(NamedTuple):
    """One field of an event, as docs and the API description tell of it."""

    name: str
    kind: str
    """``name``, ``identifier``, ``text``, ``time`` or ``object``."""
    limit: int | None
    """Characters at the most (bytes as JSON for ``object``): longer text is cut, all else refused."""
    description: str
    in_metadata: bool = False
    """Whether ``metadata`` may hold it too; the top level comes first."""


class Dialect(NamedTuple):
    """A way of writing events, told from the others by ``key``."""

    key: str
    required: tuple[str, ...]
    page_key: str
    """The field that names the page."""
    synonyms: dict[str, str]
    """Event types of this dialect that are known under another name here."""


_NAME_TEXT = "what happened: pageview, click, session_end, leave, keep_alive, or a name of your own"

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("type", "name", MAX_NAME, _NAME_TEXT),
        Field("eventType", "name", MAX_NAME, _NAME_TEXT),
        Field("event", "name", MAX_NAME, _NAME_TEXT + "; visit and page_view are pageview"),
        Field(
            "sessionId",
            "identifier",
            MAX_ID,
            "one visit; without it userId, else a daily hash of the visitor",
        ),
        Field("userId", "identifier", MAX_ID, "your own name for the user"),
        Field("id", "identifier", MAX_ID, "makes sending it again harmless"),
        Field("timestamp", "time", None, "ISO 8601 or milliseconds since 1970; without it the receipt"),
        Field("page", "text", MAX_PAGE, "page of the site, as it shall be shown", in_metadata=True),
        Field("url", "text", MAX_PAGE, "address of the page; its path is kept, without query and fragment"),
        Field("country", "text", MAX_COUNTRY, "ISO 3166 code of two letters, or a name", in_metadata=True),
        Field("ip", "text", MAX_IP, "address of the visitor; without it that of the sender"),
        Field(
            "device", "text", MAX_SHORT_TEXT, "desktop, mobile, tablet, or your own word", in_metadata=True
        ),
        Field("browser", "text", MAX_SHORT_TEXT, "name of the browser", in_metadata=True),
        Field("os", "text", MAX_SHORT_TEXT, "name of the operating system", in_metadata=True),
        Field("referrer", "text", MAX_PAGE, "where the visitor came from", in_metadata=True),
        Field("metadata", "object", metadata.MAX_BYTES, "anything else that shall be kept with the event"),
    )
}

DIALECTS: dict[str, Dialect] = {
    dialect.key: dialect
    for dialect in (
        Dialect("type", ("type", "sessionId"), "page", {}),
        Dialect("eventType", ("eventType", "userId"), "page", {}),
        Dialect("event", ("event",), "url", {"visit": "pageview", "page_view": "pageview"}),
    )
}

SNAKE_NAMES: dict[str, str] = {"eventType": "event_type", "sessionId": "session_id", "userId": "user_id"}
