"""Who may do what, as it is kept: sites, keys, users, logins. The rules are in ``tracker/access``."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

DEFAULT_SITE = "default"
"""Exists from the start and cannot be removed."""


class Scope(StrEnum):
    """What a key may be used for."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


class Role(StrEnum):
    """What a user is on one site."""

    VIEWER = "viewer"
    ADMIN = "admin"


class Site(NamedTuple):
    id: str
    name: str
    """As people call it."""
    created_at: float
    removed_at: float | None = None
    """A removed site's id is never given again: its history may still lie there."""


class Key(NamedTuple):
    """A key as it is kept: what was handed out cannot be told from it."""

    id: str
    """Eight characters, the same for nobody else; not secret."""
    site: str
    name: str
    scopes: frozenset[Scope]
    digest: bytes
    """SHA-256 of the whole text of the key."""
    origins: tuple[str, ...]
    """Where pages that use it may come from; empty: from anywhere."""
    created_at: float
    last_used_at: float | None = None
    """Seconds behind at the most, minutes after a crash."""
    revoked_at: float | None = None

    @property
    def prefix(self) -> str:
        """What is shown of it, and what revokes it: ``trk_r_k3jf82ha``."""
        return f"trk_{letter_of(self.scopes)}_{self.id}"


def letter_of(scopes: frozenset[Scope]) -> str:
    """Return ``a``, ``r`` or ``i``: the most that these scopes allow."""
    return next((scope[0] for scope in (Scope.ADMIN, Scope.READ) if scope in scopes), "i")


class User(NamedTuple):
    email: str
    """In lower case; it is the name to log in with."""
    password: str
    """Argon2id, with its parameters and salt."""
    roles: Mapping[str, Role]
    """By site."""
    created_at: float
    changed_at: float
    """When the password was set last."""


class Login(NamedTuple):
    digest: bytes
    """SHA-256 of the token that the browser holds."""
    email: str
    created_at: float
    used_at: float


class SetupToken(NamedTuple):
    digest: bytes
    expires_at: float


class AuditLine(NamedTuple):
    at: float
    action: str
    """A word of ours: ``login``, ``key_created``, …"""
    actor: str
    """E-mail of a user, prefix of a key, ``cli``, or empty for nobody known."""
    site: str
    address: str
    """Of the client, its last part cut off."""
    detail: str


class Accounts(NamedTuple):
    """Everything that is kept, but for the audit."""

    sites: list[Site]
    """Removed ones too."""
    keys: list[Key]
    users: list[User]
    logins: list[Login]
