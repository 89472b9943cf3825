"""What the commands ask for, whether the service runs or is stopped."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class CommandFailed(Exception):
    """It was not done; the text says why and what to do next. Nothing secret is in it."""


class ShownSite(NamedTuple):
    id: str
    name: str
    created_at: float
    """Unix seconds, as all times here."""


class ShownKey(NamedTuple):
    prefix: str
    name: str
    scopes: Sequence[str]
    origins: Sequence[str]
    created_at: float
    last_used_at: float | None


class ShownUser(NamedTuple):
    email: str
    role: str
    """On the site that was asked about: ``admin`` or ``viewer``."""
    created_at: float


class FreshKey(NamedTuple):
    key: str
    """The whole key; nobody can tell it a second time."""
    prefix: str
    site: str
    scopes: Sequence[str]
    origins: Sequence[str]


class Administration(Protocol):
    """Every method raises ``CommandFailed``; then nothing was changed, unless the text says otherwise."""

    def sites(self) -> list[ShownSite]: ...

    def add_site(self, name: str) -> FreshKey:
        """Add a site with a first key that may do everything on it."""
        ...

    def remove_site(self, site: str) -> None:
        """Remove a site, revoke its keys, take its roles away. What is stored of it stays."""
        ...

    def keys(self, site: str) -> list[ShownKey]:
        """Return those that are not revoked, the oldest first."""
        ...

    def create_key(self, site: str, scopes: Sequence[str], name: str, origins: Sequence[str]) -> FreshKey: ...

    def revoke_key(self, site: str, prefix: str) -> None: ...

    def users(self, site: str) -> list[ShownUser]:
        """Return who may look at the site, the administrator included."""
        ...

    def add_user(self, site: str, email: str, password: str | None, role: str) -> None:
        """Add a user with a role on the site; ``None``: one who is there already gets that role."""
        ...

    def set_password(self, email: str, password: str) -> None:
        """Set a new password, and end all logins of the user."""
        ...

    def remove_user(self, site: str, email: str) -> None:
        """Take a user's role on the site; who has no other one is removed."""
        ...
