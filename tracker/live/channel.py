"""The dashboards of one site and what they are told."""

from collections.abc import Iterable, Iterator

from tracker.core.clock import Clock, Now
from tracker.core.site import LiveSite
from tracker.live import rows
from tracker.live.counters import Counters
from tracker.live.dashboard import Dashboard
from tracker.live.encoding import Audience, Bundle, Naming, encode_all
from tracker.live.figures import AveragesPace
from tracker.live.masking import without_contacts
from tracker.live.messages import UserConnected, UserDisconnected, Wire
from tracker.live.pending import Pending
from tracker.live.ring import Ring
from tracker.live.snapshot import SharedSnapshot, render


class Feed:
    """The dashboards of one site that share an audience, and thereby their bytes."""

    def __init__(self) -> None:
        self.dashboards: dict[Dashboard, None] = {}
        self.waiting: dict[Dashboard, None] = {}
        """Those whose writer wants a snapshot at the end of the next flush."""
        self.ring = Ring()
        self.snapshot: SharedSnapshot | None = None

    def forget(self) -> None:
        """Something was not told to anyone: nobody can go on from before it."""
        self.ring.clear()
        self.snapshot = None


class Channel:
    """Numbers, encodes and hands out the messages of one site.

    ``seq`` rises by one with each message, the first one after ``start_seq``. It
    also rises by one, without a message, over a time without dashboards in which
    something changed: a dashboard from before gets a snapshot, not a wrong idea.
    """

    def __init__(self, site: LiveSite, start_seq: int, clock: Clock, counters: Counters) -> None:
        self.site = site
        self.has_dashboards = False
        self.seq = start_seq
        self.pending = Pending(counters)
        self.pace = AveragesPace()
        self._clock = clock
        self._counters = counters
        self._feeds = {Audience(naming, sees): Feed() for naming in Naming for sees in (True, False)}
        self._connected_at: float | None = None
        self._disconnected = False
        self._missed = False
        self._forgotten = False
        self._renew = False

    @property
    def dashboards(self) -> Iterator[Dashboard]:
        for feed in self._feeds.values():
            yield from feed.dashboards

    @property
    def total_dashboards(self) -> int:
        return sum(len(feed.dashboards) for feed in self._feeds.values())

    @property
    def ring_bytes(self) -> int:
        return sum(feed.ring.size_bytes for feed in self._feeds.values())

    @property
    def is_dirty(self) -> bool:
        return bool(self.pending) or self._connected_at is not None or self._disconnected or self._renew

    def miss(self) -> None:
        """Something changed while nobody watched."""
        self._missed = True

    def forget(self, session_ids: Iterable[str]) -> None:
        """Take back all that was told of these sessions: who comes back gets a snapshot without them."""
        for feed in self._feeds.values():
            feed.forget()
        if not self.has_dashboards:
            self.miss()
            return
        for session_id in session_ids:
            self.pending.session_forgotten(session_id)
            self._forgotten = True

    # Dashboards come and go

    def join(self, audience: Audience, batch: bool, after_seq: int | None) -> Dashboard:
        if self._missed:
            self._missed = False
            self._skip_one()
        dashboard = Dashboard(self.site.name, audience, batch, self.give_snapshot, self._counters)
        self._feeds[audience].dashboards[dashboard] = None
        self.has_dashboards = True
        self._connected_at = self._clock.now().unix_s
        if after_seq is not None:
            self._go_on(dashboard, after_seq)
        return dashboard

    def leave(self, dashboard: Dashboard) -> None:
        feed = self._feeds[dashboard.audience]
        feed.waiting.pop(dashboard, None)
        if dashboard not in feed.dashboards:
            return
        del feed.dashboards[dashboard]
        self._disconnected = True
        if not feed.dashboards:
            feed.snapshot = None
        self.has_dashboards = self.total_dashboards > 0
        if not self.has_dashboards:
            self._missed = self._missed or bool(self.pending)
            self.pending = Pending(self._counters)
            self._connected_at = None
            self._disconnected = False

    def resume(self, dashboard: Dashboard, after_seq: int) -> None:
        """Send ``dashboard`` what came after ``after_seq``, or a snapshot where not all of that is known."""
        if dashboard.is_lost:
            self._counters.resume_misses += 1  # a snapshot is on its way and tells more
        else:
            self._go_on(dashboard, after_seq)

    def _go_on(self, dashboard: Dashboard, after_seq: int) -> None:
        missed = self._feeds[dashboard.audience].ring.since(after_seq, self.seq)
        if missed is None:
            self._counters.resume_misses += 1
            dashboard.lose()
        else:
            self._counters.resume_hits += 1
            dashboard.start_from([missed])

    def give_snapshot(self, dashboard: Dashboard) -> None:
        """Start ``dashboard`` from a snapshot: now, or after the flush that is due.

        A snapshot contains the site's recent events. Those that still wait for
        their flush would be told twice.
        """
        if self.pending.has_events:
            self._feeds[dashboard.audience].waiting[dashboard] = None
        else:
            self._start(dashboard, self._clock.now())

    # Flushing

    def flush(self) -> None:
        """Tell every dashboard what is pending.

        Rendering costs per message, encoding per message and audience, neither per dashboard.
        """
        now = self._clock.now()
        # Their ends were told by the flush before; their events in the feed go with a new snapshot.
        renew, self._renew, self._forgotten = self._renew, self._forgotten, False
        if self.pending.start_over or renew:
            self._start_all_over()
        averages = self.pace.due(self.site, now)
        data = self.pending.take(self.site, now, averages)
        data.extend(self._presence())
        if data:
            self._send(data, now)
        for feed in self._feeds.values():
            waiting, feed.waiting = feed.waiting, {}
            for dashboard in waiting:
                self._start(dashboard, now)

    def _presence(self) -> Iterator[Wire]:
        """However many came and went: one message each, with the newest count."""
        if self._connected_at is not None:
            yield UserConnected(self.total_dashboards, rows.iso(self._connected_at))
        if self._disconnected:
            yield UserDisconnected(self.total_dashboards)
        self._connected_at = None
        self._disconnected = False

    def _send(self, data: list[Wire], now: Now) -> None:
        self._counters.flushes += 1
        first_seq, self.seq = self.seq + 1, self.seq + len(data)
        for audience, feed in self._feeds.items():
            if not feed.dashboards:
                feed.forget()
                continue
            shown = data if audience.sees_contacts else [without_contacts(item) for item in data]
            bundle = Bundle(self._encode(shown, first_seq, audience.naming), self.seq)
            feed.ring.add(bundle)
            for dashboard in feed.dashboards:
                dashboard.offer(bundle, now.monotonic_s)

    def _encode(self, data: list[Wire], first_seq: int, naming: Naming) -> list[bytes]:
        messages, stand_ins = encode_all(data, first_seq, naming)
        self._counters.unencodable += stand_ins
        return messages

    def _start(self, dashboard: Dashboard, now: Now) -> None:
        feed = self._feeds[dashboard.audience]
        shared = feed.snapshot
        missed = None
        if shared is not None and shared.is_current(self.seq, bool(self.pending), now.monotonic_s):
            missed = feed.ring.since(shared.bundle.last_seq, self.seq)
        if shared is None or missed is None:
            shared = feed.snapshot = render(
                self.site, self.seq, self.total_dashboards, dashboard.audience, now, self._counters
            )
            dashboard.start_from([shared.bundle])
        else:
            self._counters.snapshots_shared += 1
            dashboard.start_from([shared.bundle, missed])

    def _start_all_over(self) -> None:
        self._skip_one()
        for dashboard in self.dashboards:
            dashboard.lose()

    def _skip_one(self) -> None:
        self.seq += 1
        for feed in self._feeds.values():
            feed.forget()
