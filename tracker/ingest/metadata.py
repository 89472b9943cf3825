"""The free part of an event: any JSON object, within bounds."""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from tracker.ingest.texts import clean, identifier_problem

MAX_BYTES = 32 * 1024
"""As JSON, after the repair."""

MAX_VALUES = 1000
PLAIN_VALUES = 8
"""So many keys and texts of 200 characters each are never too many bytes."""
MAX_DEPTH = 30
MAX_KEY = 200
KNOWN_KEYS = 1024
"""Keys that are remembered, at most 1 MB of them."""
MAX_TEXT = 2000
MAX_INTEGER = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_encode = msgspec.json.Encoder().encode

Refuse = Callable[[str, str], None]
"""Takes the path of a wrong value and a sentence about it."""


def clean_metadata(given: object, refuse: Refuse) -> dict[str, Any]:
    """Return ``given``, or a copy with every string repaired and clamped to 2,000 characters.

    What is wrong goes to ``refuse`` by its path (``metadata.screen.width``,
    ``metadata.tags[3]``) and is left out. A key is repeated in a path only when
    it is plain (letters, digits, ``_`` and ``-``), else it is ``?``.
    """
    if not isinstance(given, dict):
        refuse("metadata", "must be an object")
        return {}
    if is_plain(given):
        return given
    cleaner = _Cleaner(refuse)
    cleaned = cleaner.object(given, "metadata", MAX_DEPTH)
    if not cleaner.is_full and len(_encode(cleaned)) > MAX_BYTES:
        refuse("metadata", f"must have at most {MAX_BYTES} bytes as JSON")
    return cleaned


def is_plain(given: dict[Any, Any]) -> bool:
    """Tell whether it is what most are: a few short texts, in which there is nothing to clean."""
    if len(given) > PLAIN_VALUES:
        return False
    for key, value in given.items():
        if type(value) is not str or len(value) > MAX_KEY or not value.isprintable():
            return False
        if _problem_of_key(key) is not None:
            return False
    return True


class _Cleaner:
    __slots__ = ("_left", "_refuse", "is_full")

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._left = MAX_VALUES
        self.is_full = False

    def object(self, given: dict[Any, Any], path: str, depth_left: int) -> dict[str, Any]:
        if not self._has_room(len(given)):
            return {}
        cleaned: dict[str, Any] = {}
        for key, value in given.items():
            problem = _problem_of_key(key)
            if problem is not None:
                self._refuse(_join(path, key), f"has a wrong key, which {problem}")
            # What most values are, and what cleaning would leave as it is.
            elif type(value) is str and len(value) <= MAX_TEXT and value.isprintable():
                cleaned[key] = value
            else:
                cleaned[key] = self._value(value, path, key, depth_left)
        return cleaned

    def _array(self, given: list[Any], path: str, depth_left: int) -> list[Any]:
        if not self._has_room(len(given)):
            return []
        return [self._value(value, path, position, depth_left) for position, value in enumerate(given)]

    def _value(self, value: Any, path: str, step: str | int, depth_left: int) -> Any:
        kind = type(value)
        if kind is str:
            return clean(value, MAX_TEXT)
        if value is None or kind is bool:
            return value
        if kind is int and -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        if kind is float and math.isfinite(value):
            return value
        return self._container_or_wrong(value, _join(path, step), depth_left - 1)

    def _container_or_wrong(self, value: Any, path: str, depth_left: int) -> Any:
        if isinstance(value, dict | list):
            if depth_left <= 0:
                self._refuse(path, f"is nested more than {MAX_DEPTH} levels deep")
            elif isinstance(value, dict):
                return self.object(value, path, depth_left)
            else:
                return self._array(value, path, depth_left)
        elif type(value) is int:
            self._refuse(path, f"must lie between -{MAX_INTEGER} and {MAX_INTEGER}; send it as a string")
        else:
            self._refuse(path, "must be a JSON value")
        return None

    def _has_room(self, count: int) -> bool:
        self._left -= count
        if self._left < 0 and not self.is_full:
            self.is_full = True
            self._refuse("metadata", f"must hold at most {MAX_VALUES} values")
        return not self.is_full


def _problem_of_key(key: object) -> str | None:
    if not isinstance(key, str):
        return "must be a string"
    # The same few come with every event.
    return _known_problem(key) if len(key) <= MAX_KEY else identifier_problem(key, MAX_KEY)


@lru_cache(KNOWN_KEYS)
def _known_problem(key: str) -> str | None:
    return identifier_problem(key, MAX_KEY)


def _join(path: str, step: object) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    plain = isinstance(step, str) and _PLAIN_KEY.fullmatch(step)
    return f"{path}.{step}" if plain else f"{path}.?"
