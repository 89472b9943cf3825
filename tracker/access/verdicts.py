"""What the rules answer: yes, or no with the status and the reason."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    NO_CREDENTIALS = "no_credentials"
    BAD_KEY = "bad_key"
    REVOKED_KEY = "revoked_key"
    KEY_IN_URL = "key_in_url"
    BAD_LOGIN = "bad_login"
    WRONG_ORIGIN = "wrong_origin"
    WRONG_SCOPE = "wrong_scope"
    NO_SUCH_SITE = "no_such_site"


STATUSES = {
    Reason.WRONG_ORIGIN: 403,
    Reason.WRONG_SCOPE: 403,
    # Another's site and one that does not exist are told apart nowhere.
    Reason.NO_SUCH_SITE: 404,
}

MESSAGES = {
    Reason.NO_CREDENTIALS: "A key or a login is needed",
    Reason.BAD_KEY: "The key is not valid",
    Reason.REVOKED_KEY: "The key was revoked",
    Reason.KEY_IN_URL: "Only an ingest key may stand in a URL; send this one as the header x-api-key",
    Reason.BAD_LOGIN: "The login is over; log in again",
    Reason.WRONG_ORIGIN: "The key is not for pages of this origin",
    Reason.WRONG_SCOPE: "Not allowed with these credentials",
    Reason.NO_SUCH_SITE: "There is no such site",
}


class Allowed(NamedTuple):
    site: str
    """The site that the request is about."""


class Denied(NamedTuple):
    reason: Reason

    @property
    def status(self) -> int:
        """401, 403 or 404."""
        return STATUSES.get(self.reason, 401)

    @property
    def message(self) -> str:
        """For the one who asked; holds nothing of what was sent."""
        return MESSAGES[self.reason]
