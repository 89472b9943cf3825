"""Logging in and out: the order of the steps, and one answer for everything that is wrong."""

from contextlib import suppress
from typing import NamedTuple

from tracker.access.attempts import Attempts
from tracker.access.audit import Action, AuditLog
from tracker.access.logins import Logins
from tracker.access.passwords import Passwords, PasswordsBusy
from tracker.access.principal import Principal
from tracker.access.users import UserBook, UserNotValid, canonical_email


class SignedIn(NamedTuple):
    token: str
    """For the cookie; it is kept nowhere."""
    principal: Principal


class Refused(NamedTuple):
    status: int
    """401 wrong e-mail or password, 429 too many attempts, 503 too many at the same time."""
    message: str
    retry_after_s: int = 0


WRONG = Refused(401, "The e-mail or the password is wrong")


class SignIn:
    """Nothing that a stranger sees, nor how long it takes, tells whether there is such a user."""

    def __init__(
        self, users: UserBook, logins: Logins, passwords: Passwords, attempts: Attempts, audit: AuditLog
    ) -> None:
        self._users = users
        self._logins = logins
        self._passwords = passwords
        self._attempts = attempts
        self._audit = audit

    async def login(
        self, email: str, password: str, address: str, previous_token: str | None = None
    ) -> SignedIn | Refused:
        """Begin a login; ``previous_token``, which the browser brought, ends with it.

        Raises whatever the store raises when a hash of older parameters cannot be renewed.
        """
        account = _account_of(email)
        wait_s = self._attempts.begin(account, address)
        if wait_s:
            return too_many(wait_s)
        user = self._users.get(account)
        try:
            checked = await self._passwords.check(user.password if user else None, password)
        except PasswordsBusy as busy:
            self._attempts.gave_up(account, address)
            return Refused(503, "Too many log in at the same time", busy.retry_after_s)
        # While it was computed the user may have been removed or got another password.
        if user is None or not checked.is_right or self._users.get(account) is not user:
            self._audit.add(Action.LOGIN_FAILED, user.email if user else "", address=address)
            return WRONG
        if checked.renewed is not None:
            await self._users.renew_hash(user, checked.renewed)
        self._attempts.succeeded(account, address)
        token, login = self._logins.open(account, previous_token)
        principal = self._users.principal(login)
        if principal is None:
            self._logins.end(token)
            return WRONG
        self._audit.add(Action.LOGIN, account, address=address)
        return SignedIn(token, principal)

    async def logout(self, token: str, address: str, everywhere: bool = False) -> int:
        """End the login of ``token``, or all of the same user, and return how many those were."""
        login = self._logins.end(token)
        if login is None:
            return 0
        ended = 1 + (self._logins.end_all(login.email) if everywhere else 0)
        detail = "everywhere" if everywhere else ""
        self._audit.add(Action.LOGOUT, login.email, address=address, detail=detail)
        # In memory it is over; a disk that is full is told later.
        with suppress(Exception):
            await self._logins.flush()
        return ended


def too_many(wait_s: int) -> Refused:
    return Refused(429, "Too many attempts; try again later", wait_s)


def _account_of(email: str) -> str:
    try:
        return canonical_email(email)
    except UserNotValid:
        return ""
