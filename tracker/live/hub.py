"""From effects to dashboards: conflates, numbers, encodes once, never waits for anyone."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, assert_never

from tracker.core.clock import Clock
from tracker.core.effects import (
    Alert,
    EventShown,
    ResetDone,
    SessionChanged,
    SessionEnded,
    SessionHidden,
    StatisticsChanged,
    UpstreamStatus,
    VisitorForgotten,
)
from tracker.core.site import LiveSite
from tracker.live import rows
from tracker.live.channel import Channel
from tracker.live.counters import Counters, HubStatus
from tracker.live.dashboard import Dashboard
from tracker.live.detailed import detailed_stats
from tracker.live.encoding import Audience, Naming
from tracker.live.gathering import time_to_catch_up_s, time_to_gather_s
from tracker.live.messages import ActionTracked, Error, Pong
from tracker.live.requests import (
    DetailedStatsRequest,
    Ping,
    Request,
    RequestError,
    Resume,
    TrackAction,
    parse,
)

MAX_ACTIONS = 100
OTHER_ACTIONS = "other"
MAX_DASHBOARDS = 10_000
MAX_IDLE_CHANNELS = 256
CONCURRENT_WALKS = 2


class LiveState(Protocol):
    """What the hub reads: the core."""

    def site(self, name: str) -> LiveSite: ...


class Hub:
    """All dashboards of all sites.

    The core's owner hands every effect to what ``shell`` has for its kind, which marks
    what changed and costs the same however many dashboards there are; the task of
    :meth:`run` flushes what was marked, every 30 to 50 ms. Everything here
    runs on the event loop, which alone changes the core too.

    Args:
        max_dashboards: over all sites; whoever asks beyond them is told that the hub ``is_full``.
    """

    def __init__(self, live: LiveState, clock: Clock, max_dashboards: int = MAX_DASHBOARDS) -> None:
        self.max_dashboards = max_dashboards
        self._live = live
        self._clock = clock
        self._channels: dict[str, Channel] = {}
        self._work = asyncio.Event()
        self._walks = asyncio.Semaphore(CONCURRENT_WALKS)
        self._actions: Counter[str] = Counter()
        self.counters = Counters()
        self.shell: dict[type, Callable[[Any], None]] = {
            SessionChanged: self._session_changed,
            SessionEnded: self._session_ended,
            SessionHidden: self._session_hidden,
            VisitorForgotten: self._visitor_forgotten,
            EventShown: self._event_shown,
            StatisticsChanged: self._figures_changed,
            Alert: self._alert,
            UpstreamStatus: self._upstream_changed,
            ResetDone: self._reset,
        }

    # From the core

    def _watched(self, site: str) -> Channel | None:
        """Return the channel to mark, or ``None`` where nobody would hear of it."""
        channel = self._channels.get(site)
        if channel is None:
            return None
        if not channel.has_dashboards:
            channel.miss()
            return None
        self._work.set()
        return channel

    def _session_changed(self, effect: SessionChanged) -> None:
        session = effect.session
        if session.is_visible and (channel := self._watched(session.site)):
            channel.pending.session_changed(session)

    def _session_ended(self, effect: SessionEnded) -> None:
        if effect.was_visible and (channel := self._watched(effect.session.site)):
            channel.pending.session_ended(effect.session, effect.reason.value)

    def _session_hidden(self, effect: SessionHidden) -> None:
        if channel := self._watched(effect.session.site):
            channel.pending.session_hidden(effect.session)

    def _visitor_forgotten(self, effect: VisitorForgotten) -> None:
        if channel := self._channels.get(effect.site):
            channel.forget(effect.session_ids)
            self._work.set()

    def _event_shown(self, effect: EventShown) -> None:
        if channel := self._watched(effect.event.site):
            channel.pending.event_shown(effect.event)

    def _figures_changed(self, effect: StatisticsChanged) -> None:
        if channel := self._watched(effect.site):
            channel.pending.figures_changed()

    def _alert(self, effect: Alert) -> None:
        if channel := self._watched(effect.site):
            channel.pending.alert(effect)

    def _upstream_changed(self, effect: UpstreamStatus) -> None:
        if channel := self._watched(effect.site):
            channel.pending.upstream_changed(effect)

    def _reset(self, effect: ResetDone) -> None:
        if channel := self._watched(effect.site):
            channel.pending.reset(effect.at)

    # Dashboards

    @property
    def is_full(self) -> bool:
        """No further dashboard may join."""
        return self.dashboards >= self.max_dashboards

    @property
    def dashboards(self) -> int:
        return sum(channel.total_dashboards for channel in self._channels.values())

    def turn_away(self) -> None:
        """Count a dashboard that did not get in because the hub is full."""
        self.counters.turned_away += 1

    def join(
        self,
        site: str,
        *,
        naming: str = "camel",
        batch: bool = False,
        after_seq: int | None = None,
        sees_contacts: bool = True,
    ) -> Dashboard:
        """Take in a dashboard of ``site``, which has to exist.

        Args:
            naming: ``camel`` or ``snake``.
            batch: whether all messages of a flush share a frame.
            after_seq: number of the last message that the client has from an
                earlier connection; where the messages since are still known they
                are sent instead of a snapshot.
            sees_contacts: whether who visitors are is told, or their company alone.
        """
        channel = self._channels.get(site)
        if channel is None:
            channel = self._channels[site] = self._new_channel(site)
        self._work.set()
        return channel.join(Audience(Naming(naming), sees_contacts), batch, after_seq)

    def leave(self, dashboard: Dashboard) -> None:
        """Forget ``dashboard``. Once is enough, twice does no harm."""
        channel = self._channels.get(dashboard.site)
        if channel is not None:
            channel.leave(dashboard)
            self._work.set()
            self._forget_idle_channels()

    async def receive(self, dashboard: Dashboard, text: str) -> None:
        """Do what the client of ``dashboard`` asks in ``text``; what cannot be done it is told."""
        try:
            request = parse(text)
        except RequestError as error:
            self.refuse(dashboard, error.message, error.field)
        else:
            await self._answer(dashboard, request)

    def refuse(self, dashboard: Dashboard, message: str, field: str | None = None) -> None:
        self.counters.request_errors += 1
        dashboard.tell(Error(message, field), self._clock.now().monotonic_s)

    async def _answer(self, dashboard: Dashboard, request: Request) -> None:
        now = self._clock.now()
        match request:
            case Ping():
                dashboard.tell(Pong(rows.iso(now.unix_s)), now.monotonic_s)
            case Resume(seq):
                self._channels[dashboard.site].resume(dashboard, seq)
            case TrackAction(action):
                known = action in self._actions or len(self._actions) < MAX_ACTIONS
                self._actions[action if known else OTHER_ACTIONS] += 1
                dashboard.tell(ActionTracked(action), now.monotonic_s)
            case DetailedStatsRequest(wanted):
                async with self._walks:
                    stats = await detailed_stats(self._live.site(dashboard.site), wanted.narrowed(), now)
                dashboard.tell(stats, now.monotonic_s)
            case _ as never:
                assert_never(never)

    def _new_channel(self, site: str) -> Channel:
        # Numbers go on from the time of day in microseconds: those of an earlier process, or of a
        # channel that was forgotten, are lower, so nobody can resume from one by mistake. They stay
        # below 2**53 until the year 2255.
        start_seq = int(self._clock.now().unix_s * 1_000_000)
        return Channel(self._live.site(site), start_seq, self._clock, self.counters)

    def _forget_idle_channels(self) -> None:
        """Keep the last 256 channels without dashboards, for those that come back."""
        idle = [name for name, channel in self._channels.items() if not channel.has_dashboards]
        for name in idle[: max(0, len(idle) - MAX_IDLE_CHANNELS)]:
            del self._channels[name]

    # Flushing

    async def run(self) -> None:
        """Flush whenever something is marked, at most every 30 ms. Runs until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wait_for_work()
            self._work.clear()
            began_s = loop.time()
            self.flush()
            gathered_s = time_to_gather_s(loop.time() - began_s)
            due_s = loop.time() + gathered_s
            await asyncio.sleep(gathered_s)
            if (late_s := time_to_catch_up_s(loop.time() - due_s)) > 0:
                await asyncio.sleep(late_s)

    def flush(self) -> None:
        """Send what is marked."""
        for channel in self._channels.values():
            if channel.has_dashboards:
                channel.flush()
                if channel.is_dirty:
                    self._work.set()

    async def _wait_for_work(self) -> None:
        try:
            async with asyncio.timeout(self._figures_due_in_s()):
                await self._work.wait()
        except TimeoutError:
            return

    def _figures_due_in_s(self) -> float | None:
        """Return when averages have to be looked at although nothing happens."""
        now = self._clock.now()
        return min(
            (
                channel.pace.due_in_s(now.monotonic_s)
                for channel in self._channels.values()
                if channel.has_dashboards and not channel.pace.is_settled(channel.site, now.unix_s)
            ),
            default=None,
        )

    # Operations

    @property
    def channels(self) -> int:
        """Sites that are watched, or were until lately."""
        return len(self._channels)

    def snapshot(self) -> HubStatus:
        """Return sizes and totals as they are now."""
        dashboards = [dashboard for channel in self._channels.values() for dashboard in channel.dashboards]
        by_site = {name: channel.total_dashboards for name, channel in self._channels.items()}
        totals = {name: getattr(self.counters, name) for name in self.counters.__struct_fields__}
        return HubStatus(
            dashboards=len(dashboards),
            max_dashboards=self.max_dashboards,
            dashboards_by_site={name: count for name, count in by_site.items() if count},
            queued_bundles=sum(dashboard.queued for dashboard in dashboards),
            queued_bytes=sum(dashboard.queued_bytes for dashboard in dashboards),
            waiting_sessions=sum(channel.pending.sessions for channel in self._channels.values()),
            ring_bytes=sum(channel.ring_bytes for channel in self._channels.values()),
            actions=dict(self._actions),
            **totals,
        )
