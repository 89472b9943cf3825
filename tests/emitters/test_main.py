"""The command line, as child processes."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import emitters
from emitters.answer_faults import ANSWER_FAULTS
from emitters.door import CONNECTION_FAULTS
from emitters.visit_faults import VISIT_FAULTS


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "emitters", *arguments]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*arguments), capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def _started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        _command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "first_line"),
    [
        (("sessions", "--port", "0"), "sessions listening on ws://127.0.0.1:"),
        (("deanonymizer", "--port", "0"), "deanonymizer listening on http://127.0.0.1:"),
        (("site", "--port", "0"), "site listening on http://127.0.0.1:"),
        (("traffic", "--url", "http://127.0.0.1:9/api/events"), "traffic sending to http://127.0.0.1:9/"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_line_says_where_and_a_signal_ends_it_quietly(
    arguments: tuple[str, ...], first_line: str, number: signal.Signals
) -> None:
    with _started(*arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(first_line)
        process.send_signal(number)
        assert process.wait(timeout=15) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("program", ["sessions", "deanonymizer", "site"])
def test_a_taken_port_is_named_in_one_line(program: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run(program, "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"Port {port} on 127.0.0.1 is taken: end the program that uses it, "
        "or give another with --port (0 takes any free one)."
    ]


@pytest.mark.parametrize("program", ["sessions", "deanonymizer"])
def test_an_unknown_fault_is_refused_by_name(program: str) -> None:
    done = _run(program, "--port", "0", "--fault", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr


@pytest.mark.parametrize(
    ("program", "faults"),
    [
        ("sessions", {name: fault.text for name, fault in VISIT_FAULTS.items()} | CONNECTION_FAULTS),
        ("deanonymizer", ANSWER_FAULTS),
    ],
)
def test_help_and_the_package_docstring_list_every_fault_with_a_line(
    program: str, faults: dict[str, str]
) -> None:
    shown = _run(program, "--help").stdout
    assert emitters.__doc__ is not None
    for listing in (shown, emitters.__doc__):
        lines = [line.split(maxsplit=1) for line in listing.splitlines()]
        for name, text in faults.items():
            assert [name, text] in lines
