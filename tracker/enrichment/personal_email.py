"""Tells personal e-mail addresses from those of a workplace.

Only what is understood as exactly one address at a domain that is no provider's
is let through: in doubt an address is cut off.
"""

import logging
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from tracker.enrichment.text import clean, plain

log = logging.getLogger(__name__)

DATA = Path(__file__).with_name("personal_email_domains.txt")

EVERY_COUNTRY = frozenset(
    {"gmail", "googlemail", "yahoo", "ymail", "rocketmail", "hotmail", "windowslive", "outlook", "live"}
    | {"msn", "aol", "icloud", "protonmail", "gmx", "yandex", "zohomail"}
)
"""Providers of which every country form counts: ``yahoo.fr``, ``yahoo.co.uk``, ``yahoo.com.br``."""

ORDINARY_WORDS = frozenset({"live", "outlook"})
WORDY_COUNTRIES = frozenset({"ai", "fm", "gg", "io", "me", "tv", "to", "so"})
# Country codes sold to everybody: live.tv is some company's, yahoo.tv nobody else's.

WITH_SUBDOMAINS = frozenset(
    {"me.com", "mac.com", "proton.me", "pm.me", "gmx.net", "gmx.org", "gmx.info", "web.de", "freenet.de"}
    | {"t-online.de", "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sohu.com"}
    | {"mail.com", "zoho.com", "fastmail.com", "fastmail.fm", "tutanota.com", "tuta.com", "hey.com"}
)
"""Providers without country forms whose subdomains belong to them too. Those of the data file
count exactly as they stand there: some are public suffixes, under which companies live."""

MAX_ADDRESS_CHARACTERS = 1024  # with a display name; longer is no address
_COUNTRY_FORM = re.compile(r"com|(?:co\.|com\.)?([a-z]{2})")
_ADDRESS = re.compile(r"[\w.+'&/#~*-]{1,64}@([^@\s]{1,253})")
_ANGLE = re.compile(r"[^<>]*<([^<>]*)>")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")
_MENTION = re.compile(r"[^\s<>()\[\]{},;:\"|@/\\]{0,64}\s{0,3}@\s{0,3}([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")


@cache
def built_in_domains() -> frozenset[str]:
    """Every domain of the data file: 1.4 MB, read when it is first needed. Many services look nobody up."""
    lines = DATA.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


class PersonalEmail:
    """``extra_domains``: further providers; their subdomains count too."""

    def __init__(self, extra_domains: Iterable[str] = ()) -> None:
        self._with_subdomains = WITH_SUBDOMAINS | _configured(extra_domains)

    def is_personal(self, domain: str) -> bool:
        """``domain`` in any spelling; what is no domain is taken for personal."""
        name = ascii_domain(domain)
        return name is None or self._is_providers(name)

    def work_address(self, text: str) -> str | None:
        """Return the one address in ``text`` when it is a workplace's, else ``None``.

        Takes ``bob@acme.com``, ``Bob <bob@acme.com>`` and ``mailto:bob@acme.com``, and
        returns the bare address with its domain in lower case.
        """
        address = _bare(text) if len(text) <= MAX_ADDRESS_CHARACTERS else ""
        match = _ADDRESS.fullmatch(address)
        domain = ascii_domain(match[1]) if match else None
        if domain is None or self._is_providers(domain):
            return None
        return f"{address.partition('@')[0]}@{domain.encode().decode('idna')}"

    def masked(self, text: str) -> str:
        """Return ``text`` without the personal addresses in it; it is unchanged when there are none."""
        folded = plain(text)
        if "@" not in folded:
            return text
        kept = _MENTION.sub(lambda match: "" if self._mentions_provider(match[1]) else match[0], folded)
        return text if kept == folded else clean(kept)

    def _mentions_provider(self, domain: str) -> bool:
        """Whether ``domain`` begins with a provider's: text may go on right after an address."""
        labels = domain.split(".")
        names = (ascii_domain(".".join(labels[:end])) for end in range(2, len(labels) + 1))
        return any(name is not None and self._is_providers(name) for name in names)

    def _is_providers(self, name: str) -> bool:
        if name in built_in_domains():
            return True
        labels = name.split(".")
        for start, label in enumerate(labels[:-1]):
            if ".".join(labels[start:]) in self._with_subdomains:
                return True
            if label in EVERY_COUNTRY and _is_country_form(label, ".".join(labels[start + 1 :])):
                return True
        return False


def ascii_domain(domain: str) -> str | None:
    """Return ``domain`` as DNS spells it (lower case, punycode), or ``None`` when it is none."""
    name = plain(domain).lower().rstrip(".。")
    try:
        name = name.encode("idna").decode().lower()
        name.encode().decode("idna")  # refuses punycode that hides plain letters
    except UnicodeError:
        return None
    labels = name.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return name if _TOP_LEVEL.fullmatch(labels[-1]) else None


def _is_country_form(label: str, rest: str) -> bool:
    match = _COUNTRY_FORM.fullmatch(rest)
    if match is None:
        return False
    return not (label in ORDINARY_WORDS and match[1] == rest and rest in WORDY_COUNTRIES)


def _bare(text: str) -> str:
    """The address within the forms that mail programs write."""
    address = plain(text)
    for _ in range(2):
        if address[:7].lower() == "mailto:":
            address = plain(unquote(address[7:].partition("?")[0]))
        if match := _ANGLE.fullmatch(address):
            address = plain(match[1])
    return address.strip(" ,;\"'").rstrip(".")


def _configured(domains: Iterable[str]) -> frozenset[str]:
    names = set()
    for domain in domains:
        name = ascii_domain(domain.strip().removeprefix("*.").lstrip("@."))
        if name is None:
            log.warning("filters.personal_email_domains: %r is no domain; it is ignored", domain[:80])
        else:
            names.add(name)
    return frozenset(names)
