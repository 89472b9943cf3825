"""One JSON object a line, or plain lines on a terminal. No secret and nobody's e-mail in either."""

import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

_KEY = re.compile(r"(trk_[ira]_[a-z0-9]{8})_[a-z0-9]+")
_BEARER = re.compile(r"(?i)(bearer\s+)[^\s'\"]+")
_COOKIE = re.compile(r"(tracker_login=)[^\s;'\"]+")
_EMAIL = re.compile(r"[^\s<>()\[\]\"'=:,;@]{1,64}@[^\s<>()\[\]\"'=:,;@/]{1,255}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
MASK = "***"


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


class PlainFormatter(logging.Formatter):
    """Nothing in a line moves the cursor or colours the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return _CONTROL.sub("?", redacted(super().format(record)))


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
    if stream.isatty():
        handler.setFormatter(PlainFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    else:
        handler.setFormatter(JSONFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # These two log every request line by line, with full URLs and addresses.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
