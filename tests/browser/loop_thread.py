"""An event loop in a thread of its own: Playwright's blocks the one of the tests."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class LoopThread:
    """Runs what it is given until it is stopped; each step may take ``patience_s``."""

    def __init__(self, name: str, patience_s: float) -> None:
        self._patience_s = patience_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.run(self._wait_for_stragglers())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(self._patience_s)
        self._loop.close()

    def run(self, step: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(self._patience_s)

    async def _wait_for_stragglers(self) -> None:
        """Wait for connections that were accepted while a server closed: it does not know of them."""
        stragglers = asyncio.all_tasks() - {asyncio.current_task()}
        if stragglers:
            await asyncio.wait(stragglers, timeout=self._patience_s / 2)
