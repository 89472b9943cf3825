"""The first start: the administrator is made by who can read the terminal. No default account."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Protocol

from tracker.access.attempts import Attempts
from tracker.access.audit import Action, AuditLog
from tracker.access.keys import RandomBytes, digest_of
from tracker.access.passwords import Passwords, PasswordsBusy
from tracker.access.signin import Refused, too_many
from tracker.access.users import UserBook
from tracker.core.accounts import SetupToken, User
from tracker.core.clock import Clock

TOKEN_BYTES = 32
TOKEN_LIVES_S = 24 * 3_600.0
MAX_FILE_BYTES = 4_096
ATTEMPTS_AS = "setup"
"""Not an e-mail: these attempts are counted apart from those of any account."""

SPENT = Refused(401, "The setup link is not valid: it was used, is too old, or a newer one was printed")


class SetupStore(Protocol):
    """What this needs of a store. Every method may raise anything; then nothing of it was kept."""

    async def setup_token(self) -> SetupToken | None: ...

    async def put_setup_token(self, token: SetupToken) -> None: ...

    async def finish_setup(self, token: SetupToken, user: User) -> bool: ...


class PasswordFileUnusable(Exception):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"auth.admin_password_file: {path} {reason}")


class Setup:
    def __init__(
        self,
        store: SetupStore,
        users: UserBook,
        passwords: Passwords,
        attempts: Attempts,
        audit: AuditLog,
        clock: Clock,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._users = users
        self._passwords = passwords
        self._attempts = attempts
        self._audit = audit
        self._clock = clock
        self._random_bytes = random_bytes

    async def prepare(self, password: str | None = None) -> str | None:
        """Make the administrator with ``password``, or return the token of a one-time setup link.

        ``None``: there is an administrator. His password is left alone. A new token is made
        with each call, good for 24 hours; the one before is not valid any more.

        Raises:
            PasswordRefused: too short, too long or too common.
        """
        if self._users.has_administrator():
            return None
        if password is not None:
            hashed = await self._passwords.hash(password, self._users.admin_email)
            await self._users.add(self._users.admin_email, hashed, {}, ())
            self._audit.add(Action.SETUP_DONE, self._users.admin_email, detail="by password file")
            return None
        token = urlsafe_b64encode(self._random_bytes(TOKEN_BYTES)).decode().rstrip("=")
        expires_at = self._clock.now().unix_s + TOKEN_LIVES_S
        await self._store.put_setup_token(SetupToken(digest_of(token), expires_at))
        return token

    async def redeem(self, token: str, password: str, address: str) -> User | Refused:
        """Spend the token on the administrator's account. Then he logs in like everybody.

        Raises:
            PasswordRefused: the token stays valid.
        """
        wait_s = self._attempts.begin(ATTEMPTS_AS, address)
        if wait_s:
            return too_many(wait_s)
        kept = await self._store.setup_token()
        if kept is None or not self._is_valid(kept, token):
            self._audit.add(Action.LOGIN_FAILED, "", address=address, detail="setup link")
            return SPENT
        self._attempts.succeeded(ATTEMPTS_AS, address)
        email = self._users.admin_email
        try:
            hashed = await self._passwords.hash(password, email)
        except PasswordsBusy as busy:
            return Refused(503, "Too many log in at the same time", busy.retry_after_s)
        now_s = self._clock.now().unix_s
        user = User(email, hashed, {}, now_s, now_s)
        if self._users.has_administrator() or not await self._store.finish_setup(kept, user):
            return SPENT
        self._users.take_over(user)
        self._audit.add(Action.SETUP_DONE, email, address=address, detail="by setup link")
        return user

    def _is_valid(self, kept: SetupToken, token: str) -> bool:
        is_right = hmac.compare_digest(kept.digest, digest_of(token))
        return is_right and self._clock.now().unix_s < kept.expires_at and not self._users.has_administrator()


def read_password_file(path: Path) -> str:
    """Return the password in a file: its text without the newline at the end.

    Raises:
        PasswordFileUnusable: it cannot be read or is no text; names the file, never what is in it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PasswordFileUnusable(path, f"cannot be read: {error.strerror}") from error
    try:
        password = content.decode()
    except UnicodeDecodeError:
        raise PasswordFileUnusable(path, "is not text in UTF-8") from None
    if len(content) > MAX_FILE_BYTES:
        raise PasswordFileUnusable(path, "is too large to hold a password")
    return password.removesuffix("\n").removesuffix("\r")
