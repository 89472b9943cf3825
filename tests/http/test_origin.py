import pytest

from tracker.http.origin import is_allowed

HERE = "127.0.0.1:3000"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:3000", HERE),
        ("http://localhost:3000", "localhost:3000"),
        ("http://LOCALHOST:3000", "localhost:3000"),
        ("http://[::1]:3000", "[::1]:3000"),
        ("http://example.com", "example.com"),
        ("https://example.com", "example.com"),
        ("https://example.com", "example.com:443"),
        ("http://example.com:80", "example.com"),
        ("https://example.com:8443", "example.com:8443"),
    ],
)
def test_S4_07_the_services_own_pages_may_connect(origin: str, host: str) -> None:
    assert is_allowed([origin], [host], ())


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:3001",
        "https://127.0.0.1",
        "http://127.0.0.1.evil.example:3000",
        "http://evil.example/127.0.0.1:3000",
        "http://evil.example?127.0.0.1:3000",
        "http://evil.example#127.0.0.1:3000",
        "http://127.0.0.1:3000@evil.example",
        "http://evil.example@127.0.0.1:3000",
        "http://evil127.0.0.1:3000",
        "http://127.0.0.1:3000/",
        "http://127.0.0.1:3000 ",
        "http://127.0.0.1:3000, http://evil.example",
        "ws://127.0.0.1:3000",
        "file://127.0.0.1:3000",
        "127.0.0.1:3000",
        "//127.0.0.1:3000",
        "http://127.0.0.1:03000x",
        "http://127.0.0.1:3000\n",
        "http://１２７.0.0.1:3000",
    ],
)
def test_S4_07_other_pages_may_not(origin: str) -> None:
    assert not is_allowed([origin], [HERE], ())


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost.evil.example", "localhost"),
        ("http://evil-localhost", "localhost"),
        ("http://localhost", "localhost:3000"),
        ("http://example.com", "example.com:443"),
        ("https://example.com:80", "example.com"),
        ("http://example.com", "EXAMPLE.com.evil"),
        ("http://example.com", "user@example.com"),
        ("http://example.com", ""),
    ],
)
def test_S4_07_look_alikes_are_other_pages(origin: str, host: str) -> None:
    assert not is_allowed([origin], [host], ())


def test_S4_07_without_an_origin_it_is_no_browser() -> None:
    assert is_allowed([], [HERE], ())


def test_S4_07_two_origins_or_hosts_are_nobodys() -> None:
    assert not is_allowed(["http://127.0.0.1:3000"] * 2, [HERE], ())
    assert not is_allowed(["http://127.0.0.1:3000"], [HERE, HERE], ())
    assert not is_allowed(["http://127.0.0.1:3000"], [], ())


def test_S4_07_allowed_origins_are_matched_exactly() -> None:
    allowed = {"https://panel.example"}
    assert is_allowed(["https://panel.example"], [HERE], allowed)
    for other in ("http://panel.example", "https://panel.example:444", "https://a.panel.example"):
        assert not is_allowed([other], [HERE], allowed)
