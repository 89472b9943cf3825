import pytest
from starlette.requests import HTTPConnection

from tracker.http.clients import ClientAddresses

PROXIES = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"]


def connection(peer: str | None, *forwarded: str) -> HTTPConnection:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    client = (peer, 1234) if peer is not None else None
    return HTTPConnection({"type": "http", "headers": headers, "client": client})


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ([], "198.51.100.7", [], "198.51.100.7"),
        ([], "127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
        (PROXIES, "198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        (PROXIES, "127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        (PROXIES, "127.0.0.1", ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (PROXIES, "127.0.0.1", ["6.6.6.6, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        (PROXIES, "127.0.0.1", ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (PROXIES, "127.0.0.1", ["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
        (PROXIES, "fd00::1", ["2001:db8::5"], "2001:db8::5"),
        (PROXIES, "127.0.0.1", ["nonsense"], "nonsense"),
        (PROXIES, "127.0.0.1", [" , "], "127.0.0.1"),
        (PROXIES, "127.0.0.1", [], "127.0.0.1"),
        (PROXIES, None, ["203.0.113.9"], ""),
    ],
)
def test_S4_16_only_configured_proxies_may_say_who_the_client_is(
    trusted: list[str], peer: str | None, forwarded: list[str], expected: str
) -> None:
    assert ClientAddresses(trusted).of(connection(peer, *forwarded)) == expected


@pytest.mark.parametrize(
    ("trusted", "peer", "scheme", "said", "expected"),
    [
        ([], "198.51.100.7", "https", None, True),
        ([], None, "wss", None, True),
        ([], None, "http", "https", False),
        (PROXIES, "198.51.100.7", "http", "https", False),
        (PROXIES, "10.1.2.3", "ws", "https", True),
        (PROXIES, "fd00::1", "http", " https ", True),
        (PROXIES, "10.1.2.3", "http", "httpsx", False),
        (PROXIES, "10.1.2.3", "http", "", False),
        (PROXIES, None, "http", "https", False),
    ],
)
def test_S4_09_tls_is_seen_or_told_by_a_trusted_proxy(
    trusted: list[str], peer: str | None, scheme: str, said: str | None, expected: bool
) -> None:
    headers = [] if said is None else [(b"x-forwarded-proto", said.encode())]
    scope = {"scheme": scheme, "client": peer and (peer, 1234), "headers": headers}
    assert ClientAddresses(trusted).came_over_tls(scope) is expected
