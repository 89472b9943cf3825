import socket
from pathlib import Path

import httpx
import pytest

from tests.contract.process import serving
from tests.support.service import settings_for_tests
from tracker import operator_token
from tracker.access.principal import Mode
from tracker.accounts import mode_in
from tracker.http.clients import is_loopback
from tracker.serve import serve
from tracker.settings import SettingsError


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
    auto = mode_in(settings_for_tests(server__host=host))
    assert auto is (Mode.OPEN if expected else Mode.REQUIRED)
    assert mode_in(settings_for_tests(server__host=host, auth__mode="required")) is Mode.REQUIRED


def test_S4_18_a_host_that_all_can_reach_is_never_open() -> None:
    settings = settings_for_tests(server__host="0.0.0.0", auth__mode="open")
    with pytest.raises(SettingsError):
        mode_in(settings)
    said: list[str] = []
    assert serve(settings, said.append) == 2
    (line,) = said
    assert "auth.mode" in line


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot be read"), ("qwertyuiop\n", "first"), ("seven77", "8 to")]
)
def test_S4_05_a_password_file_that_is_no_use_is_named(
    tmp_path: Path, content: str | None, told: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    settings = settings_for_tests(auth__mode="required", auth__admin_password_file=str(file))
    said: list[str] = []
    assert serve(settings, said.append) == 2
    (line,) = said
    assert "auth.admin_password_file" in line
    assert told in line
    assert content is None or content.strip() not in line


def test_S4_05_the_first_start_prints_a_setup_link_and_the_next_one_another(tmp_path: Path) -> None:
    links = set()
    for _ in range(2):
        with serving(tmp_path, "auth.mode=required") as process:
            assert process.popen.stdout is not None
            line = process.popen.stdout.readline()
            assert f"{process.base_url}/#setup=" in line
            links.add(line.split("#setup=")[1])
            assert line.split("#setup=")[1].strip() not in process.log.read_text()
            operator = operator_token.read(tmp_path / "tracker.operator")
            assert operator is not None
            assert operator.url == process.base_url
            assert (tmp_path / "tracker.operator").stat().st_mode & 0o777 == 0o600
            assert httpx.get(f"{process.base_url}/health", trust_env=False).status_code == 200
            process.popen.terminate()
            process.popen.wait(15)
        assert operator_token.read(tmp_path / "tracker.operator") is None
    assert len(links) == 2


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve(settings_for_tests(server__port=port), said.append) == 1
    (line,) = said
    assert f"127.0.0.1:{port}" in line
    assert "--set server.port=" in line
