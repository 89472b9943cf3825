"""FAULTS.md 4.1 to 4.3: who may do what, on which site."""

import pytest

from tests.access.opened import PASSWORD
from tracker.access.keys import make_key
from tracker.access.principal import Mode, Need, Principal, anonymous, holder_of, logged_in, may, sites_of
from tracker.access.verdicts import MESSAGES, Allowed, Denied, Reason
from tracker.core.accounts import Login, Role, Scope, User

SITES = {"default", "acme", "other"}
LOGIN = Login(b"d", "ann@example.com", 1.0, 1.0)


def key(*scopes: Scope, site: str = "acme") -> Principal:
    return holder_of(make_key(site, scopes, "", (), 1.0).key)


def user(is_operator: bool = False, **roles: Role) -> Principal:
    return logged_in(User("ann@example.com", PASSWORD, roles, 1.0, 1.0), LOGIN, is_operator)


OPEN, CLOSED = anonymous(Mode.OPEN), anonymous(Mode.REQUIRED)
INGEST, READ, ADMIN = key(Scope.INGEST), key(Scope.READ), key(Scope.ADMIN)
ALL_SCOPES = key(*Scope)
VIEWER, SITE_ADMIN, OPERATOR = user(acme=Role.VIEWER), user(acme=Role.ADMIN), user(is_operator=True)
MASKED = logged_in(User("ann@example.com", PASSWORD, {"acme": Role.VIEWER}, 1.0, 1.0), LOGIN, False, False)
SEEING = {Need.READ, Need.CONTACTS, Need.READ_ANY}

GRANTED = {
    "open": (OPEN, set(Need)),
    "closed": (CLOSED, set()),
    "ingest": (INGEST, {Need.INGEST}),
    "read": (READ, SEEING),
    "admin": (ADMIN, SEEING | {Need.ADMIN}),
    "all scopes": (ALL_SCOPES, SEEING | {Need.INGEST, Need.ADMIN}),
    "viewer": (VIEWER, SEEING),
    "masked viewer": (MASKED, SEEING - {Need.CONTACTS}),
    "site admin": (SITE_ADMIN, SEEING | {Need.ADMIN}),
    "operator": (OPERATOR, SEEING | {Need.ADMIN, Need.OPERATE}),
    "nobody's user": (user(), set()),
}


@pytest.mark.parametrize("need", list(Need))
@pytest.mark.parametrize("who", list(GRANTED))
def test_S4_03_everybody_may_what_is_theirs_and_nothing_else(who: str, need: Need) -> None:
    principal, granted = GRANTED[who]
    verdict = may(principal, need, None, SITES)
    assert isinstance(verdict, Allowed) == (need in granted)
    if isinstance(verdict, Denied):
        no_site = who == "nobody's user" and need not in (Need.READ_ANY, Need.OPERATE)
        assert verdict.status == (401 if who == "closed" else 404 if no_site else 403)


@pytest.mark.parametrize("need", list(Need))
@pytest.mark.parametrize(
    "who", ["ingest", "read", "admin", "all scopes", "viewer", "masked viewer", "site admin"]
)
def test_S4_02_anothers_site_is_as_unknown_as_none(who: str, need: Need) -> None:
    principal = GRANTED[who][0]
    others = {
        may(principal, need, site, SITES) for site in ("default", "other", "nonesuch", "../acme", "ACME")
    }
    assert others == {Denied(Reason.NO_SUCH_SITE)}
    assert Denied(Reason.NO_SUCH_SITE).status == 404


def test_S4_01_a_stranger_learns_nothing_of_the_sites() -> None:
    verdicts = {may(CLOSED, need, site, SITES) for need in Need for site in (None, "acme", "nonesuch")}
    assert verdicts == {Denied(Reason.NO_CREDENTIALS)}
    assert Denied(Reason.NO_CREDENTIALS).status == 401


def test_who_names_no_site_means_the_own_one() -> None:
    assert may(READ, Need.READ, None, SITES) == may(READ, Need.READ, "acme", SITES) == Allowed("acme")
    assert may(VIEWER, Need.READ, None, SITES) == Allowed("acme")
    assert may(user(other=Role.VIEWER, acme=Role.ADMIN), Need.READ, None, SITES) == Allowed("acme")
    both = user(acme=Role.VIEWER, default=Role.ADMIN)
    assert may(both, Need.READ, None, SITES) == Allowed("default")
    assert may(OPERATOR, Need.ADMIN, None, SITES) == Allowed("default")
    assert may(OPEN, Need.INGEST, "", SITES) == Allowed("default")


def test_a_role_counts_on_its_own_site_alone() -> None:
    both = user(acme=Role.VIEWER, other=Role.ADMIN)
    assert may(both, Need.ADMIN, "other", SITES) == Allowed("other")
    assert may(both, Need.ADMIN, "acme", SITES) == Denied(Reason.WRONG_SCOPE)


def test_the_administrator_and_an_open_service_reach_every_site_there_is() -> None:
    for principal in (OPERATOR, OPEN):
        assert may(principal, Need.ADMIN, "other", SITES) == Allowed("other")
        assert may(principal, Need.ADMIN, "nonesuch", SITES) == Denied(Reason.NO_SUCH_SITE)


def test_S4_21_only_viewers_can_be_kept_from_contacts() -> None:
    roles = {"acme": Role.VIEWER, "other": Role.ADMIN}
    both = logged_in(User("ann@example.com", PASSWORD, roles, 1.0, 1.0), LOGIN, False, False)
    assert may(both, Need.CONTACTS, "acme", SITES) == Denied(Reason.WRONG_SCOPE)
    assert may(both, Need.CONTACTS, "other", SITES) == Allowed("other")
    operator = logged_in(User("ann@example.com", PASSWORD, roles, 1.0, 1.0), LOGIN, True, False)
    assert may(operator, Need.CONTACTS, "acme", SITES) == Allowed("acme")


def test_what_is_left_of_a_removed_site_opens_nothing() -> None:
    assert may(READ, Need.READ, None, {"default"}) == Denied(Reason.NO_SUCH_SITE)
    assert may(VIEWER, Need.READ, "acme", {"default"}) == Denied(Reason.NO_SUCH_SITE)


def test_everybody_sees_a_list_of_the_own_sites() -> None:
    assert sites_of(OPERATOR, SITES) == sites_of(OPEN, SITES) == ["acme", "default", "other"]
    assert sites_of(READ, SITES) == sites_of(VIEWER, SITES) == ["acme"]
    assert sites_of(CLOSED, SITES) == sites_of(VIEWER, {"default"}) == []


def test_every_reason_has_a_message_and_a_status() -> None:
    assert set(MESSAGES) == set(Reason)
    assert {Denied(reason).status for reason in Reason} == {401, 403, 404}
    assert all(Denied(reason).message for reason in Reason)
