"""FAULTS.md, 2f and 3: any body, and any question, over real connections: never a 5xx, nothing uncounted."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fuzzing import examples
from tests.support.service import RunningService, run_service

LONGEST_S = 20.0
NAMES = (
    "type", "eventType", "event", "sessionId", "session_id", "userId", "user_id", "id", "timestamp", "page",
    "url", "country", "ip", "device", "browser", "os", "referrer", "metadata", "site", "__proto__",
)  # fmt: skip
TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        "pageview",
        "leave",
        "keep_alive",
        "session_end",
        "s1",
        "e1",
        "185.242.1.1",
        "2026-11-22T08:00:00Z",
        "\0",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
LIKELY = st.fixed_dictionaries(
    {"type": st.sampled_from(["pageview", "click", "leave"]), "sessionId": st.sampled_from(["s1", "s2"])},
    optional={"id": st.sampled_from(["e1", "e2"]), "page": TEXTS, "metadata": VALUES, "timestamp": VALUES},
)
EVENTS = LIKELY | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
BODIES = st.one_of(
    EVENTS.map(lambda event: json.dumps(event).encode()),
    st.lists(EVENTS | VALUES, max_size=6).map(lambda events: json.dumps(events).encode()),
    VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")),
    st.binary(max_size=200),
)
CONTENT_TYPES = st.sampled_from(["application/json"] * 8 + ["text/plain", "text/html", ""])

PATHS = (
    *("visitors", "status", "analytics/summary", "analytics/sessions", "analytics/sessions/s1"),
    *("analytics/detailed", "analytics/totals", "analytics/timeseries", "analytics/event-summary"),
    *("analytics/user-stats", "analytics/funnel", "analytics/retention", "analytics/events"),
    *("analytics/top/page", "analytics/top/type", "analytics/top/none"),
)
PARAMETERS = (
    *("range", "from", "to", "interval", "timezone", "limit", "cursor", "steps", "event", "format", "naming"),
    *("type", "page", "country", "device", "userId", "user_id", "sessionId", "company", "site", "none"),
)
TELLING = (
    *("hour", "month", "2026-11-22", "9999-12-31T23:59:59Z", "0001-01-01", "Europe/Berlin", "../etc", "a,b"),
    *("csv", "ndjson", "snake", "' OR 1=1 --", "pageview", "default", "1", "60", "\ud800", "\0"),
)
ARGUMENTS = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(TELLING),
)


class Far(NamedTuple):
    """A service in a thread of its own, asked over one connection after another."""

    service: RunningService
    address: str

    def ask(
        self, method: str, target: str, body: bytes | None = None, content_type: str = ""
    ) -> tuple[int, bytes]:
        """Raises ``TimeoutError`` when the answer takes longer than ``LONGEST_S``."""
        headers = {"Content-Type": content_type} if content_type else {}
        connection = self._connection
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (ConnectionError, http.client.RemoteDisconnected):
            connection.close()
            raise

    @property
    def _connection(self) -> http.client.HTTPConnection:
        return CONNECTIONS.setdefault(
            self.address, http.client.HTTPConnection(self.address, timeout=LONGEST_S)
        )


CONNECTIONS: dict[str, http.client.HTTPConnection] = {}


@contextmanager
def far_service() -> Iterator[Far]:
    started = threading.Event()
    found: list[Any] = []

    async def run() -> None:
        ended = asyncio.Event()
        async with run_service() as service:
            found.extend((service, asyncio.get_running_loop(), ended))
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="service")
    thread.start()
    assert started.wait(60)
    service, loop, ended = found
    address = service.base_url.removeprefix("http://")
    try:
        yield Far(service, address)
    finally:
        CONNECTIONS.pop(address).close()
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)


def count_of(body: bytes, status: int) -> int:
    """How many things a body was: its events where it is an array that was read, else itself."""
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        return 1
    return len(decoded) if isinstance(decoded, list) and decoded and status in (201, 207, 422) else 1


def test_F3_07_any_body_is_answered_below_500_and_counted_once() -> None:
    with far_service() as far:
        received = 0

        # Ten at a time: what an example costs by itself is more than what is tested.
        @settings(
            max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck), database=None
        )
        @given(st.lists(st.tuples(BODIES, CONTENT_TYPES), min_size=10, max_size=10))
        def post(requests: list[tuple[bytes, str]]) -> None:
            nonlocal received
            for body, content_type in requests:
                status, answer = far.ask("POST", "/api/events", body, content_type)
                assert status < 500, (status, body)
                assert isinstance(json.loads(answer)["success"], bool)
                received += count_of(body, status)

        post()
        inner = far.service.service
        rejected = sum(count for (source, _), count in inner.rejects.counts.items() if source == "http")
        assert received == inner.journal.rows + inner.door.duplicates + inner.door.signals + rejected
        assert inner.journal.rows > 100
        assert rejected > 100


async def test_F3_07_an_export_of_no_valid_time_is_422_as_every_other_question() -> None:
    async with run_service() as service:
        answer = await service.http.get(
            "/api/analytics/export", params={"from": "1969-01-01", "to": "1969-02-01"}
        )
        assert answer.status_code == 422


def test_F3_07_any_question_is_answered_below_500() -> None:
    with far_service() as far:
        events = [
            {"type": "pageview", "sessionId": f"s{n}", "userId": "u", "page": f"/{n}"} for n in range(20)
        ]
        assert far.ask("POST", "/api/events", json.dumps(events).encode(), "application/json")[0] == 201
        seen: set[int] = set()

        @settings(
            max_examples=examples(600), deadline=None, suppress_health_check=list(HealthCheck), database=None
        )
        @given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(PARAMETERS), ARGUMENTS, max_size=3))
        def get(path: str, query: dict[str, str]) -> None:
            target = f"/api/{path}?{urlencode(query, errors='surrogatepass')}"
            status, _ = far.ask("GET", target)
            assert status < 500, (status, target)
            seen.add(status)

        get()
        assert {200, 422} <= seen
