"""FAULTS.md 4.3 and 4.4: keys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.opened import Random
from tracker.access.keys import (
    SECRET_BYTES,
    KeyNotValid,
    NewKey,
    canonical_origin,
    check_key,
    digest_of,
    id_of,
    make_key,
)
from tracker.access.verdicts import Denied, Reason
from tracker.core.accounts import Key, Scope

SITE = "default"


def made(*scopes: Scope, origins: tuple[str, ...] = ()) -> NewKey:
    return make_key(SITE, scopes or (Scope.READ,), "a key", origins, 10.0)


def check(new: NewKey, text: str, origin: str | None = None, in_url: bool = False) -> Key | Denied:
    return check_key({new.key.id: new.key}, text, origin, in_url)


def test_S4_04_a_key_has_160_random_bits_and_only_its_digest_is_kept() -> None:
    assert SECRET_BYTES * 8 >= 128
    asked: list[int] = []

    def random_bytes(size: int) -> bytes:
        asked.append(size)
        return Random()(size)

    new = make_key(SITE, {Scope.READ}, "", (), 10.0, random_bytes)
    assert asked == [5, 20]
    assert re.fullmatch(r"trk_r_[a-z2-7]{8}_[a-z2-7]{32}", new.text)
    assert new.text.startswith(new.key.prefix + "_")
    secret = new.text.rpartition("_")[2]
    assert secret not in repr(new.key)
    assert new.key.digest == digest_of(new.text)
    assert len({made().text for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("scopes", "letter"),
    [
        ((Scope.INGEST,), "i"),
        ((Scope.READ,), "r"),
        ((Scope.ADMIN,), "a"),
        ((Scope.INGEST, Scope.READ), "r"),
        ((Scope.INGEST, Scope.READ, Scope.ADMIN), "a"),
    ],
)
def test_the_letter_says_the_most_that_it_may(scopes: tuple[Scope, ...], letter: str) -> None:
    new = made(*scopes)
    assert new.text[4] == letter
    assert check(new, new.text) == new.key


def test_S4_04_only_the_whole_text_opens() -> None:
    new, other = made(), made()
    assert check(new, new.text) == new.key
    wrong = [
        "",
        "x",
        new.key.prefix,
        new.text[:-1],
        new.text + "a",
        new.text.upper(),
        f" {new.text}",
        new.text + "\n",
        new.text.replace("trk_r", "trk_a"),
        new.key.prefix + "_" + other.text.rpartition("_")[2],
        other.text,
        "\ud800",
        "x" * 100_000,
        new.key.digest.hex(),
    ]
    assert {check(new, text) for text in wrong} == {Denied(Reason.BAD_KEY)}


@given(st.text())
def test_any_text_is_refused_without_an_error(text: str) -> None:
    assert check(made(), text) == Denied(Reason.BAD_KEY)


def test_S4_04_a_revoked_key_says_so_to_its_holder_alone() -> None:
    new = made()
    revoked = NewKey(new.key._replace(revoked_at=20.0), new.text)
    assert check(revoked, new.text) == Denied(Reason.REVOKED_KEY)
    assert check(revoked, new.text[:-1] + "a") == Denied(Reason.BAD_KEY) or new.text.endswith("a")
    assert Denied(Reason.REVOKED_KEY).status == 401


def test_S4_04_only_a_key_that_can_do_nothing_else_may_stand_in_a_url() -> None:
    for scopes in ((Scope.READ,), (Scope.ADMIN,), (Scope.INGEST, Scope.READ)):
        new = made(*scopes)
        assert check(new, new.text, in_url=True) == Denied(Reason.KEY_IN_URL)
    public = made(Scope.INGEST)
    assert check(public, public.text, in_url=True) == public.key


def test_S4_03_an_ingest_key_can_be_bound_to_origins() -> None:
    new = made(Scope.INGEST, origins=("https://Shop.example:443/", "http://localhost:8000"))
    assert new.key.origins == ("http://localhost:8000", "https://shop.example")
    assert check(new, new.text, "https://shop.example") == new.key
    for origin in (
        None,
        "",
        "null",
        "https://shop.example.evil.test",
        "https://evil.test",
        "http://shop.example",
        "https://shop.example:8443",
    ):
        assert check(new, new.text, origin) == Denied(Reason.WRONG_ORIGIN), origin
    assert Denied(Reason.WRONG_ORIGIN).status == 403


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://EXAMPLE.com/", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(text: str, canonical: str) -> None:
    assert canonical_origin(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "example.com",
        "https://",
        "https://*.example.com",
        "https://example.com/path",
        "https://example.com?x",
        "https://user@example.com",
        "https://example.com:port",
        "ftp://example.com",
        "https://exa mple.com",
        "https://exämple.com",
        "https://example.com\n",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(KeyNotValid) as caught:
        canonical_origin(text)
    assert caught.value.field == "origins"


def test_what_makes_no_sense_is_not_made() -> None:
    for field, scopes, name, origins in (
        ("scopes", (), "", ()),
        ("origins", (Scope.READ,), "", ("https://example.com",)),
        ("origins", (Scope.INGEST, Scope.READ), "", ("https://example.com",)),
        ("origins", (Scope.INGEST,), "", tuple(f"https://{n}.example" for n in range(21))),
        ("name", (Scope.READ,), "x" * 101, ()),
        ("name", (Scope.READ,), "a\nb", ()),
    ):
        with pytest.raises(KeyNotValid) as caught:
            make_key(SITE, scopes, name, origins, 10.0)
        assert caught.value.field == field


def test_a_shown_prefix_and_a_bare_id_name_the_key() -> None:
    key = made().key
    assert id_of(key.prefix) == id_of(key.id) == key.id
    for wrong in ("", "trk_r_", key.prefix + "x", "%", "trk_x_" + key.id):
        assert id_of(wrong) is None
