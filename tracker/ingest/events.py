"""One event of the HTTP door, in any of its three dialects -> ``SiteEvent``."""

import re
from collections.abc import Callable
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from tracker.core.clock import Now
from tracker.core.inputs import SiteEvent
from tracker.ingest import client_hints, metadata, timestamps
from tracker.ingest.addresses import canonical, lookup_address
from tracker.ingest.event_fields import (
    DIALECTS,
    MAX_COUNTRY,
    MAX_ID,
    MAX_IP,
    MAX_NAME,
    MAX_PAGE,
    MAX_SHORT_TEXT,
    SNAKE_NAMES,
    Dialect,
)
from tracker.ingest.texts import clean, identifier_problem

KNOWN_CLIENTS = 4_096


class FieldError(NamedTuple):
    """What is wrong with one field: its path (``metadata.device``) and a sentence without the input."""

    field: str
    message: str


class Sender(NamedTuple):
    """An address as it was given, as it is shown, and as it may be looked up."""

    ip: str
    shown_ip: str
    address: str | None

    @classmethod
    def at(cls, ip: str) -> "Sender":
        return cls(ip, clean(ip, MAX_IP), lookup_address(ip))


@lru_cache(KNOWN_CLIENTS)
def _client(ip: str) -> Sender:
    return Sender.at(ip[:MAX_IP])


class EventContext:
    """What a request knows beside its events: looked up once for all of them."""

    __slots__ = ("anonymous_id", "hints", "new_id", "now", "sender", "site", "user_agent")

    def __init__(
        self,
        now: Now,
        site: str,
        client_ip: str,
        user_agent: str,
        new_id: Callable[[float], str],
        anonymous_id: Callable[[str, str], str],
    ) -> None:
        """``new_id``: an id for an event without one, from the time of its receipt.
        ``anonymous_id``: session id for a visitor without one, from address and user agent.
        """
        self.now = now
        self.site = site
        self.sender = _client(client_ip)
        self.user_agent = user_agent
        self.hints = client_hints.describe(user_agent)
        self.new_id = new_id
        self.anonymous_id = anonymous_id

    def renew(self, now: Now) -> None:
        """Be the context of the next request from the same program at the same address."""
        self.now = now
        # The patterns are in files, and none may have been to open the last time.
        self.hints = client_hints.describe(self.user_agent)


_SNAKE = frozenset(SNAKE_NAMES.values())

_TEXTS = (
    ("country", MAX_COUNTRY),
    ("device", MAX_SHORT_TEXT),
    ("browser", MAX_SHORT_TEXT),
    ("os", MAX_SHORT_TEXT),
    ("referrer", MAX_PAGE),
)

_REQUIRED = "is required"
_EMPTY = "must not be empty"
_NO_TEXT = "must be a string"

_ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")


def parse_one(raw: object, context: EventContext) -> SiteEvent | list[FieldError]:
    """Return the event that ``raw`` (decoded JSON) means, or everything that is wrong with it.

    camelCase and snake_case are the same; ``null`` is the same as leaving out.
    Never raises, whatever ``raw`` is.
    """
    if not isinstance(raw, dict):
        return [FieldError("body", "must be a JSON object")]
    reading = _Reading(raw)
    dialect = reading.dialect()
    required = dialect.required if dialect else ()
    name = reading.name(dialect.key) if dialect else ""
    session_id = reading.identifier("sessionId", "sessionId" in required)
    user_id = reading.identifier("userId", "userId" in required)
    event_id = reading.identifier("id", required=False)
    occurred_at, adjusted = reading.time(context.now.unix_s)
    page = reading.page(dialect.page_key if dialect else "page")
    texts = reading.texts()
    sender = reading.sender(context.sender)
    if reading.errors or dialect is None:
        return reading.errors
    return made(
        context,
        event_id,
        dialect.synonyms.get(name, name),
        session_id,
        user_id,
        occurred_at,
        adjusted,
        page,
        texts,
        sender,
        reading.metadata,
    )


def made(
    context: EventContext,
    event_id: str | None,
    name: str,
    session_id: str | None,
    user_id: str | None,
    occurred_at: float,
    is_adjusted: bool,
    page: str | None,
    texts: tuple[str | None, ...],
    sender: Sender,
    given: dict[str, Any],
) -> SiteEvent:
    """Return the event with what its sender left out: its id, its session, what the user agent tells.

    ``texts`` in the order of ``_TEXTS``; all fields are checked and clean, ``given`` are the metadata.
    """
    country, device, browser, os, referrer = texts
    hints = context.hints
    if country is not None:
        # Live sessions keep both, thousands of them the same text: one for all saves a fifth of a session.
        country = intern(country.upper() if _is_country_code(country) else country)
    if page is not None:
        page = intern(page)
    # By position: names cost as much again as all else here.
    return SiteEvent(
        context.now,
        context.site,
        event_id or context.new_id(context.now.unix_s),
        name,
        session_id
        or user_id
        or context.anonymous_id(canonical(sender.ip) or sender.shown_ip, context.user_agent),
        occurred_at,
        page,
        user_id,
        country,
        device or hints.device,
        browser or hints.browser,
        os or hints.os,
        referrer,
        sender.shown_ip,
        sender.address,
        given,
        is_adjusted,
    )


