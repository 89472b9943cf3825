"""Owner of the long-running parts: every task has a name and is started again when it dies."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping

from tracker.core.clock import Clock

log = logging.getLogger(__name__)

Part = Callable[[], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
FAILING_RESTARTS = 5
FAILING_WITHIN_S = 60.0


class Supervisor:
    """Runs parts until it is cancelled; a part that raises is started again within a second.

    ``failing`` names the parts that died five times within a minute: the service
    is not ready while there is one, but everything else goes on.
    """

    def __init__(self, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._deaths: dict[str, deque[float]] = {}
        self.restarts: Counter[str] = Counter()

    async def run(self, parts: Mapping[str, Part]) -> None:
        async with asyncio.TaskGroup() as group:
            for name, part in parts.items():
                group.create_task(self._keep_alive(name, part), name=name)

    @property
    def failing(self) -> list[str]:
        now_s = self._clock.now().monotonic_s
        return [
            name
            for name, deaths in self._deaths.items()
            if len(deaths) == FAILING_RESTARTS and now_s - deaths[0] <= FAILING_WITHIN_S
        ]

    async def _keep_alive(self, name: str, part: Part) -> None:
        deaths = self._deaths.setdefault(name, deque(maxlen=FAILING_RESTARTS))
        while True:
            try:
                await part()
                log.error("%s ended by itself; it starts again", name)
            except Exception:
                log.exception("%s died; it starts again", name)
            now_s = self._clock.now().monotonic_s
            recent = sum(now_s - death <= FAILING_WITHIN_S for death in deaths)
            deaths.append(now_s)
            self.restarts[name] += 1
            await self._sleep(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**recent))
