"""The short way for what nearly all senders write: events of plain texts, read straight into their fields.

Whatever is out of the ordinary takes the way of ``strict_json`` and ``parse_one``, which alone say what is
wrong. Both ways give the same events; the short one takes half the time.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.core.inputs import SiteEvent
from tracker.ingest import metadata, timestamps
from tracker.ingest.event_fields import (
    MAX_COUNTRY,
    MAX_EVENTS,
    MAX_ID,
    MAX_IP,
    MAX_NAME,
    MAX_PAGE,
    MAX_SHORT_TEXT,
)
from tracker.ingest.events import EventContext, FieldError, Sender, made, parse_one
from tracker.ingest.metadata import MAX_KEY, PLAIN_VALUES

_Identifier = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
_Text = Annotated[str, Meta(min_length=1, max_length=MAX_SHORT_TEXT)]
_Page = Annotated[str, Meta(min_length=1, max_length=MAX_PAGE)]
_Key = Annotated[str, Meta(min_length=1, max_length=MAX_KEY)]
_Metadata = Annotated[dict[_Key, Annotated[str, Meta(max_length=MAX_KEY)]], Meta(max_length=PLAIN_VALUES)]


class PlainEvent(msgspec.Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """An event that names its type by ``type``, as it came. Texts only: see :func:`read`."""

    type: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    session_id: _Identifier
    page: _Page | None = None
    country: Annotated[str, Meta(min_length=1, max_length=MAX_COUNTRY)] | None = None
    metadata: _Metadata | None = None
    user_id: _Identifier | None = None
    id: _Identifier | None = None
    timestamp: str | None = None
    ip: Annotated[str, Meta(min_length=1, max_length=MAX_IP)] | None = None
    referrer: _Page | None = None
    device: _Text | None = None
    browser: _Text | None = None
    os: _Text | None = None


_Events = list[PlainEvent] | PlainEvent

_READ: Callable[[bytes], _Events] = msgspec.json.Decoder(
    Annotated[list[PlainEvent], Meta(min_length=1, max_length=MAX_EVENTS)] | PlainEvent
).decode
_WRITE = msgspec.json.Encoder().encode


def read(document: bytes) -> _Events | None:
    """Return the events of ``document`` when it holds nothing but plain ones, else ``None``.

    Without a backslash a text is as long when it is written again, and there are only texts. So when
    all of it is as long as before (but for a space after commas and colons), no key came twice, and
    nothing stands there that another reader might see.
    """
    if b"\\" in document:
        return None
    try:
        events = _READ(document)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    written = _WRITE(events)
    if len(written) == len(document) or len(_narrow(written)) == len(_narrow(document)):
        return events
    return None


def parse(raw: object, context: EventContext) -> SiteEvent | list[FieldError]:
    """As ``parse_one``, also for what :func:`read` returned."""
    if type(raw) is not PlainEvent:
        return parse_one(raw, context)
    return _event(raw, context) or parse_one(msgspec.to_builtins(raw), context)


def _narrow(document: bytes) -> bytes:
    return document.replace(b", ", b",").replace(b": ", b":")


def _event(plain: PlainEvent, context: EventContext) -> SiteEvent | None:
    """Return the event; ``None`` when a field has to be repaired, refused or thought about."""
    for identifier in (plain.type, plain.session_id, plain.user_id, plain.id):
        if identifier is not None and not _is_plain_identifier(identifier):
            return None
    given = plain.metadata
    if given is None:
        given = {}
    elif not metadata.is_plain(given):
        return None
    page = plain.page or given.get("page")
    referrer = plain.referrer or given.get("referrer")
    country = plain.country or given.get("country")
    device = plain.device or given.get("device")
    browser = plain.browser or given.get("browser")
    os = plain.os or given.get("os")
    for text in (page, referrer):
        if text is not None and not _is_plain_text(text, MAX_PAGE):
            return None
    for text in (country, device, browser, os):
        if text is not None and not _is_plain_text(text, MAX_COUNTRY):
            return None
    occurred_at, is_adjusted = context.now.unix_s, False
    if plain.timestamp is not None:
        try:
            occurred_at, is_adjusted = timestamps.history_time(timestamps.parse(plain.timestamp), occurred_at)
        except ValueError:
            return None
    return made(
        context,
        plain.id,
        plain.type,
        plain.session_id,
        plain.user_id,
        occurred_at,
        is_adjusted,
        page,
        (country, device, browser, os, referrer),
        context.sender if plain.ip is None else Sender.at(plain.ip),
        given,
    )


def _is_plain_identifier(text: str) -> bool:
    return text.isascii() and text.isprintable() and text[0] != " " and text[-1] != " "


def _is_plain_text(text: str, limit: int) -> bool:
    """Nothing in it is to be cleaned, cut or stripped; an empty one means something else for each field."""
    return 0 < len(text) <= limit and text.isprintable() and text[0] != " " and text[-1] != " "
