"""What a dashboard of the bench notes, however its bytes are cut."""

import asyncio

import pytest

from bench.watchers import Dashboard

HEAD = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b'\x81\x13{"type":"snapshot"}'
EVENTS = b"".join(
    b'\x81\x7e\x01\x00{"type":"visitor_update","data":{"event":{"id":"bench-%d","type":"pageview"}}}' % number
    for number in (7, 8, 9)
)


class Written(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.data: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data.append(bytes(data))


def receive(dashboard: Dashboard, data: bytes) -> None:
    """As the loop hands over what it read."""
    dashboard.get_buffer(-1)[: len(data)] = data
    dashboard.buffer_updated(len(data))


def there() -> tuple[Dashboard, Written]:
    dashboard, transport = Dashboard("/ws", "localhost", is_sampled=True), Written()
    dashboard.connection_made(transport)
    receive(dashboard, HEAD)
    assert dashboard.is_there.is_set()
    transport.data.clear()
    return dashboard, transport


def test_each_event_is_noted_once_wherever_the_bytes_are_cut() -> None:
    for cut in range(1, len(EVENTS)):
        dashboard, _ = there()
        receive(dashboard, EVENTS[:cut])
        receive(dashboard, EVENTS[cut:])
        assert [number for number, _ in dashboard.first_seen()] == [7, 8, 9], cut
        assert dashboard.told == 3, cut


@pytest.mark.parametrize(
    ("ping", "pong"),
    [(b"\x89\x04abcd", b"\x8a\x84\0\0\0\0abcd"), (b"\x89\x00", b"\x8a\x80\0\0\0\0")],
    ids=["of the service", "of ws"],
)
def test_pings_of_both_kinds_are_answered(ping: bytes, pong: bytes) -> None:
    dashboard, transport = there()
    receive(dashboard, EVENTS + ping)
    assert transport.data == [pong]


def test_what_came_before_the_run_is_not_counted() -> None:
    dashboard, _ = there()
    receive(dashboard, EVENTS)
    dashboard.start_over()
    assert (dashboard.bytes, dashboard.told, list(dashboard.first_seen())) == (0, 0, [])
    receive(dashboard, EVENTS[: len(EVENTS) // 3])
    assert ([number for number, _ in dashboard.first_seen()], dashboard.told) == ([7], 1)
