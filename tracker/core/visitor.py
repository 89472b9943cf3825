"""Whom to forget, as an operator names them."""

from typing import NamedTuple


class Visitor(NamedTuple):
    """Whom to forget: every one of these that is given names events and visits of its own.

    ``session_id``: that session. ``user_id``: all sessions in which the user was seen.
    ``ip``: all sessions in which the address was seen. ``email``: all sessions whose contact
    has the address, whose user goes by it, or whose events hold it.
    """

    site: str | None
    """``None`` for all sites."""
    session_id: str | None = None
    user_id: str | None = None
    ip: str | None = None
    email: str | None = None
    spellings: tuple[str, ...] = ()
    """What else may have been kept in place of ``ip``: other spellings, a pseudonym."""

    @property
    def is_empty(self) -> bool:
        return not any((self.session_id, self.user_id, self.ip, self.email))

    @property
    def ips(self) -> tuple[str, ...]:
        return (self.ip, *self.spellings) if self.ip else ()

    @property
    def needles(self) -> tuple[str, ...]:
        """Texts by which a reject names the visitor; also as JSON may write them in ASCII alone."""
        plain = [text for text in (self.session_id, self.user_id, *self.ips) if text]
        escaped = [_escaped(text) for text in plain if not text.isascii()]
        return (*plain, *escaped)

    @property
    def email_pattern(self) -> str | None:
        """Regular expression, also for RE2, that finds the address in lower-case text and no longer one."""
        if not self.email:
            return None
        return rf"(^|[^a-z0-9._%+\-]){_quoted(self.email.lower())}($|[^a-z0-9.\-]|\.($|[^a-z0-9]))"


class Erased(NamedTuple):
    """What went, in numbers."""

    events: int = 0
    sessions: int = 0
    """Visits that had ended."""
    rejects: int = 0
    identities: int = 0
    """Cached answers of lookups."""
    live: int = 0
    """Sessions that were active."""


def _escaped(text: str) -> str:
    units = memoryview(text.encode("utf-16-be", "surrogatepass")).cast("B")
    numbers = [units[place] << 8 | units[place + 1] for place in range(0, len(units), 2)]
    return "".join(chr(number) if number < 128 else f"\\u{number:04x}" for number in numbers)


def _quoted(text: str) -> str:
    # re.escape escapes what RE2 does not know as escaped beyond ASCII punctuation: letters stay letters.
    return "".join(rf"\{one}" if one.isascii() and not one.isalnum() else one for one in text)
