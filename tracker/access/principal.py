"""Who asks, and the one function that decides what they may do."""

from collections.abc import Container, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from tracker.access.verdicts import Allowed, Denied, Reason
from tracker.core.accounts import DEFAULT_SITE, Key, Login, Role, Scope, User


class Mode(StrEnum):
    OPEN = "open"
    """Who brings no credentials may do everything: for one's own machine."""
    REQUIRED = "required"


class Need(StrEnum):
    """What a route asks for."""

    INGEST = "ingest"
    """Send events to the site."""
    READ = "read"
    """See the site."""
    CONTACTS = "contacts"
    """See who a visitor is by name, beyond their company. No route asks for it: answers differ."""
    ADMIN = "admin"
    """Change the site: its keys, its live figures."""
    READ_ANY = "read_any"
    """See how the service is: ``read`` of whichever site."""
    OPERATE = "operate"
    """Change the service: sites, users. The administrator's alone."""


Grants = frozenset[Need]

NOTHING = Grants()
EVERYTHING = Grants(Need)
SERVICE_NEEDS = Grants({Need.READ_ANY, Need.OPERATE})
"""Those that are about no site."""

KEY_GRANTS: Mapping[Scope, Grants] = {
    Scope.INGEST: Grants({Need.INGEST}),
    Scope.READ: Grants({Need.READ, Need.CONTACTS, Need.READ_ANY}),
    Scope.ADMIN: Grants({Need.ADMIN, Need.READ, Need.CONTACTS, Need.READ_ANY}),
}
"""``admin`` does not send events: a key that may do both has both scopes, by name."""

ROLE_GRANTS: Mapping[Role, Grants] = {
    Role.VIEWER: KEY_GRANTS[Scope.READ],
    Role.ADMIN: KEY_GRANTS[Scope.ADMIN],
}
"""A login never sends events: any page could make a browser do it."""
ROLE_GRANTS_MASKED = {**ROLE_GRANTS, Role.VIEWER: ROLE_GRANTS[Role.VIEWER] - {Need.CONTACTS}}


class Principal(NamedTuple):
    """Who asks, and what is granted to them. Built once for each key and login, not for each request."""

    name: str
    """As the audit says it: a key's prefix, a user's e-mail, or nothing."""
    home: str
    """The site that is meant when none is named."""
    grants: Mapping[str, Grants]
    """By site."""
    grants_elsewhere: Grants
    """On every site that is not in ``grants``."""
    is_known: bool
    """False: there were no credentials and some are needed."""
    key: Key | None = None
    user: User | None = None
    login: Login | None = None


def anonymous(mode: Mode) -> Principal:
    is_open = mode is Mode.OPEN
    return Principal("", DEFAULT_SITE, {}, EVERYTHING if is_open else NOTHING, is_open)


def holder_of(key: Key) -> Principal:
    granted = NOTHING.union(*(KEY_GRANTS[scope] for scope in key.scopes))
    return Principal(key.prefix, key.site, {key.site: granted}, NOTHING, True, key)


def logged_in(user: User, login: Login, is_operator: bool, viewers_see_contacts: bool = True) -> Principal:
    """``is_operator``: the administrator of the service (``auth.admin_email``), admin of every site."""
    if is_operator:
        granted = KEY_GRANTS[Scope.ADMIN] | {Need.OPERATE}
        return Principal(user.email, DEFAULT_SITE, {}, granted, True, None, user, login)
    home = DEFAULT_SITE if DEFAULT_SITE in user.roles else min(user.roles, default=DEFAULT_SITE)
    granted_to = ROLE_GRANTS if viewers_see_contacts else ROLE_GRANTS_MASKED
    grants = {site: granted_to[role] for site, role in user.roles.items()}
    return Principal(user.email, home, grants, NOTHING, True, None, user, login)


def may(principal: Principal, need: Need, named_site: str | None, sites: Container[str]) -> Allowed | Denied:
    """Decide whether ``principal`` may do ``need``, and on which site.

    ``named_site``: from ``?site=``; nothing means the principal's home. ``sites``: those
    that exist.

    401 comes first, so that a stranger learns nothing of the sites; then 404, the same
    for another's site as for none; then 403.
    """
    if not principal.is_known:
        return Denied(Reason.NO_CREDENTIALS)
    site = named_site or principal.home
    if need in SERVICE_NEEDS and not named_site:
        is_granted = any(need in grants for grants in _all_grants(principal))
        return Allowed(site) if is_granted else Denied(Reason.WRONG_SCOPE)
    granted = principal.grants.get(site, principal.grants_elsewhere)
    if not granted or site not in sites:
        return Denied(Reason.NO_SUCH_SITE)
    return Allowed(site) if need in granted else Denied(Reason.WRONG_SCOPE)


def sites_of(principal: Principal, sites: Iterable[str]) -> list[str]:
    """Return those of ``sites`` that ``principal`` may know of, in order."""
    return sorted(site for site in sites if principal.grants.get(site, principal.grants_elsewhere))


def _all_grants(principal: Principal) -> Iterable[Grants]:
    return (*principal.grants.values(), principal.grants_elsewhere)
