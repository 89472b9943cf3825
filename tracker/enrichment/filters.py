"""From an answer to an identity: what may not enter the program is cut off here.

Personal e-mail addresses go, wherever they stand. Of a data-centre company only
its GUID stays. Texts are cleaned and limited. What is left empty is nobody.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import islice

from tracker.core.identity import Company, Contact, Identity
from tracker.enrichment.personal_email import PersonalEmail
from tracker.enrichment.text import MAX_CHARACTERS, clean
from tracker.enrichment.wire import Answer, WireCompany, WireContact
from tracker.settings import Filters

MAX_LIST_ENTRIES = 20
LONG_TEXT_CHARACTERS = 4096  # longer texts are not searched to their end


class Outdated(Enum):
    """Says that an identity that was kept can no longer be told from what it was made of."""

    ASK_ANEW = "ask anew"


class AnswerFilter:
    def __init__(self, settings: Filters) -> None:
        self._emails = PersonalEmail(settings.personal_email_domains)
        self._data_centers = frozenset(guid.strip().lower() for guid in settings.data_center_companies)

    def identity(self, answer: Answer) -> Identity | None:
        """Return who the answer names, or ``None`` when nothing of it may be kept."""
        if answer.data is None:
            return None
        return self._identity(answer.data.company, answer.data.contact)

    def again(self, kept: Identity | None) -> Identity | Outdated | None:
        """Apply the filters to an identity that was kept under earlier settings."""
        if kept is None:
            return None
        if kept.data_center_guid is None:
            return self._identity(kept.company, kept.contact)
        return kept if kept.data_center_guid in self._data_centers else Outdated.ASK_ANEW

    def _identity(
        self, company: WireCompany | Company | None, contact: WireContact | Contact | None
    ) -> Identity | None:
        guid = self._text(company.guid).lower() if company else ""
        if guid in self._data_centers:
            return Identity(data_center_guid=guid)
        identity = Identity(self._company(company), self._contact(contact))
        return None if identity.is_empty else identity

    def _company(self, company: WireCompany | Company | None) -> Company | None:
        if company is None:
            return None
        guid, name, domain = map(self._text, (company.guid, company.name, company.domain))
        return Company(guid, name or domain, domain or None) if name or domain else None

    def _contact(self, contact: WireContact | Contact | None) -> Contact | None:
        if contact is None:
            return None
        name, title = self._text(contact.name), self._text(contact.title)
        emails = _first(self._emails_of_work(contact.email_addresses or ()))
        phones = _first(map(self._text, contact.phone_numbers or ()))
        if not (name or title or emails or phones):
            return None
        return Contact(self._text(contact.guid), name, title or None, emails, phones)

    def _emails_of_work(self, addresses: Iterable[str | None]) -> Iterator[str]:
        for text in addresses:
            address = self._emails.work_address(text or "")
            if address is not None and len(address) <= MAX_CHARACTERS:
                yield address

    def _text(self, text: str | None) -> str:
        if not text:
            return ""
        start = clean(text[:LONG_TEXT_CHARACTERS])
        if len(text) > LONG_TEXT_CHARACTERS and "@" in start:
            return ""  # an address could be cut in half, and half of it would be shown
        return self._emails.masked(start)[:MAX_CHARACTERS].strip()


def _first(texts: Iterable[str]) -> tuple[str, ...]:
    """The first entries that are not empty, each once."""
    return tuple(islice(dict.fromkeys(text for text in texts if text), MAX_LIST_ENTRIES))
