import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.enrichment.personal_email import (
    EVERY_COUNTRY,
    ORDINARY_WORDS,
    WITH_SUBDOMAINS,
    PersonalEmail,
    built_in_domains,
)

EMAILS = PersonalEmail(["Example-Mail.org", "@post.example", "not a domain"])

PERSONAL = [
    "gmail.com", "googlemail.com", "gmail.co.uk", "yahoo.com", "yahoo.fr", "yahoo.co.jp", "yahoo.com.br",
    "ymail.com", "rocketmail.com", "hotmail.com", "hotmail.it", "hotmail.co.uk", "outlook.com", "outlook.de",
    "outlook.com.au", "live.com", "live.nl", "live.co.uk", "live.com.mx", "msn.com", "aol.com", "aol.co.uk",
    "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "protonmail.ch", "pm.me", "gmx.de",
    "gmx.net", "gmx.at", "gmx.co.uk", "web.de", "mail.ru", "yandex.ru", "yandex.com.tr", "qq.com", "163.com",
    "zoho.com", "t-online.de", "free.fr", "orange.fr", "mailinator.com", "example-mail.org", "post.example",
]  # fmt: skip
WORK = [
    "acme.com", "siemens.de", "bbc.co.uk", "livenation.com", "live-nation.co.uk", "live.acme.com", "live.tv",
    "outlookindia.com", "gmail.acme.com", "notgmail.com", "yahoo-inc.com", "yahooinc.com", "proton.com.my",
    "proton.ch", "zohocorp.com", "me.acme.com", "mac.co.uk", "gmx-group.example", "aolserver.org",
    "microsoft.com", "google.com", "apple.com", "acme.net.ua", "acme.au.com", "müller.de", "пример.рф",
]  # fmt: skip


@pytest.mark.parametrize("domain", PERSONAL)
def test_personal_domains(domain: str) -> None:
    assert EMAILS.work_address(f"bob@{domain}") is None
    assert EMAILS.is_personal(domain)


@pytest.mark.parametrize("domain", WORK)
def test_work_domains(domain: str) -> None:
    assert EMAILS.work_address(f"bob.smith+x@{domain}") == f"bob.smith+x@{domain}"


@pytest.mark.parametrize("subdomain", ["mail.gmail.com", "a.b.yahoo.co.uk", "vip.qq.com", "x.post.example"])
def test_subdomains_of_providers_are_theirs(subdomain: str) -> None:
    assert EMAILS.work_address(f"bob@{subdomain}") is None


FORMS = [
    "{}", " {} ", "{}.", "mailto:{}", "MAILTO:{}?subject=Hi", "Bob <{}>", "<{}>", '"Smith, Bob" <{}>',
    "Bob <mailto:{}>", "'{}'", "{};", "{}\n", "\u200b{}", "\u202e{}\u202c", "mailto:Bob <{}>",
]  # fmt: skip

CASES = st.sampled_from([str, str.upper, str.title])
WIDTHS = st.sampled_from(
    [str, lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)]
)


@given(st.sampled_from(PERSONAL), st.sampled_from(FORMS), CASES, WIDTHS)
def test_every_form_of_a_personal_address_is_cut(domain: str, form: str, case: object, width: object) -> None:
    assert callable(case)
    assert callable(width)
    text = form.format(width(case(f"bob@{domain}")))
    assert EMAILS.work_address(text) is None
    assert "bob" not in EMAILS.masked(text).lower().replace("bob ", "").replace("smith, bob", "")


@given(st.sampled_from(WORK), st.sampled_from(FORMS), CASES)
def test_every_form_of_a_work_address_is_kept(domain: str, form: str, case: object) -> None:
    assert callable(case)
    found = EMAILS.work_address(form.format(case(f"bob@{domain}")))
    assert found is not None
    assert found.lower() == f"bob@{domain}"


@given(st.sampled_from(sorted(EVERY_COUNTRY - ORDINARY_WORDS)), st.from_regex(r"\A(co\.|com\.)?[a-z]{2}\Z"))
def test_every_country_form_is_cut(provider: str, country: str) -> None:
    assert EMAILS.is_personal(f"{provider}.{country}")


NAMES = st.from_regex(r"\A[a-z][a-z0-9]{2,20}-(gmbh|ltd|inc)\Z")


@given(NAMES, st.sampled_from(["com", "de", "co.uk", "com.br", "org", "io"]))
def test_a_companys_domain_never_is(name: str, ending: str) -> None:
    address = f"info@{name}.{ending}"
    assert EMAILS.work_address(address) == address
    assert EMAILS.masked(f"Write to {address}.") == f"Write to {address}."


@given(st.text(max_size=80))
def test_whatever_is_let_through_is_one_address_at_no_provider(text: str) -> None:
    found = EMAILS.work_address(text)
    if found is not None:
        local, _, domain = found.partition("@")
        assert local
        assert "@" not in domain
        assert not EMAILS.is_personal(domain)


@pytest.mark.parametrize(
    "text",
    [
        "", "bob", "@acme.com", "bob@", "bob@acme", "bob@@acme.com", "bob@gmail.com@acme.com",
        "a@acme.com, b@acme.com", "bob at acme dot com", "bob@[1.2.3.4]", "bob=gmail.com@acme.com",
        "bob%gmail.com@acme.com", "bob@1.2.3.4", "bob@-acme.com", "bob@acme..com", "x" * 2000 + "@acme.com",
        "bob@" + "a" * 300 + ".com", "bob@xn--gmail-.com", "<script>@acme.com", "bob@acme.com<b@c.de>x",
    ],
)  # fmt: skip
def test_what_is_not_understood_as_one_address_is_cut(text: str) -> None:
    assert EMAILS.work_address(text) is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Bob bob@gmail.com Smith", "Bob Smith"),
        ("Bob (bob@GMAIL.com)", "Bob ()"),
        ("Bob bob @ yahoo.fr", "Bob"),
        ("CEO, bob@gmail.com.Call me", "CEO, me"),
        ("bob＠gmail．com", ""),
        ("b\u200bob@gm\u200bail.com", ""),
        ("a@gmail.com,b@acme.com", ",b@acme.com"),
        ("a@gmail.com/b@hotmail.de", "/"),
        ("CEO @ Acme", "CEO @ Acme"),
        ("bob@acme.com", "bob@acme.com"),
        ("Version @2.0", "Version @2.0"),
        ("ＡＣＭＥ ™ 東京", "ＡＣＭＥ ™ 東京"),
    ],
)
def test_addresses_within_a_text_are_cut(text: str, masked: str) -> None:
    assert EMAILS.masked(text) == masked


def test_domains_that_are_none_in_the_settings_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    PersonalEmail(["no domain", "ok.example"])
    assert "no domain" in caplog.text
    assert "ok.example" not in caplog.text


def test_the_data_file_is_read_when_it_is_first_needed() -> None:
    built_in_domains.cache_clear()
    emails = PersonalEmail()
    assert built_in_domains.cache_info().currsize == 0
    assert emails.is_personal("mail.ru")
    assert built_in_domains.cache_info().currsize == 1


def test_the_data_file_is_whole() -> None:
    domains = built_in_domains()
    assert len(domains) > 10_000
    assert not [name for name in domains if not name.isascii() or name != name.lower() or "." not in name]
    assert {"gmail.com", "mail.ru"} <= domains


def test_the_own_list_names_domains_only() -> None:
    assert all(name.count(".") == 1 for name in WITH_SUBDOMAINS)
    assert ORDINARY_WORDS <= EVERY_COUNTRY
