"""The messages a site sent last, for dashboards that missed some."""

from collections import deque

from tracker.live.encoding import Bundle

MAX_MESSAGES = 1_000
MAX_BYTES = 1024 * 1024


class Ring:
    """At most 1,000 messages and 1 MiB; the oldest bundles go first."""

    def __init__(self) -> None:
        self._bundles: deque[Bundle] = deque()
        self.messages = 0
        self.size_bytes = 0

    def add(self, bundle: Bundle) -> None:
        self._bundles.append(bundle)
        self.messages += len(bundle.messages)
        self.size_bytes += bundle.size_bytes
        while self.messages > MAX_MESSAGES or self.size_bytes > MAX_BYTES:
            oldest = self._bundles.popleft()
            self.messages -= len(oldest.messages)
            self.size_bytes -= oldest.size_bytes

    def since(self, seq: int, last_seq: int) -> Bundle | None:
        """Return the messages after ``seq`` up to ``last_seq``; ``None`` when they are not all here."""
        if seq == last_seq:
            return Bundle((), last_seq)
        if not self._bundles or not self._bundles[0].first_seq - 1 <= seq < last_seq:
            return None
        missed: list[bytes] = []
        for bundle in self._bundles:
            if bundle.last_seq > seq:
                missed.extend(bundle.after(seq))
        return Bundle(missed, last_seq)

    def clear(self) -> None:
        self._bundles.clear()
        self.messages = 0
        self.size_bytes = 0
