"""What is sent: ``{"id", "type", "site", "at", "data"}``, as docs/webhooks.md describes it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tracker.core.accounts import DEFAULT_SITE
from tracker.core.effects import Alert, SessionIdentified, WatchMatched
from tracker.core.identity import Company, Contact
from tracker.core.session import Session
from tracker.core.webhooks import HookEvent

TRIAL = "webhook.test"


class Message(NamedTuple):
    id: str
    site: str
    type: str
    at: float
    session_id: str | None
    """Of the visitor whom it tells of."""
    body: str


class Messages:
    """``dashboard_url``: where readers find the dashboard, for links."""

    def __init__(self, dashboard_url: str) -> None:
        self._dashboard_url = dashboard_url.rstrip("/")

    def identified(self, effect: SessionIdentified) -> Message:
        session = effect.session
        return _message(
            HookEvent.VISIT_IDENTIFIED, session.site, effect.at, self._visit(session), session, ""
        )

    def matched(self, effect: WatchMatched) -> Message:
        session, rule = effect.session, effect.rule
        watch = {"id": rule.id, "kind": rule.kind.value, "pattern": rule.pattern}
        data = {"watch": watch, **self._visit(session)}
        return _message(HookEvent.WATCH_MATCHED, session.site, effect.at, data, session, rule.id)

    def alert(self, effect: Alert) -> Message:
        data = {
            "level": effect.level.value,
            "kind": effect.kind.value,
            "message": effect.message,
            "details": effect.details,
        }
        # Told again after a crash it is of the same moment, and so of the same id.
        text = _encode({**data, "at": effect.at, "details": None})
        message = _message(HookEvent.ALERT, effect.site, effect.at, data, None, text)
        session_id = effect.details.get("sessionId")
        return message._replace(session_id=session_id if isinstance(session_id, str) else None)

    def trial(self, site: str, at: float, token: str) -> Message:
        return _message(TRIAL, site, at, {"message": "A test of this webhook"}, None, token)

    def _visit(self, session: Session) -> dict[str, Any]:
        company = session.identity.company if session.identity else None
        contact = session.identity.contact if session.identity else None
        return {
            "sessionId": session.id,
            "company": _company(company),
            "contact": _contact(contact),
            "page": session.current_page,
            "country": session.country,
            "openedAt": _iso(session.opened_at),
            "link": self._link(session),
        }

    def _link(self, session: Session) -> str:
        site = {} if session.site == DEFAULT_SITE else {"site": session.site}
        return f"{self._dashboard_url}/?{urlencode({**site, 'visitor': session.id}, errors='replace')}"


def _message(
    kind: str, site: str, at: float, data: Mapping[str, Any], session: Session | None, also: str
) -> Message:
    """Build the message. The same thing told again has the same id: receivers tell repeats by it."""
    visit = (session.id, str(session.opened_at)) if session else ()
    told = _encode([site, str(kind), *visit, also])
    message_id = f"msg_{sha256(told.encode()).hexdigest()[:32]}"
    body = _encode({"id": message_id, "type": str(kind), "site": site, "at": _iso(at), "data": data})
    return Message(message_id, site, str(kind), at, session.id if session else None, body)


def _company(company: Company | None) -> dict[str, Any] | None:
    return None if company is None else company._asdict()


def _contact(contact: Contact | None) -> dict[str, Any] | None:
    if contact is None:
        return None
    return {
        "name": contact.name,
        "title": contact.title,
        "emailAddresses": contact.email_addresses,
        "phoneNumbers": contact.phone_numbers,
    }


def _encode(value: Any) -> str:
    # As plain text: erasing looks for addresses in it. Half a pair of UTF-16 is no text.
    encoded = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return encoded.encode("utf-8", "replace").decode()


def _iso(unix_s: float) -> str:
    text = datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
