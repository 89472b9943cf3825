"""A hub over the real core with a clock that stands still, driven step by step."""

import json
from collections.abc import Sequence
from typing import Any

from tests.support.clock import FakeClock
from tracker.core.core import Core
from tracker.core.effects import Effect
from tracker.core.identity import Company, Contact, Identity
from tracker.core.inputs import (
    FrameKind,
    IdentityResolved,
    Input,
    ResetRequested,
    SiteEvent,
    Tick,
    UpstreamChanged,
    UpstreamFrame,
    UpstreamState,
)
from tracker.core.rules import Rules
from tracker.live.dashboard import Dashboard
from tracker.live.hub import MAX_DASHBOARDS, Hub
from tracker.pipeline import Pipeline

Message = dict[str, Any]
ACME = Identity(
    Company("g-acme", "Acme Ltd", "acme.example"), Contact("c-1", "Jo Doe", "CEO", ("jo@acme.example",))
)
DATA_CENTER = Identity(data_center_guid="b8e8879e-3382-4908-8f1e-7638473d0913")


class Rig:
    """Core and hub without sockets and without the hub's own task: the test flushes."""

    def __init__(self, rules: Rules | None = None, max_dashboards: int = MAX_DASHBOARDS) -> None:
        self.clock = FakeClock()
        self.core = Core(rules or Rules(spike_visitors_per_minute=0, milestones=()), self.clock.now())
        self.hub = Hub(self.core, self.clock, max_dashboards)
        self._pipeline = Pipeline(self.core)
        self._pipeline.connect(self.hub.shell)
        self._events = 0

    def feed(self, happened: Input) -> list[Effect]:
        effects = self.core.handle(happened)
        self._pipeline.carry_out(effects)
        return effects

    def event(self, session_id: str = "a", page: str | None = "/", **fields: Any) -> list[Effect]:
        """One event over HTTP; its session is visible at once, since it comes without an address."""
        self._events += 1
        now = self.clock.now()
        given = {"id": f"e{self._events}", "type": "pageview", "site": "default"} | fields
        return self.feed(
            SiteEvent(now=now, session_id=session_id, occurred_at=now.unix_s, page=page, **given)
        )

    def frame(self, kind: FrameKind, session_id: str = "u", ip: str = "185.1.2.3") -> list[Effect]:
        now = self.clock.now()
        return self.feed(UpstreamFrame(now, "default", kind, session_id, ip, ip, now.unix_s))

    def resolve(self, identity: Identity | None, ip: str = "185.1.2.3") -> list[Effect]:
        return self.feed(IdentityResolved(self.clock.now(), ip, identity))

    def upstream(self, state: UpstreamState) -> list[Effect]:
        return self.feed(UpstreamChanged(self.clock.now(), "default", state))

    def reset(self) -> list[Effect]:
        return self.feed(ResetRequested(self.clock.now(), "default"))

    def pass_time(self, seconds: float) -> list[Effect]:
        return self.feed(Tick(self.clock.advance(seconds)))

    def join(self, site: str = "default", **wishes: Any) -> Dashboard:
        return self.hub.join(site, **wishes)

    def join_and_start(self, **wishes: Any) -> Dashboard:
        """A dashboard that has its snapshot, and nothing else, behind it."""
        dashboard = self.join(**wishes)
        assert [message["type"] for message in take(dashboard)] == ["snapshot"]
        self.hub.flush()
        take_all(dashboard)
        return dashboard

    async def ask(self, dashboard: Dashboard, kind: str, **fields: Any) -> None:
        await self.hub.receive(dashboard, json.dumps({"type": kind} | fields))

    def flush(self, *dashboards: Dashboard) -> list[Message]:
        """Flush; return what the first dashboard gets, after emptying the others too."""
        self.hub.flush()
        taken = [take_all(dashboard) for dashboard in dashboards]
        return taken[0] if taken else []


def take(dashboard: Dashboard) -> list[Message]:
    """Return what the writer of ``dashboard`` would send next; empty when it would wait."""
    return [message for text in _texts(dashboard) for message in _messages(text)]


def take_all(dashboard: Dashboard) -> list[Message]:
    messages = []
    while taken := take(dashboard):
        messages += taken
    return messages


def types(messages: Sequence[Message]) -> list[str]:
    return [message["type"] for message in messages]


def seqs(messages: Sequence[Message]) -> list[int]:
    return [message["seq"] for message in messages]


def of_type(messages: Sequence[Message], kind: str) -> list[Message]:
    """Return the data of the messages of one type."""
    return [message["data"] for message in messages if message["type"] == kind]


def _texts(dashboard: Dashboard) -> Sequence[str]:
    step = dashboard.texts()
    try:
        step.send(None)
    except StopIteration as finished:
        texts: Sequence[str] = finished.value
        return texts
    step.close()
    return ()


def _messages(text: str) -> list[Message]:
    frame = json.loads(text)
    return frame if isinstance(frame, list) else [frame]
