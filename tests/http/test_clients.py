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