class _Reading:
    """One pass over the fields of one event, which gathers what is wrong."""

    __slots__ = ("_has_snake", "_raw", "errors", "metadata")

    def __init__(self, raw: dict[Any, Any]) -> None:
        self._raw = raw
        self._has_snake = not _SNAKE.isdisjoint(raw)
        self.errors: list[FieldError] = []
        self.metadata: dict[str, Any] = {}
        given = raw.get("metadata")
        if given is not None:
            self.metadata = metadata.clean_metadata(given, self._refuse)

    def dialect(self) -> Dialect | None:
        given = self._raw.get
        found = None
        for key, dialect in DIALECTS.items():
            if given(key) is None and given(SNAKE_NAMES.get(key)) is None:
                continue
            if found is not None:
                self._refuse(
                    found.key, "is given beside another of type, eventType and event: only one may be"
                )
                return None
            found = dialect
        if found is None:
            self._refuse("type", "is required: what happened is named by one of type, eventType and event")
        return found

    def name(self, key: str) -> str:
        path, value = self._take(key)
        return self._identifier(path, value.strip(" ") if isinstance(value, str) else value, MAX_NAME) or ""

    def identifier(self, key: str, required: bool) -> str | None:
        path, value = self._take(key) if self._has_snake else (key, self._raw.get(key))
        if value is not None:
            return self._identifier(path, value, MAX_ID)
        if required:
            self._refuse(path, _REQUIRED)
        return None

    def time(self, received_at: float) -> tuple[float, bool]:
        value = self._raw.get("timestamp")
        if value is None:
            return received_at, False
        try:
            return timestamps.history_time(timestamps.parse(value), received_at)
        except ValueError as exc:
            self._refuse("timestamp", str(exc))
            return received_at, False

    def page(self, key: str) -> str | None:
        value, path = self._raw.get(key), key
        if value is None:
            value, path = self.metadata.get("page"), "metadata.page"
            if value is None:
                return None
        page = self._text(path, value, MAX_PAGE)
        if page == "":
            self._refuse(path, _EMPTY)
        return _path_of(page) if page and path == "url" else page

    def texts(self) -> tuple[str | None, ...]:
        """Return ``_TEXTS``, each from the top level, else from the metadata; ``None`` for an empty one."""
        found: list[str | None] = []
        for key, limit in _TEXTS:
            path, value = key, self._raw.get(key)
            if value is None:
                path, value = f"metadata.{key}", self.metadata.get(key)
            found.append(None if value is None else self._text(path, value, limit) or None)
        return tuple(found)

    def sender(self, client: Sender) -> Sender:
        """Take what was sent as it is: repaired or cut it could become an address that it is not."""
        value = self._raw.get("ip")
        if value is None:
            return client
        if isinstance(value, str):
            return Sender.at(value)
        self._refuse("ip", _NO_TEXT)
        return client

    def _take(self, key: str) -> tuple[str, Any]:
        """Return path and value of ``key`` in either naming."""
        value = self._raw.get(key)
        if not self._has_snake:
            return key, value
        snake = SNAKE_NAMES.get(key)
        if snake is None or (other := self._raw.get(snake)) is None:
            return key, value
        if value is not None and not (isinstance(value, str) and value == other):
            self._refuse(key, f"is given twice, as {key} and {snake}, with different values")
        return snake, other

    def _identifier(self, path: str, value: Any, limit: int) -> str | None:
        problem = identifier_problem(value, limit) if isinstance(value, str) else _NO_TEXT
        if problem is None:
            return str(value)
        self._refuse(path, problem)
        return None

    def _text(self, path: str, value: Any, limit: int) -> str | None:
        if isinstance(value, str):
            # What most texts are, and what cleaning would leave as it is.
            if len(value) <= limit and value.isprintable():
                return value.strip()
            return clean(value, limit).strip()
        self._refuse(path, _NO_TEXT)
        return None

    def _refuse(self, path: str, message: str) -> None:
        self.errors.append(FieldError(path, message))


def _is_country_code(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha()


def _path_of(url: str) -> str:
    """Drop scheme and host, which a site knows, and query and fragment, which may name a person."""
    origin = _ORIGIN.match(url)
    path = url[origin.end() :] if origin else url
    return path.partition("#")[0].partition("?")[0] or "/"
