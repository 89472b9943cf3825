"""Sessions that wait for the identity behind their address."""

from heapq import heappop, heappush

from tracker.core.effects import Lookup
from tracker.core.session import Session


class WaitingLookups:
    """Which sessions wait for which address, and when a failed lookup is due again.

    One entry per address however many sessions wait; it goes with the last of
    them, so it is bounded by the live sessions.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, dict[Session, None]] = {}
        self._retries: list[tuple[float, str]] = []
        self._scheduled: set[str] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, session: Session) -> Lookup | None:
        """Let ``session`` wait; return the lookup to make unless a retry is due later anyway."""
        address = session.address
        assert address is not None
        self._waiting.setdefault(address, {})[session] = None
        return None if address in self._scheduled else Lookup(address, session.ip)

    def remove(self, session: Session) -> None:
        waiting = self._waiting.get(session.address or "")
        if waiting is not None and waiting.pop(session, session) is None and not waiting:
            del self._waiting[session.address or ""]

    def of(self, address: str) -> list[Session]:
        return list(self._waiting.get(address, ()))

    def settle(self, address: str) -> list[Session]:
        """Take away and return the sessions that waited for ``address``."""
        return list(self._waiting.pop(address, ()))

    def try_again(self, address: str, at_s: float) -> None:
        if address in self._waiting and address not in self._scheduled:
            self._scheduled.add(address)
            heappush(self._retries, (at_s, address))

    def due(self, monotonic_s: float) -> list[Lookup]:
        """Return the lookups to repeat now; those nobody waits for any more are dropped."""
        lookups = []
        while self._retries and self._retries[0][0] <= monotonic_s:
            _, address = heappop(self._retries)
            self._scheduled.discard(address)
            for session in self._waiting.get(address, ()):
                lookups.append(Lookup(address, session.ip))
                break
        return lookups
