"""Sessions that wait for the identity behind their address."""

from heapq import heapify, heappop, heappush

from tracker.core.effects import Lookup
from tracker.core.session import Session


class WaitingLookups:
    """Which sessions wait for which address, and when a failed lookup is due again.

    One entry per address however many sessions wait; it goes with the last of
    them, so it is bounded by the live sessions and those that ended with their
    lookup on its way.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, dict[Session, None]] = {}
        self._retries: list[tuple[float, str]] = []
        self._scheduled: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def retries(self) -> int:
        """Retries that are kept, with those that nobody waits for any more."""
        return len(self._retries)

    def add(self, session: Session) -> Lookup | None:
        """Let ``session`` wait; return the lookup to make unless a retry is due later anyway."""
        address = session.address
        assert address is not None
        self._waiting.setdefault(address, {})[session] = None
        return None if address in self._scheduled else Lookup(address, session.ip)

    def remove(self, session: Session) -> None:
        address = session.address or ""
        waiting = self._waiting.get(address)
        if waiting is not None and waiting.pop(session, session) is None and not waiting:
            del self._waiting[address]
            self._unschedule(address)

    def is_in_flight(self, session: Session) -> bool:
        """Whether an answer for the address of ``session`` is on its way."""
        return session.address in self._waiting and session.address not in self._scheduled

    def of(self, address: str) -> list[Session]:
        return list(self._waiting.get(address, ()))

    def settle(self, address: str) -> list[Session]:
        """Take away and return the sessions that waited for ``address``."""
        self._unschedule(address)
        return list(self._waiting.pop(address, ()))

    def try_again(self, address: str, at_s: float) -> None:
        if address in self._waiting and address not in self._scheduled:
            self._scheduled[address] = at_s
            heappush(self._retries, (at_s, address))

    def due(self, monotonic_s: float) -> list[Lookup]:
        """Return the lookups to repeat now; those nobody waits for any more are dropped."""
        lookups = []
        while self._retries and self._retries[0][0] <= monotonic_s:
            at_s, address = heappop(self._retries)
            if self._scheduled.get(address) != at_s:
                continue
            del self._scheduled[address]
            for session in self._waiting.get(address, ()):
                lookups.append(Lookup(address, session.ip))
                break
        return lookups

    def _unschedule(self, address: str) -> None:
        # A retry may be due in hours (a spent budget): what nobody waits for must not pile up.
        if self._scheduled.pop(address, None) is None:
            return
        if len(self._retries) > 2 * len(self._scheduled) + 64:
            self._retries = [(at_s, address) for address, at_s in self._scheduled.items()]
            heapify(self._retries)
