"""The way through the house: inputs into the core, its effects out to the shells."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from tracker.core.core import Core
from tracker.core.effects import Effect
from tracker.core.inputs import Input

Shell = Callable[[Sequence[Effect]], None]
"""Takes all effects of one input and carries out those that are its own; must not block."""


class Pipeline:
    """Feeds the one core, one input at a time, in the order of arrival.

    A shell may feed again from within (a cached identity answers at once): such
    inputs wait for the current one, so effects are carried out in order.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._shells: list[Shell] = []
        self._inbox: deque[Input] = deque()
        self._is_running = False
        self.inputs = 0

    def connect(self, shells: Iterable[Shell]) -> None:
        self._shells.extend(shells)

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

    def carry_out(self, effects: Sequence[Effect]) -> None:
        if effects:
            for shell in self._shells:
                shell(effects)
