"""The pause that the service asked for: no call of any task passes while it lasts."""


class Gate:
    def __init__(self) -> None:
        self._closed_until_s = float("-inf")

    def close(self, now_s: float, for_s: float) -> None:
        """Close for ``for_s`` seconds from ``now_s`` (monotonic); never shortens a pause."""
        self._closed_until_s = max(self._closed_until_s, now_s + for_s)

    def wait_s(self, now_s: float) -> float:
        """Seconds until calls may pass; 0 when they may now."""
        return max(0.0, self._closed_until_s - now_s)
