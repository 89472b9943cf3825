"""One JSON object a line, or plain lines on a terminal. No secret and nobody's e-mail in either.

What repeats itself is told ten times a minute at the most; the next line says how many were left out.
"""

import logging
import re
import sys
from datetime import UTC, datetime
from threading import Lock
from typing import TextIO

import msgspec

_KEY = re.compile(r"(trk_[ira]_[a-z0-9]{8})_[a-z0-9]+")
_BEARER = re.compile(r"(?i)(bearer\s+)[^\s'\"]+")
_COOKIE = re.compile(r"(tracker_login=)[^\s;'\"]+")
_EMAIL = re.compile(r"[^\s<>()\[\]\"'=:,;@]{1,64}@[^\s<>()\[\]\"'=:,;@/]{1,255}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
MASK = "***"

LINES_PER_MINUTE = 10
MINUTE_S = 60.0


class Repetition:
    """The lines of one class within a minute."""

    __slots__ = ("began_at", "left_out", "lines")

    def __init__(self, began_at: float) -> None:
        self.began_at = began_at
        self.lines = 0
        self.left_out = 0


class Allowance(logging.Filter):
    """Lets ten lines a minute of each class pass, so that no fault fills a disk.

    A class is a place in the program with a level: there are as many as the program
    has lines, whatever the texts say. The first line after a pause of its class
    carries how many were ``left_out``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._classes: dict[tuple[str, int, int], Repetition] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        with self._lock:
            left_out = self._left_out(record)
        if left_out is None:
            return False
        record.left_out = left_out
        return True

    def _left_out(self, record: logging.LogRecord) -> int | None:
        """Return how many lines went before this one untold, ``None`` when this is to be left out, too."""
        kind = (record.pathname, record.lineno, record.levelno)
        told = self._classes.get(kind)
        if told is None:
            told = self._classes[kind] = Repetition(record.created)
        # A clock that was set back must not keep it silent for long.
        if not 0 <= record.created - told.began_at < MINUTE_S:
            told.began_at, told.lines = record.created, 0
        if told.lines >= LINES_PER_MINUTE:
            told.left_out += 1
            return None
        told.lines += 1
        left_out, told.left_out = told.left_out, 0
        return left_out


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if left_out := getattr(record, "left_out", 0):
            line["leftOut"] = left_out
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


class PlainFormatter(logging.Formatter):
    """Nothing in a line moves the cursor or colours the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return _CONTROL.sub("?", redacted(super().format(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:
        left_out = getattr(record, "left_out", 0)
        note = f" ({left_out} more like it were left out)" if left_out else ""
        return super().formatMessage(record) + note


def redacted(text: str) -> str:
    """Return ``text`` with keys, tokens and e-mail addresses masked: a last net, should one get so far."""
    text = _KEY.sub(rf"\1_{MASK}", text)
    text = _BEARER.sub(rf"\1{MASK}", text)
    text = _COOKIE.sub(rf"\1{MASK}", text)
    text = _URL_PASSWORD.sub(rf"\1{MASK}@", text)
    return _EMAIL.sub(MASK, text)


def configure(stream: TextIO = sys.stderr) -> None:
    """Log to standard error: plain on a terminal, JSON elsewhere."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(Allowance())
    if stream.isatty():
        handler.setFormatter(PlainFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    else:
        handler.setFormatter(JSONFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # These two log every request line by line, with full URLs and addresses.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
