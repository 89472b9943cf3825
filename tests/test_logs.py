import io
import json
import logging
from collections.abc import Iterator

import pytest

from tracker import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_S4_20_a_line_is_one_json_object_whatever_the_text() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    logging.getLogger("tracker.test").warning("first\nsecond\x1b[31m %s", '"quoted"')
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["message"] == 'first\nsecond\x1b[31m "quoted"'
    assert (entry["level"], entry["logger"]) == ("warning", "tracker.test")
    assert "\x1b" not in line


def test_an_exception_is_part_of_its_line() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("tracker.test").exception("it happened")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: broken" in json.loads(line)["exception"]


def test_a_terminal_gets_plain_lines() -> None:
    stream = Terminal()
    logs.configure(stream)
    logging.getLogger("tracker.test").info("hello")
    assert stream.getvalue().endswith("INFO    hello\n")


def test_request_lines_of_libraries_stay_out() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    for name in ("httpx", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).info("GET /?key=secret")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key trk_a_k3jf82ha_" + "a2" * 16 + " came", "key trk_a_k3jf82ha_*** came"),
        ("Authorization: Bearer of-the-operator", "Authorization: Bearer ***"),
        ("cookie: __Host-tracker_login=abc-def; x=y", "cookie: __Host-tracker_login=***; x=y"),
        ("of <ann.smith+x@mail.example.com>", "of <***>"),
        ("ws://user:word@example.com/x", "ws://user:***/x"),
        ("3 sessions @ 10:00, a@", "3 sessions @ 10:00, a@"),
    ],
)
def test_S4_20_what_gives_access_or_names_somebody_is_masked(text: str, shown: str) -> None:
    for stream in (io.StringIO(), Terminal()):
        logs.configure(stream)
        try:
            raise ValueError(text)
        except ValueError:
            logging.getLogger("tracker.test").exception("%s", text)
        assert stream.getvalue().count(shown) == 2
        assert shown == text or text not in stream.getvalue()


def test_S4_20_a_terminal_is_not_steered_by_a_text() -> None:
    stream = Terminal()
    logs.configure(stream)
    logging.getLogger("tracker.test").info("\x1b[2Jgone\r\x9b31m")
    assert stream.getvalue().endswith("INFO    ?[2Jgone??31m\n")


# Repetition


class Source:
    """One place in the program that logs again and again, at times of its own."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream
        logs.configure(stream)
        (self._handler,) = logging.getLogger().handlers

    def log(self, text: str, at: float, line: int = 7, level: int = logging.WARNING) -> None:
        record = logging.LogRecord("tracker.test", level, "part.py", line, text, None, None)
        record.created = at
        self._handler.handle(record)

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]


def test_a_class_of_lines_is_told_ten_times_a_minute_and_then_how_often_it_was_not() -> None:
    source = Source(io.StringIO())
    for number in range(1_000):
        source.log(f"failure {number}", at=1_000.0 + number * 0.05)
    assert [line["message"] for line in source.lines] == [f"failure {number}" for number in range(10)]
    source.log("failure again", at=1_060.0)
    source.log("and again", at=1_060.1)
    assert [line.get("leftOut") for line in source.lines[-2:]] == [990, None]


def test_one_class_does_not_silence_another() -> None:
    source = Source(io.StringIO())
    for _ in range(20):
        source.log("flood", at=1_000.0)
    source.log("of another place", at=1_000.0, line=8)
    source.log("of another level", at=1_000.0, level=logging.ERROR)
    assert [line["message"] for line in source.lines[10:]] == ["of another place", "of another level"]


def test_a_clock_that_was_set_back_does_not_keep_it_silent() -> None:
    source = Source(io.StringIO())
    for _ in range(20):
        source.log("flood", at=1_000_000.0)
    source.log("an hour earlier", at=996_400.0)
    assert source.lines[-1]["message"] == "an hour earlier"
    assert source.lines[-1]["leftOut"] == 10


def test_a_terminal_is_told_as_well_how_many_were_left_out() -> None:
    stream = Terminal()
    source = Source(stream)
    for _ in range(12):
        source.log("flood", at=1_000.0)
    source.log("flood", at=1_061.0)
    assert stream.getvalue().splitlines()[-1].endswith("flood (2 more like it were left out)")
