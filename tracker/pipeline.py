"""The way through the house: inputs into the core, its effects out to the shells."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tracker.core.core import Core
from tracker.core.effects import Effect
from tracker.core.inputs import Input

Shell = Mapping[type[Any], Callable[[Any], None]]
"""What a part of the house does about each kind of effect; must not block."""


class Pipeline:
    """Feeds the one core, one input at a time, in the order of arrival.

    A shell may feed again from within (a cached identity answers at once): such
    inputs wait for the current one, so effects are carried out in order.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._carriers: dict[type[Any], list[Callable[[Any], None]]] = {}
        self._inbox: deque[Input] = deque()
        self._is_running = False
        self.inputs = 0

    def connect(self, *shells: Shell) -> None:
        """Let each effect go to the shells that know its kind, in the order in which they were connected."""
        for shell in shells:
            for kind, carry_out in shell.items():
                self._carriers.setdefault(kind, []).append(carry_out)

    def feed(self, happened: Input) -> None:
        """Apply ``happened`` and carry out what follows from it. Synchronous, some microseconds."""
        self._inbox.append(happened)
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._inbox:
                self.inputs += 1
                self.carry_out(self._core.handle(self._inbox.popleft()))
        finally:
            self._is_running = False

    def carry_out(self, effects: Iterable[Effect]) -> None:
        carriers = self._carriers
        for effect in effects:
            for carry_out in carriers.get(type(effect), ()):
                carry_out(effect)
