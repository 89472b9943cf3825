"""What of the live state belongs to a visitor who is to be forgotten."""

import re
from collections import OrderedDict
from functools import cached_property

from tracker.core.clock import Now
from tracker.core.inputs import SiteEvent
from tracker.core.session import Session
from tracker.core.visitor import Visitor


class Marks:
    """Tells what belongs to a visitor."""

    def __init__(self, visitor: Visitor, session_ids: frozenset[str] = frozenset()) -> None:
        """``session_ids``: sessions that are known to be theirs for other reasons."""
        self.visitor = visitor
        self.session_ids = session_ids
        self._ips = frozenset(visitor.ips)

    def is_theirs(self, session: Session) -> bool:
        visitor = self.visitor
        if visitor.site not in (None, session.site):
            return False
        return (
            session.id in self.session_ids
            or session.id == visitor.session_id
            or (visitor.user_id is not None and session.user_id == visitor.user_id)
            or not self._ips.isdisjoint((session.ip, session.address, *session.previous_ips))
            or self._has_email(session)
        )

    def is_their_event(self, event: SiteEvent) -> bool:
        visitor = self.visitor
        return visitor.site in (None, event.site) and (
            event.session_id in self.session_ids
            or event.session_id == visitor.session_id
            or (visitor.user_id is not None and event.user_id == visitor.user_id)
            or not self._ips.isdisjoint((event.ip, event.address))
        )

    def are_named_in(self, excerpt: str) -> bool:
        """Whether what was refused at a door names the visitor, in plain text or as JSON escapes it."""
        return self.mentions(excerpt) or any(needle in excerpt for needle in self.visitor.needles)

    def mentions(self, text: str) -> bool:
        """Whether the e-mail address stands in ``text``."""
        return self._email is not None and self._email.search(text.lower()) is not None

    @cached_property
    def _email(self) -> "re.Pattern[str] | None":
        pattern = self.visitor.email_pattern
        return None if pattern is None else re.compile(pattern)

    def _has_email(self, session: Session) -> bool:
        if self.visitor.email is None:
            return False
        contact = session.identity.contact if session.identity else None
        addresses = contact.email_addresses if contact else ()
        wanted = self.visitor.email.lower()
        return any(text.lower() == wanted for text in (*addresses, session.user_id or ""))


class ErasedIds:
    """Sessions that were erased lately: who feeds us may still speak of them.

    Holds numbers made from the ids, which mean nothing outside this process. When there
    are too many, those erased first are forgotten first: they open again if they speak.
    """

    def __init__(self, limit: int, remembered_for_s: float) -> None:
        self._limit = limit
        self._remembered_for_s = remembered_for_s
        self._erased: OrderedDict[int, Now] = OrderedDict()

    def __len__(self) -> int:
        return len(self._erased)

    def add(self, session_id: str, now: Now) -> None:
        self._erased[hash(session_id)] = now
        self._erased.move_to_end(hash(session_id))
        if len(self._erased) > self._limit:
            self._erased.popitem(last=False)

    def erased_at(self, session_id: str, monotonic_s: float) -> float | None:
        """Return when it was erased, Unix seconds; ``None`` when it was not, or long ago."""
        now = self._erased.get(hash(session_id)) if self._erased else None
        if now is None or monotonic_s - now.monotonic_s >= self._remembered_for_s:
            return None
        return now.unix_s

    def forget_old(self, monotonic_s: float) -> None:
        while self._erased:
            oldest = next(iter(self._erased.values()))
            if monotonic_s - oldest.monotonic_s < self._remembered_for_s:
                return
            self._erased.popitem(last=False)
