"""The watch list: which visits its rules speak of, and that each is told once."""

import pytest

from tests.core.playbook import ACME, CLOUD, SITE, Playbook, pick
from tracker.core.effects import Alert, Effect, SessionIdentified, WatchMatched
from tracker.core.identity import Company, Contact, Identity
from tracker.core.inputs import IdentityResolved
from tracker.core.watches import WatchKind, WatchList, WatchRule, domains_of

DOMAIN, COMPANY, COUNTRY, PAGE = WatchKind
AT_ACME = Identity(
    Company("g", "Acme GmbH", "https://www.ACME.com/about"),
    Contact("c", "Ada", email_addresses=("ada@mail.acme.com", "Ada@acme.de")),
)


def rules(*listed: tuple[WatchKind, str]) -> WatchList:
    return WatchList(
        WatchRule(f"w{number}", SITE, kind, pattern, 1.0) for number, (kind, pattern) in enumerate(listed)
    )


@pytest.mark.parametrize(
    ("kind", "pattern", "matches"),
    [
        (DOMAIN, "acme.com", True),
        (DOMAIN, "ACME.de", True),
        (DOMAIN, "*.acme.com", True),
        (DOMAIN, "mail.acme.com", True),
        (DOMAIN, "*.acme.de", False),
        (DOMAIN, "cme.com", False),
        (DOMAIN, "*.com", True),
        (DOMAIN, "*.mail.acme.com", False),
        (DOMAIN, "a*me.com", False),
        (COMPANY, "acme", True),
        (COMPANY, "acme ag", False),
        (COUNTRY, "de", True),
        (COUNTRY, "D", False),
        (PAGE, "/pri", True),
        (PAGE, "/Pri", False),
        (PAGE, "ricing", False),
    ],
)
def test_what_a_rule_speaks_of(kind: WatchKind, pattern: str, matches: bool) -> None:
    found = list(rules((kind, pattern)).matching(AT_ACME, "DE", ["/", "/pricing"]))
    assert bool(found) is matches


def test_a_star_is_something_below_and_not_the_domain_itself() -> None:
    of_contact = Identity(contact=Contact("c", "Ada", email_addresses=("a@acme.com",)))
    assert not list(rules((DOMAIN, "*.acme.com")).matching(of_contact, None, []))
    assert list(rules((DOMAIN, "acme.com")).matching(of_contact, None, []))


def test_an_identity_that_says_nothing_matches_nothing() -> None:
    everything = rules((DOMAIN, "*.com"), (COMPANY, "a"), (COUNTRY, "DE"), (PAGE, "/"))
    assert list(everything.matching(Identity(contact=Contact("c", "Ada")), None, [])) == []


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("acme.com", "acme.com"),
        ("http://Acme.com:8080/x", "acme.com"),
        ("www.acme.com.", "acme.com"),
        ("//", ""),
    ],
)
def test_the_domain_of_a_website(website: str, domain: str) -> None:
    found = domains_of(Identity(Company("g", "Acme", website)))
    assert found == ((domain,) if domain else ())


# In the core


def known(book: Playbook, identity: Identity = AT_ACME, address: str = ACME) -> list[Effect]:
    return book.feed_raw(IdentityResolved(book.clock.now(), address, identity))


def test_a_match_is_an_alert_with_the_session_and_the_company() -> None:
    book = Playbook()
    book.watches((DOMAIN, "acme.com"), (COMPANY, "globex"), (COUNTRY, "DE"))
    book.page("a", "/", ip=ACME, country="DE")
    effects = known(book)
    matched = [effect.rule.pattern for effect in effects if isinstance(effect, WatchMatched)]
    assert matched == ["acme.com", "DE"]
    first = next(effect for effect in effects if isinstance(effect, Alert))
    assert first.level == "info"
    assert first.details == {"kind": "watch", "sessionId": "a", "company": "Acme GmbH", "watchId": "w0"}
    assert "Acme GmbH" in first.message
    assert "acme.com" in first.message


def test_each_rule_is_told_once_a_session() -> None:
    book = Playbook()
    book.watches((COMPANY, "acme"))
    book.opened("a")
    assert pick(book.identified(ACME), "watched", "alert") == [
        ("watched", "a", "acme"),
        ("alert", "info", "Acme is here: on the watch list by acme"),
    ]
    book.watches((COMPANY, "acme"), (COMPANY, "acm"))
    assert pick(book.keep_alive("a"), "watched") == []
    # From another address, and from there as somebody else: it is the same visit.
    book.opened("a", ip=CLOUD)
    assert pick(book.identified(CLOUD), "watched") == []
    book.closed("a", ip=CLOUD)
    book.wait(1)
    book.opened("a", at=1.0)
    assert pick(book.identified(ACME), "watched") == [("watched", "a", "acme"), ("watched", "a", "acm")]


def test_a_session_that_was_shown_before_it_was_known_is_told_when_it_is() -> None:
    book = Playbook()
    book.watches((COMPANY, "acme"))
    book.opened("a")
    assert pick(book.wait(3), "watched") == []
    assert pick(book.identified(ACME), "watched") == [("watched", "a", "acme")]


def test_nothing_is_told_of_data_centres_of_nobody_and_of_other_sites() -> None:
    book = Playbook()
    book.watches((COMPANY, "a"), (COUNTRY, "DE"))
    book.page("bot", "/", ip=CLOUD, country="DE")
    book.wait(3)
    told = known(book, Identity(data_center_guid="guid"), CLOUD)
    book.opened("elsewhere", site="other")
    told += known(book)
    kinds = [type(effect) for effect in told]
    assert WatchMatched not in kinds
    assert Alert not in kinds
    assert kinds.count(SessionIdentified) == 1, "of the other site"
    book.page("nobody", "/", ip="185.242.1.3", country="DE")
    assert pick(book.unknown("185.242.1.3"), "watched") == []


def test_a_visit_that_ended_before_it_could_be_shown_is_told() -> None:
    book = Playbook()
    book.watches((COMPANY, "acme"))
    book.opened("a")
    book.closed("a")
    assert pick(book.identified(ACME), "watched") == [("watched", "a", "acme")]
