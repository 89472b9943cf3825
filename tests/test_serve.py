import platform
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.contract.process import serving
from tests.support.service import settings_for_tests
from tracker import operator_token
from tracker.access.principal import Mode
from tracker.accounts import mode_in
from tracker.http.clients import is_loopback
from tracker.serve import HEAPS, serve, tune_allocator
from tracker.settings import SettingsError

HEAP_BYTES = 64 * 1024 * 1024
IS_GLIBC = platform.libc_ver()[0] == "glibc"
ALLOCATING = """
import ctypes, sys, threading
allocate = ctypes.CDLL(None).malloc
together, end = threading.Barrier(9), threading.Event()

def use_memory():
    allocate(1_000)
    together.wait()
    end.wait()

threads = [threading.Thread(target=use_memory) for _ in range(8)]
for thread in threads:
    thread.start()
together.wait()
print("allocated", flush=True)
sys.stdin.read()
end.set()
"""


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
            assert not IS_GLIBC or heaps_of_threads(process.popen.pid) <= HEAPS
            process.popen.terminate()
            process.popen.wait(15)
        assert operator_token.read(tmp_path / "tracker.operator") is None
    assert len(links) == 2


def heaps_of_threads(pid: int) -> int:
    """Count what glibc reserves for heaps beside the first: each 64 MiB at a multiple of 64 MiB."""
    count, used = 0, (0, 0)
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, allowed, *_ = line.split()
        start, end = (int(number, 16) for number in span.split("-"))
        if allowed.startswith("---") and used[1] == start and not used[0] % HEAP_BYTES:
            count += end - used[0] == HEAP_BYTES
        used = (start, end) if allowed.startswith("rw") else (0, 0)
    return count


@pytest.mark.skipif(not IS_GLIBC, reason="another C library has no such heaps")
@pytest.mark.parametrize("is_tuned", [True, False])
def test_threads_share_few_heaps(is_tuned: bool) -> None:
    """In a process of its own: what is set once holds until its end."""
    tune = "from tracker.serve import tune_allocator; tune_allocator()" if is_tuned else ""
    with subprocess.Popen(
        [sys.executable, "-c", f"{tune}\n{ALLOCATING}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"allocated\n"
        heaps = heaps_of_threads(child.pid)
        child.communicate()
    assert (0 < heaps <= HEAPS) if is_tuned else heaps > HEAPS


def test_where_the_c_library_has_no_such_setting_nothing_is_set() -> None:
    tune_allocator(object())


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve(settings_for_tests(server__port=port), said.append) == 1
    (line,) = said
    assert f"127.0.0.1:{port}" in line
    assert "--set server.port=" in line
