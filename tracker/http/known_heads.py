"""Heads of requests that came before: the same bytes say the same again, and are not parsed again.

Who sends events one after the other over a connection sends the same few heads, which differ by
the length of the body alone.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tracker.http.requests import DirectRequest

MAX_HEADS = 1_024
MAX_HEAD_BYTES = 2_048
END = b"\r\n\r\n"
_ODD = frozenset({b"expect", b"transfer-encoding", b"upgrade"})
"""What makes a request more than its head and a body."""


class Head(NamedTuple):
    request: DirectRequest
    """Without its body; it serves all requests with this head."""
    body_bytes: int


class KnownHeads:
    """At most 1,024 heads of at most 2 KiB, some 6 KiB each in memory; when it is full it begins anew."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, bytes], Head] = {}
        self.get = self._heads.get
        """Takes a client's address, by which a request may be judged, and a head with its empty line."""

    @property
    def size(self) -> int:
        return len(self._heads)

    def add(self, address: str, head: bytes, scope: Mapping[str, Any], followed_by_bytes: int) -> None:
        """Remember what was parsed of a request, unless something is odd about it.

        ``followed_by_bytes``: what came with the head; more than its body has is odd too.
        """
        lengths = []
        for name, value in scope["headers"]:
            if name in _ODD or (name == b"connection" and value.lower() != b"keep-alive"):
                return
            if name == b"content-length":
                lengths.append(value)
        if len(lengths) != 1 or scope["query_string"] or len(head) > MAX_HEAD_BYTES:
            return
        body_bytes = int(lengths[0])
        if body_bytes < followed_by_bytes:
            return
        if len(self._heads) >= MAX_HEADS:
            self._heads.clear()
        self._heads[address, head] = Head(DirectRequest({**scope, "extensions": {}}), body_bytes)
