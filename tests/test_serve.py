import socket

import pytest

from tests.support.service import settings_for_tests
from tracker.serve import is_loopback, needs_access_control, serve


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.evil.example", False),
    ],
)
def test_S4_18_only_loopback_goes_without_access_control(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
    for mode in ("auto", "open"):
        assert needs_access_control(settings_for_tests(server__host=host, auth__mode=mode)) is not expected
    assert needs_access_control(settings_for_tests(server__host=host, auth__mode="required"))


def test_S4_18_a_host_that_all_can_reach_is_refused_with_what_to_do() -> None:
    said: list[str] = []
    assert serve(settings_for_tests(server__host="0.0.0.0"), said.append) == 2
    (line,) = said
    assert "server.host=127.0.0.1" in line


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve(settings_for_tests(server__port=port), said.append) == 1
    (line,) = said
    assert f"127.0.0.1:{port}" in line
    assert "--set server.port=" in line
