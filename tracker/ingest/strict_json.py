"""JSON as the doors take it: one reading of every document, at a bounded cost.

Two readers of one document must not see two things, so what parsers disagree
about is refused: duplicate keys, NaN and infinities, byte order marks, other
encodings than UTF-8. Whole numbers of up to 1,000 digits pass; a field that
cannot hold one says so itself.
"""

import json
import math
from typing import Any, NoReturn

import msgspec

MAX_DEPTH = 32
MAX_KEYS = 1000
"""Keys of one object."""

MAX_VALUES = 25_000
"""Commas of one document: 25 for each of the 1,000 events that a request may hold."""

MAX_CONTAINERS = 10_000
"""Objects and arrays of one document: 10 for each event."""

MAX_DIGITS = 1000
"""Characters of one number: the cost of reading it grows with their square."""

_LONG_NUMBER = b"0" * (MAX_DIGITS + 1)
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

_READ = msgspec.json.Decoder().decode
_WRITE = msgspec.json.Encoder().encode


class JSONRejected(Exception):
    """Raised when a document is refused.

    Attributes:
        reason: a word for counters: ``invalid_json``, ``too_large``, ``too_deep``,
            ``too_many_keys``, ``too_many_values``, ``duplicate_key``, ``not_finite``
            or ``number_too_long``.
        message: a sentence for the sender, which never repeats the input.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def decode(data: bytes | str, max_bytes: int) -> Any:
    """Return the object or array that ``data`` holds, as dicts, lists, strings, numbers.

    Lone surrogates, written as escapes, pass: free text repairs them. At most
    20 ms of CPU for 256 KiB, whatever they hold.

    Raises:
        JSONRejected: see there.
    """
    document = _as_utf8(data)
    if len(document) > max_bytes:
        raise JSONRejected("too_large", f"The body is larger than {max_bytes} bytes.")
    containers = _openers(document)
    if containers > MAX_CONTAINERS or document.count(b",") > MAX_VALUES:
        _refuse_crowds(document)
    value = _read(document)
    if not isinstance(value, dict | list):
        raise JSONRejected("invalid_json", "The body must be a JSON object or array.")
    if containers > MAX_DEPTH or document.count(b":") > MAX_KEYS:
        _check_shape(value)
    return value


def _as_utf8(data: bytes | str) -> bytes:
    if isinstance(data, bytes):
        return data
    try:
        return data.encode()
    except UnicodeEncodeError as exc:
        raise _not_utf8() from exc


def _read(document: bytes) -> Any:
    """Read with the fast parser, and believe it when writing the value gives the document again.

    Then nothing was dropped: no key came twice. That is what programs send (2 µs
    for 300 bytes), many of them with a space after each comma and colon. Without those
    it still has each key as often as before; a text that loses one ends the likeness.
    Other spaces, escapes and everything that is refused take the careful way (6 µs more).
    """
    if len(document) > MAX_DIGITS and _LONG_NUMBER in document.translate(_DIGITS_TO_ZERO):
        return _read_carefully(document)
    try:
        value = _READ(document)
        written = _WRITE(value)
        if written == document or written == document.replace(b", ", b",").replace(b": ", b":"):
            return value
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        pass
    return _read_carefully(document)


def _read_carefully(document: bytes) -> Any:
    if document.startswith(_BYTE_ORDER_MARKS):
        raise JSONRejected("invalid_json", "The body must be UTF-8 without a byte order mark.")
    try:
        text = document.decode()
    except UnicodeDecodeError as exc:
        raise _not_utf8() from exc
    if not text.strip():
        raise JSONRejected("invalid_json", "The body is empty.")
    try:
        return _CAREFUL.decode(text)
    except json.JSONDecodeError as exc:
        raise JSONRejected(
            "invalid_json", f"The body is not valid JSON (line {exc.lineno}, column {exc.colno})."
        ) from exc
    except RecursionError as exc:
        raise _too_deep() from exc


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JSONRejected("duplicate_key", "A key comes twice in one object.")
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _number_too_long()
    return int(digits)


def _finite(text: str) -> float:
    if len(text) > MAX_DIGITS:
        raise _number_too_long()
    number = float(text)
    if math.isinf(number):
        raise _not_finite()
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise _not_finite()


_CAREFUL = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_whole, parse_float=_finite, parse_constant=_refuse_constant
)


def _openers(document: bytes) -> int:
    return document.count(b"{") + document.count(b"[")


def _refuse_crowds(document: bytes) -> None:
    """Count again without the strings, which may hold any character."""
    unescaped = document.replace(rb"\\", b"").replace(rb"\"", b"")
    bare = b"".join(unescaped.split(b'"')[::2])
    if _openers(bare) > MAX_CONTAINERS or bare.count(b",") > MAX_VALUES:
        raise JSONRejected("too_many_values", "The body holds too many values.")


def _check_shape(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        following: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                if len(container) > MAX_KEYS:
                    raise JSONRejected("too_many_keys", f"An object has more than {MAX_KEYS} keys.")
                container = container.values()
            following += [item for item in container if type(item) in (dict, list)]
        if not following:
            return
        level = following
    raise _too_deep()


def _not_utf8() -> JSONRejected:
    return JSONRejected("invalid_json", "The body is not valid UTF-8.")


def _number_too_long() -> JSONRejected:
    return JSONRejected("number_too_long", f"A number has more than {MAX_DIGITS} digits.")


def _not_finite() -> JSONRejected:
    return JSONRejected("not_finite", "Numbers must be finite: NaN and infinities are no JSON.")


def _too_deep() -> JSONRejected:
    return JSONRejected("too_deep", f"The body is nested more than {MAX_DEPTH} levels deep.")
