"""The session rules once more, in the plainest way: the measure for the core.

Written from CONTRACT.md, section 4, and docs/sessions.md. Every visit keeps the
facts; every figure is counted anew from all of them whenever it is asked for.

What the contract leaves open is settled here as docs say or as a user would
guess: a new visit of an id goes on with what the id was counted for, unless the
former one is forgotten (then it counts once more); a late
page cannot split a stay of which only the beginning was kept; a visit that was
closed and opened anew while its lookup was on its way keeps its place in the
mean of the ended ones.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tracker.core.clock import Now
from tracker.core.identity import Identity
from tracker.core.rules import Rules

REMEMBERED_S = 3_600.0
STALL_S = 2.0

Journey = list[tuple[str, float]]


@dataclass(eq=False)
class Visit:
    id: str
    ip: str
    address: str | None
    opened_at: float
    last_activity_at: float
    heard_s: float = 0.0
    turn: int = 0
    """Rises with every receipt of any visit: who has the lowest is silent the longest."""
    former_ips: list[str] = field(default_factory=list)
    journey: Journey = field(default_factory=list)
    enrichment: str = "pending"
    company: str | None = None
    state: str = "waiting"
    """waiting, visible or hidden"""
    asks: bool = False
    reveals_s: list[float] = field(default_factory=list)
    leaving_s: float | None = None
    is_idle: bool = False
    ended_s: float | None = None
    ended_at: float | None = None
    reason: str = ""
    is_remembered: bool = False
    # Facts that figures are counted from
    present: list[tuple[int, int, float, int]] = field(default_factory=list)
    """Period, number of resets, own time, minute."""
    hits: list[tuple[int, float, str]] = field(default_factory=list)
    """Period, own time, page."""
    ends: list[tuple[int, float]] = field(default_factory=list)
    """Period, duration; at most one."""

    @property
    def is_live(self) -> bool:
        return self.ended_s is None

    @property
    def is_settled_for_good(self) -> bool:
        return self.address is None or self.enrichment in ("identified", "unknown")


class NaiveSite:
    def __init__(self, rules: Rules, now: Now) -> None:
        self.rules = rules
        self.visits: list[Visit] = []
        self.settled_hits: list[tuple[int, float, str]] = []
        """Page visits that no answer can take back any more."""
        self.retries: dict[str, float] = {}
        self.drops: Counter[str] = Counter()
        self.period = 0
        self.resets = 0
        self.turns = 0
        self.day = _day_of(now.unix_s)
        self.ticked_s = now.monotonic_s
        self.expire_from_s = now.monotonic_s

    # What happens

    def frame(
        self, now: Now, kind: str, session_id: str, ip: str, address: str | None, occurred_at: float | None
    ) -> None:
        at = _own_time(occurred_at, now)
        visit = self.live(session_id)
        if kind == "session-closed":
            if visit is None:
                self.drops["orphan_close"] += 1
            else:
                self._end(visit, "closed", now, at)
            return
        if visit is not None:
            self._hear(visit, now, at)
        else:
            before = self._remembered(session_id)
            is_new_opening = kind == "session-opened" and occurred_at is not None
            if before is not None and before.reason == "expired":
                visit = self._come_back(before, now, at)
            elif (
                before is not None
                and before.ended_s is not None
                and before.ended_at is not None
                and now.monotonic_s - before.ended_s < 2 * self.rules.idle_timeout_s
                and not (is_new_opening and at > before.ended_at)
            ):
                self.drops["late"] += 1
                return
            elif before is not None and before.state == "waiting":
                visit = self._come_back(before, now, at)
            else:
                visit = self._open(session_id, ip, address, now, at)
        if kind == "session-opened":
            visit.opened_at = min(visit.opened_at, at)
        if ip and ip != visit.ip and (address is None or address != visit.address):
            self._move(visit, ip, address, now)

    def event(
        self,
        now: Now,
        kind: str,
        session_id: str,
        page: str | None,
        ip: str,
        address: str | None,
        occurred_at: float,
    ) -> None:
        at = _own_time(occurred_at, now)
        visit = self.live(session_id)
        if visit is not None:
            self._hear(visit, now, at)
        else:
            before = self._remembered(session_id)
            has_expired = before is not None and before.reason == "expired"
            if kind in ("leave", "session_end") or (kind == "keep_alive" and not has_expired):
                self.drops["orphan_signal"] += 1
                return
            if (
                before is not None
                and before.ended_s is not None
                and (
                    has_expired
                    or before.state == "waiting"
                    or now.monotonic_s - before.ended_s <= self.rules.idle_timeout_s
                )
            ):
                visit = self._come_back(before, now, at)
            else:
                visit = self._open(session_id, ip, address, now, at)
        visit.leaving_s = now.monotonic_s if kind == "leave" else None
        if kind not in ("leave", "keep_alive") and page is not None:
            self._walk(visit, page, at)
        if kind == "session_end":
            self._end(visit, "closed", now, at)

    def answer(self, now: Now, address: str, identity: Identity | None) -> None:
        self.retries.pop(address, None)
        for visit in self._asking(address):
            visit.asks = False
            if identity is not None and identity.data_center_guid is not None:
                visit.enrichment = "identified"
                visit.state = "hidden"
                visit.present, visit.hits, visit.ends = [], [], []
                continue
            visit.enrichment = "unknown" if identity is None else "identified"
            visit.company = identity.company.guid if identity and identity.company else None
            self.settled_hits += visit.hits
            visit.hits = []
            self._reveal(visit, now)

    def no_answer(self, now: Now, address: str, enrichment: str, retry_after_s: float | None) -> None:
        if retry_after_s is None:
            self.retries.pop(address, None)
        for visit in self._asking(address):
            visit.enrichment = enrichment
            self._reveal(visit, now)
            visit.asks = visit.is_live and retry_after_s is not None
        if retry_after_s is not None and self._asking(address):
            self.retries.setdefault(address, now.monotonic_s + retry_after_s)
        self._drop_idle_retries()

    def reset(self, now: Now) -> None:
        self.period += 1
        self.resets += 1
        self.day = _day_of(now.unix_s)

    def tick(self, now: Now) -> None:
        if now.monotonic_s - self.ticked_s > STALL_S:
            self.expire_from_s = now.monotonic_s + STALL_S
        self.ticked_s = now.monotonic_s
        for visit in self.visits:
            if any(due_s <= now.monotonic_s for due_s in visit.reveals_s):
                self._reveal(visit, now)
            visit.reveals_s = [due_s for due_s in visit.reveals_s if due_s > now.monotonic_s]
        for visit in self._living():
            since_s = visit.leaving_s
            if since_s is not None and since_s + self.rules.leave_grace_s <= now.monotonic_s:
                self._end(visit, "closed", now, visit.last_activity_at)
        for visit in self._living():
            silence_s = now.monotonic_s - visit.heard_s
            visit.is_idle = silence_s >= self.rules.idle_timeout_s / 2
            if silence_s > self.rules.idle_timeout_s and now.monotonic_s >= self.expire_from_s:
                self._end(visit, "expired", now, visit.last_activity_at)
        for visit in self.visits:
            if visit.ended_s is not None and now.monotonic_s - visit.ended_s >= REMEMBERED_S:
                visit.is_remembered = False
        if now.unix_s >= self.day[1]:
            self.period += 1
            self.day = _day_of(now.unix_s)
        self.retries = {a: due_s for a, due_s in self.retries.items() if due_s > now.monotonic_s}

    # What is seen

    def live(self, session_id: str) -> Visit | None:
        return next((visit for visit in self._living() if visit.id == session_id), None)

    def table(self) -> list[Visit]:
        """Most recently heard of first."""
        rows = [visit for visit in self._living() if visit.state == "visible"]
        return sorted(rows, key=lambda visit: -visit.turn)

    def hidden(self) -> int:
        return sum(visit.state == "hidden" for visit in self._living())

    def today(self) -> int:
        return sum(any(self._is_today(period, at) for period, _, at, _ in v.present) for v in self.visits)

    def pages(self) -> dict[str, int]:
        hits = self.settled_hits + [hit for visit in self.visits for hit in visit.hits]
        return dict(Counter(page for period, at, page in hits if self._is_today(period, at)))

    def visitors_per_company(self) -> float | None:
        companies = [visit.company for visit in self.table() if visit.company is not None]
        return len(companies) / len(set(companies)) if companies else None

    def session_duration(self, now: Now) -> float | None:
        rows = self.table()
        return max(0.0, sum(now.unix_s - v.opened_at for v in rows) / len(rows)) if rows else None

    def session_duration_today(self) -> float | None:
        lengths = [length for v in self.visits for period, length in v.ends if period == self.period]
        return sum(lengths) / len(lengths) if lengths else None

    def by_minute(self, now: Now) -> list[int]:
        newest = int(now.unix_s // 60)
        seen = {
            (number, minute)
            for number, visit in enumerate(self.visits)
            for _, resets, _, minute in visit.present
            if resets == self.resets
        }
        per_minute = Counter(minute for _, minute in seen)
        return [per_minute[minute] for minute in range(newest - 9, newest + 1)]

    def is_asked_for(self, address: str) -> bool:
        return bool(self._asking(address)) and address not in self.retries

    # How a visit changes

    def _open(self, session_id: str, ip: str, address: str | None, now: Now, at: float) -> Visit:
        visit = Visit(session_id, ip, address, at, at)
        before = self._remembered(session_id)
        if before is not None:
            before.is_remembered = before.asks = False
            visit.present, before.present = before.present, []
            visit.hits, before.hits = before.hits, []
        self.visits.append(visit)
        self._hear(visit, now, at)
        self._make_room(now)
        self._ask(visit, now)
        return visit

    def _come_back(self, visit: Visit, now: Now, at: float) -> Visit:
        visit.ended_s = visit.ended_at = None
        visit.ends = []
        visit.is_remembered = False
        self._hear(visit, now, at)
        self._make_room(now)
        if not visit.is_settled_for_good:
            self._ask(visit, now)
        return visit

    def _move(self, visit: Visit, ip: str, address: str | None, now: Now) -> None:
        visit.asks = False
        visit.former_ips = [*visit.former_ips, visit.ip][-10:] if visit.ip else visit.former_ips
        visit.ip, visit.address = ip, address
        visit.enrichment, visit.company = "pending", None
        if visit.state == "hidden":
            visit.state = "waiting"
        self._ask(visit, now)

    def _ask(self, visit: Visit, now: Now) -> None:
        if visit.address is None:
            visit.enrichment = "skipped"
            self._reveal(visit, now)
        else:
            visit.asks = True
            visit.reveals_s.append(now.monotonic_s + self.rules.reveal_after_s)
        self._drop_idle_retries()

    def _hear(self, visit: Visit, now: Now, at: float) -> None:
        self.turns += 1
        visit.turn = self.turns
        visit.heard_s = now.monotonic_s
        visit.is_idle = False
        visit.last_activity_at = max(visit.last_activity_at, at)
        if visit.state == "visible":
            self._note_presence(visit, now, at)

    def _note_presence(self, visit: Visit, now: Now, at: float) -> None:
        visit.present.append((self.period, self.resets, at, int(now.unix_s // 60)))

    def _walk(self, visit: Visit, page: str, at: float) -> None:
        earlier = [step for step in visit.journey if step[1] <= at]
        later = [step for step in visit.journey if step[1] > at]
        if earlier and earlier[-1][0] == page:
            return
        if later and later[0][0] == page:
            visit.journey = [*earlier, (page, at), *later[1:]]
            return
        visit.journey = [*earlier, (page, at), *later][-self.rules.journey_length :]
        if visit.state == "visible":
            self._hit(visit, page, at)

    def _hit(self, visit: Visit, page: str, at: float) -> None:
        (self.settled_hits if visit.is_settled_for_good else visit.hits).append((self.period, at, page))

    def _reveal(self, visit: Visit, now: Now) -> None:
        if visit.state != "waiting":
            return
        visit.state = "visible"
        self._note_presence(visit, now, visit.last_activity_at)
        for page, at in visit.journey:
            self._hit(visit, page, at)
        if not visit.is_live:
            self._note_end(visit)
            self._stop_asking(visit)

    def _end(self, visit: Visit, reason: str, now: Now, at: float) -> None:
        visit.ended_s = now.monotonic_s
        visit.ended_at = max(at, visit.last_activity_at)
        visit.reason = reason
        visit.leaving_s = None
        visit.is_idle = False
        visit.is_remembered = True
        if visit.state == "visible":
            self._note_end(visit)
        if visit.state != "waiting":
            self._stop_asking(visit)

    def _note_end(self, visit: Visit) -> None:
        if visit.ended_at is not None and visit.is_remembered:
            visit.ends = [(self.period, max(0.0, visit.ended_at - visit.opened_at))]

    def _stop_asking(self, visit: Visit) -> None:
        """An answer on its way is waited for; a retry in the future is not."""
        if visit.enrichment != "pending" or visit.address in self.retries:
            visit.asks = False
        self._drop_idle_retries()

    def _make_room(self, now: Now) -> None:
        if len(self._living()) > self.rules.max_live_sessions:
            self.drops["evicted"] += 1
            self._end(min(self._living(), key=lambda visit: visit.turn), "expired", now, now.unix_s)

    def _living(self) -> list[Visit]:
        return [visit for visit in self.visits if visit.is_live]

    def _remembered(self, session_id: str) -> Visit | None:
        return next((v for v in self.visits if v.id == session_id and v.is_remembered), None)

    def _asking(self, address: str) -> list[Visit]:
        return [visit for visit in self.visits if visit.asks and visit.address == address]

    def _drop_idle_retries(self) -> None:
        self.retries = {a: due_s for a, due_s in self.retries.items() if self._asking(a)}

    def _is_today(self, period: int, at: float) -> bool:
        return period == self.period and at >= self.day[0]


def _own_time(occurred_at: float | None, now: Now) -> float:
    if occurred_at is None or abs(occurred_at - now.unix_s) > 300:
        return now.unix_s
    return occurred_at


def _day_of(unix_s: float) -> tuple[float, float]:
    midnight = datetime.fromtimestamp(unix_s, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
