"""Narrowing the table to some sessions."""

from typing import NamedTuple

from tracker.core.session import Session


class SessionFilter(NamedTuple):
    """``None`` means any. Texts compare without regard to case, pages exactly."""

    country: str | None = None
    page: str | None = None
    """The page on which the session is now."""
    company: str | None = None
    """Part of the company's name or domain, or its GUID."""

    @property
    def is_empty(self) -> bool:
        return self == SessionFilter()

    def matches(self, session: Session) -> bool:
        if self.page is not None and session.current_page != self.page:
            return False
        if self.country is not None and (session.country or "").casefold() != self.country.casefold():
            return False
        return self.company is None or self._matches_company(session)

    def _matches_company(self, session: Session) -> bool:
        company = session.identity.company if session.identity else None
        if company is None or self.company is None:
            return False
        wanted = self.company.casefold()
        return (
            wanted in company.name.casefold()
            or wanted in (company.domain or "").casefold()
            or wanted == company.guid.casefold()
        )
