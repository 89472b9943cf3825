"""Sessions in the order of their last receipt."""

from collections.abc import Iterator

from tracker.core.session import Session


class ReceiptOrder:
    """Live sessions, the one that has been silent longest first. A session stands in one at most.

    Each knows its neighbours, so that moving one costs the same however many there are, and an
    ordered dictionary's 53 bytes for each are 16. Nothing may be moved while it is walked over.
    """

    __slots__ = ("first", "last")

    def __init__(self) -> None:
        self.first: Session | None = None
        self.last: Session | None = None

    def __iter__(self) -> Iterator[Session]:
        session = self.first
        while session is not None:
            yield session
            session = session.later

    def __reversed__(self) -> Iterator[Session]:
        session = self.last
        while session is not None:
            yield session
            session = session.earlier

    def append(self, session: Session) -> None:
        last = self.last
        session.earlier = last
        if last is None:
            self.first = session
        else:
            last.later = session
        self.last = session

    def remove(self, session: Session) -> None:
        earlier, later = session.earlier, session.later
        if earlier is None:
            self.first = later
        else:
            earlier.later = later
        if later is None:
            self.last = earlier
        else:
            later.earlier = earlier
        session.earlier = session.later = None

    def move_to_end(self, session: Session) -> None:
        # As remove and append, without the calls: every event does it.
        earlier, later, last = session.earlier, session.later, self.last
        if later is None or last is None:
            return
        later.earlier = earlier
        if earlier is None:
            self.first = later
        else:
            earlier.later = later
        last.later = session
        session.earlier = last
        session.later = None
        self.last = session
