"""Site traffic: people who look at pages, as POSTs to the service."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import httpx
import msgspec

from emitters.population import World
from emitters.web_visits import Crowd, Event

_SLICE_S = 0.1
_EVENTS_PER_POST = 500
_BACK_OFF_FIRST_S = 0.5
_BACK_OFF_MAX_S = 10.0
_RETRY_AFTER_MAX_S = 60.0
_TIMEOUT_S = 10.0


class Traffic:
    """Sends events for ever, and waits while the service is away.

    Several events that are due at once travel as one array. What the service
    could not take is lost, as it would be on a website: nothing is kept.

    Args:
        url: the events door of the service.
        rate: events a second at speed 1.
        visitors: people on the site at once.
        speed: multiplies the pace of every visit, and so the rate.
        key: ingest key, sent as ``x-api-key``.
        status_every_s: seconds between two lines about how it goes.
        say: takes the lines meant for a person.

    Attributes:
        sent: events handed to the service, answered or not.
        accepted: events in answers of 200, 201 and 207.
        statuses: answers by status, and ``no answer``.
    """

    def __init__(
        self,
        url: str,
        *,
        rate: float = 5.0,
        visitors: int = 40,
        seed: int = 1,
        speed: float = 1.0,
        key: str | None = None,
        status_every_s: float = 10.0,
        say: Callable[[str], None] = print,
        world: World | None = None,
    ) -> None:
        self.url = url
        self.sent = 0
        self.accepted = 0
        self.statuses: Counter[str] = Counter()
        self._events_per_s = rate * speed
        self._crowd = Crowd(world or World(seed), visitors=visitors, seed=seed)
        self._headers = {"x-api-key": key} if key else {}
        self._status_every_s = status_every_s
        self._say = say
        self._rng = Random(f"back-off {seed}")
        self._failures = 0
        self._complaint = ""

    async def run(self) -> None:
        """Send until cancelled."""
        async with httpx.AsyncClient(headers=self._headers, timeout=_TIMEOUT_S, trust_env=False) as client:
            owed = 0.0
            last_s = told_s = time.monotonic()
            while True:
                await asyncio.sleep(_SLICE_S)
                now_s = time.monotonic()
                owed = min(owed + self._events_per_s * (now_s - last_s), max(1.0, self._events_per_s))
                last_s = now_s
                if now_s - told_s >= self._status_every_s:
                    told_s = now_s
                    self._say(self.status_line())
                while owed >= 1:
                    count = min(int(owed), _EVENTS_PER_POST)
                    owed -= count
                    pause_s = await self._post(client, self._crowd.take(count, _timestamp()))
                    if pause_s:
                        await asyncio.sleep(pause_s)
                        owed, last_s = 0.0, time.monotonic()

    def status_line(self) -> str:
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return f"traffic: {self.sent} events sent, {self.accepted} accepted ({answers or 'no answers yet'})"

    async def _post(self, client: httpx.AsyncClient, events: list[Event]) -> float:
        """Send events and return the seconds to wait before the next ones."""
        body = msgspec.json.encode(events[0] if len(events) == 1 else events)
        self.sent += len(events)
        try:
            response = await client.post(self.url, content=body, headers={"Content-Type": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.statuses["no answer"] += 1
            return self._back_off(f"no answer from {self.url} ({type(error).__name__})")
        self.statuses[str(response.status_code)] += 1
        if response.status_code in (429, 503):
            wait_s = _retry_after_s(response)
            return self._back_off(f"{self.url} answers {response.status_code}", wait_s)
        if response.is_success:
            self.accepted += _accepted(response, len(events))
            self._recover()
            return 0.0
        return self._back_off(f"{self.url} answers {response.status_code}")

    def _back_off(self, complaint: str, at_least_s: float = 0.0) -> float:
        if complaint != self._complaint:
            self._complaint = complaint
            self._say(f"traffic: {complaint}; trying on")
        longest_s = min(_BACK_OFF_MAX_S, _BACK_OFF_FIRST_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        return max(at_least_s, self._rng.uniform(longest_s / 2, longest_s))

    def _recover(self) -> None:
        if self._complaint:
            self._say(f"traffic: {self.url} takes events again")
        self._complaint = ""
        self._failures = 0


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _retry_after_s(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), _RETRY_AFTER_MAX_S) if text.isdecimal() else 0.0


def _accepted(response: httpx.Response, sent: int) -> int:
    """Return how many events an answer took: what it says of an array, else all of them."""
    try:
        data = msgspec.json.decode(response.content)["data"]
        return int(data["accepted"]) + int(data.get("duplicates", 0))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return sent
