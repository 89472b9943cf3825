"""Which frame is due next: thousands of visits at once, without sockets and without a clock."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

from emitters.population import World
from emitters.visit_faults import VISIT_FAULTS
from emitters.visits import Kind, Script, Step, Truth, Visit, normal_visit

MILD_FAULTS: tuple[str, ...] = ("duplicate-open", "keep-alive-before-open", "silent", "malformed-json")
"""What goes wrong now and then when nothing else is asked for."""

DEFAULT_SESSIONS_MAX = 20_000


class Ledger:
    """The truth about the visits, to compare with what the service shows.

    Attributes:
        open_sessions: guid → address of everyone who is there now. Bounded by the
            schedule's ``sessions_max`` and by what a test sends itself.
        frames: what was sent, by event type; anything else counts as ``garbage``.
        faults: visits that went wrong, by fault.
    """

    def __init__(self) -> None:
        self.open_sessions: dict[str, str] = {}
        self.frames: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.arrived = 0
        self.left = 0
        self.fell_silent = 0

    @property
    def frames_sent(self) -> int:
        return self.frames.total()

    def note(self, step: Step) -> None:
        if step.is_spoken:
            self.frames[step.kind or "garbage"] += 1
        if step.visitor is not None and step.truth is not None:
            self._change(step.truth, step.visitor.guid, step.visitor.ip)

    def note_scripted(self, message: object) -> None:
        """Note what a test sent by hand: a well-formed frame changes the truth, anything else is garbage."""
        match message:
            case {
                "eventType": "session-opened" | "keep-alive" | "session-closed" as kind,
                "guid": str(guid),
                "ip": str(ip),
            }:
                self.frames[kind] += 1
                if kind == Kind.CLOSED:
                    self._change(Truth.LEAVES, guid, ip)
                elif kind == Kind.OPENED or guid not in self.open_sessions:
                    self._change(Truth.ARRIVES, guid, ip)
            case _:
                self.frames["garbage"] += 1

    def _change(self, truth: Truth, guid: str, ip: str) -> None:
        if truth is Truth.ARRIVES:
            self.arrived += guid not in self.open_sessions
            self.open_sessions[guid] = ip
        elif self.open_sessions.pop(guid, None) is not None:
            if truth is Truth.LEAVES:
                self.left += 1
            else:
                self.fell_silent += 1


class Schedule:
    """Hands out the frames that are due, and begins new visits while there is room.

    The caller decides how many frames it wants and what time it is, so the rate
    is exact and the same seed gives the same frames.

    Args:
        speed: divides every wait of a visit.
        faults: names of ``VISIT_FAULTS``; empty for a clean feed.
        fault_rate: share of the visits that go wrong, 0 to 1.
        sessions_max: visits at once. When they are reached no visit begins, and
            what is asked for beyond the due frames is filled with keep-alives.
    """

    def __init__(
        self,
        world: World,
        *,
        seed: int = 1,
        speed: float = 1.0,
        faults: Sequence[str] = (),
        fault_rate: float = 0.05,
        sessions_max: int = DEFAULT_SESSIONS_MAX,
    ) -> None:
        self.ledger = Ledger()
        self.sessions_max = sessions_max
        self._world = world
        self._rng = Random(f"visits {seed}")
        self._speed = speed
        self._fault_rate = fault_rate if faults else 0.0
        self._scripts: Mapping[str, Script] = {name: VISIT_FAULTS[name].script for name in faults}
        self._names = tuple(faults)
        self._begun = 0
        self._due: list[tuple[float, int, Visit, Step]] = []
        """One entry for each running visit: when its next step is due."""

    @property
    def visits_running(self) -> int:
        return len(self._due)

    def take(self, now_s: float, count: int) -> list[Step]:
        """Return the next ``count`` spoken steps; fewer only when no visit may run at all.

        Args:
            now_s: time on any clock that does not go backwards, in seconds.
        """
        steps: list[Step] = []
        while len(steps) < count:
            if self._due and self._due[0][0] <= now_s:
                _, number, visit, step = heapq.heappop(self._due)
                self._perform(now_s, number, visit, step, steps)
            elif len(self._due) < self.sessions_max:
                self._begin_visit(now_s, steps)
            else:
                extra = self.extra_keep_alives(count - len(steps))
                steps += extra
                break
        return steps

    def extra_keep_alives(self, count: int) -> list[Step]:
        """Return up to ``count`` keep-alives of visitors who are there, ahead of their time."""
        if not self._due:
            return []
        steps = []
        for _ in range(count):
            visitor = self._rng.choice(self._due)[3].visitor
            if visitor is not None and visitor.guid in self.ledger.open_sessions:
                step = visitor.keep_alive()
                self.ledger.note(step)
                steps.append(step)
        return steps

    def _begin_visit(self, now_s: float, steps: list[Step]) -> None:
        script: Script = normal_visit
        if self._fault_rate and self._rng.random() < self._fault_rate:
            name = self._rng.choice(self._names)
            self.ledger.faults[name] += 1
            script = self._scripts[name]
        visit = script(self._world, self._rng)
        self._begun += 1
        self._perform(now_s, self._begun, visit, next(visit), steps)

    def _perform(self, now_s: float, number: int, visit: Visit, step: Step, steps: list[Step]) -> None:
        self.ledger.note(step)
        if step.is_spoken:
            steps.append(step)
        following = next(visit, None)
        if following is not None:
            due_s = now_s + following.wait_s / self._speed
            heapq.heappush(self._due, (due_s, number, visit, following))
