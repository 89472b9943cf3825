"""Answers about times in which nothing has changed since they were worked out."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from tracker.core.history import Filter

T = TypeVar("T")

MAX_WEIGHT = 20_000
"""About 5 MB of points of time series."""
ANSWER_WEIGHT = 100


class Answers:
    """Remembers answers until something changes before the end of their time.

    Whoever writes to the history says so through :meth:`changed`, once it is committed. An answer
    that was being worked out meanwhile is not remembered. Those not asked for the longest go first
    when it is full. For any thread.
    """

    def __init__(self, max_weight: int = MAX_WEIGHT) -> None:
        self._max_weight = max_weight
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._learning: set[Learning] = set()
        self.weight = 0
        """1 for each part of a time series, 100 for each whole answer."""

    def find(self, key: Hashable) -> Any:
        """Return the answer, or ``None``."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                return None
            self._answers.move_to_end(key)
            return answer.value

    @contextmanager
    def learning(self) -> "Iterator[Learning]":
        """For the time from before the first look at the history until everything is kept."""
        learning = Learning(self)
        with self._lock:
            self._learning.add(learning)
        try:
            yield learning
        finally:
            with self._lock:
                self._learning.discard(learning)

    def answer(
        self, question: Callable[..., T], wanted: Filter, rest: tuple[Hashable, ...], cursor: Any
    ) -> T:
        """Return ``question(cursor, wanted, *rest)``, or what is remembered of it."""
        key = (question, wanted, rest)
        found: T | None = self.find(key)
        if found is not None:
            return found
        with self.learning() as learning:
            value = question(cursor, wanted, *rest)
            learning.keep(key, wanted.end_ms, value, ANSWER_WEIGHT)
        return value

    def changed(self, since_ms: int) -> None:
        """Forget what depends on anything that happened at ``since_ms`` or later; 0 forgets everything."""
        with self._lock:
            for learning in self._learning:
                learning.unchanged_ms = min(learning.unchanged_ms, since_ms)
            for key in [key for key, answer in self._answers.items() if answer.end_ms > since_ms]:
                self.weight -= self._answers.pop(key).weight

    def keep(self, key: Hashable, answer: "_Answer", learning: "Learning") -> None:
        with self._lock:
            if answer.end_ms > learning.unchanged_ms:
                return
            before = self._answers.pop(key, None)
            self.weight += answer.weight - (before.weight if before else 0)
            self._answers[key] = answer
            while self.weight > self._max_weight:
                self.weight -= self._answers.popitem(last=False)[1].weight


class Learning:
    """Takes the answers that are being worked out."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.unchanged_ms = 2**63

    def keep(self, key: Hashable, end_ms: int, value: object, weight: int = 1) -> None:
        self._answers.keep(key, _Answer(value, end_ms, weight), self)


class _Answer(NamedTuple):
    value: Any
    end_ms: int
    weight: int
