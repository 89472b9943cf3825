"""The core against a naive model of the same rules, over random histories."""

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.core.naive import NaiveSite
from tests.core.playbook import (
    ACME,
    CLOUD,
    GLOBEX,
    NOBODY,
    NOT_AN_ADDRESS,
    SITE,
    Playbook,
    address_of,
    shown,
)
from tracker.core.clock import Now
from tracker.core.effects import Effect, Lookup, StatisticsChanged
from tracker.core.identity import Company, Contact, Identity
from tracker.core.inputs import (
    FrameKind,
    IdentityResolved,
    Input,
    LookupFailed,
    LookupSkipped,
    ResetRequested,
    SiteEvent,
    Tick,
    UpstreamChanged,
    UpstreamFrame,
    UpstreamState,
)
from tracker.core.reasons import Drop
from tracker.core.rules import Rules

RULES = Rules(
    idle_timeout_s=10.0,
    reveal_after_s=2.0,
    leave_grace_s=3.0,
    journey_length=4,
    max_live_sessions=5,
)
MIDNIGHT = 20_000 * 86_400.0
START = Now(monotonic_s=50.0, unix_s=MIDNIGHT - 25.0)

FROM_UPSTREAM = ("u1", "u2", "u3", "both")
KINDS = ("pageview", "pageview", "pageview", "signup", "keep_alive", "leave", "session_end")
FROM_PAGES = ("p1", "p2", "p3", "both")
IPS = (ACME, ACME, GLOBEX, NOBODY, CLOUD, NOT_AN_ADDRESS, "")
HOME = {"u1": ACME, "u2": CLOUD, "u3": GLOBEX, "both": CLOUD, "p1": ACME, "p2": CLOUD, "p3": ""}
OWN_TIMES = (0.0, 0.0, 0.0, 0.0, -1.0, -7.0, 4.0, -400.0, 1e9)
COMPANY = Company("guid-1", "Acme")
IDENTITIES = (
    Identity(COMPANY),
    Identity(COMPANY, Contact("guid-c", "Ada")),
    Identity(Company("guid-2", "Globex")),
    Identity(contact=Contact("guid-c", "Ada")),
    None,
)


class CoreAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book = Playbook(RULES, START)
        self.model = NaiveSite(RULES, START)
        self.asked: list[str] = []
        """Addresses whose lookup is on its way."""

    @rule(
        kind=st.sampled_from([*FrameKind, FrameKind.KEEP_ALIVE]),
        session_id=st.sampled_from(FROM_UPSTREAM),
        elsewhere=st.sampled_from([None] * 8 + list(IPS)),
        own_time=st.sampled_from([*OWN_TIMES, None]),
    )
    def frame(self, kind: FrameKind, session_id: str, elsewhere: str | None, own_time: float | None) -> None:
        now = self.book.clock.now()
        ip = HOME[session_id] if elsewhere is None else elsewhere
        occurred_at = None if own_time is None else now.unix_s + own_time
        self.model.frame(now, str(kind), session_id, ip, address_of(ip), occurred_at)
        self.feed(UpstreamFrame(now, SITE, kind, session_id, ip, address_of(ip), occurred_at))

    @rule(
        kind=st.sampled_from(KINDS),
        session_id=st.sampled_from(FROM_PAGES),
        page=st.sampled_from([None, "/", "/a", "/b", "/c"]),
        own_time=st.sampled_from(OWN_TIMES),
    )
    def event(self, kind: str, session_id: str, page: str | None, own_time: float) -> None:
        now = self.book.clock.now()
        ip = HOME[session_id]
        occurred_at = now.unix_s + own_time
        self.model.event(now, kind, session_id, page, ip, address_of(ip), occurred_at)
        self.feed(
            SiteEvent(now, SITE, "e", kind, session_id, occurred_at, page, ip=ip, address=address_of(ip))
        )

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 3), identity=st.sampled_from(IDENTITIES))
    def answer(self, which: int, identity: Identity | None) -> None:
        address = self.take_asked(which)
        if address == CLOUD:
            identity = Identity(data_center_guid="guid-cloud")
        now = self.book.clock.now()
        self.model.answer(now, address, identity)
        self.feed(IdentityResolved(now, address, identity))

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 3), retry_after_s=st.sampled_from([1.0, 6.0, 30.0]))
    def fail(self, which: int, retry_after_s: float) -> None:
        address = self.take_asked(which)
        now = self.book.clock.now()
        self.model.no_answer(now, address, "failed", retry_after_s)
        self.feed(LookupFailed(now, address, retry_after_s))

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 3), retry_after_s=st.sampled_from([None, 6.0, 30.0]))
    def skip(self, which: int, retry_after_s: float | None) -> None:
        address = self.take_asked(which)
        now = self.book.clock.now()
        self.model.no_answer(now, address, "skipped", retry_after_s)
        self.feed(LookupSkipped(now, address, retry_after_s))

    @rule(ticks=st.sampled_from([1, 1, 2, 4, 8, 13, 22, 41, 82]))
    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.pass_time(0.25)

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 15.0]))
    def stand_still(self, seconds: float) -> None:
        self.book.stand_still(seconds)

    @precondition(lambda self: not self.asked)  # no lookup takes longer than its deadline
    @rule()
    def sleep_over_an_hour(self) -> None:
        self.book.stand_still(3_700.0)

    @rule(seconds=st.sampled_from([3.0, 15.0, 70.0]))
    def stall(self, seconds: float) -> None:
        self.pass_time(seconds)

    @rule(state=st.sampled_from(UpstreamState))
    def upstream(self, state: UpstreamState) -> None:
        self.feed(UpstreamChanged(self.book.clock.now(), SITE, state))

    @rule()
    def reset(self) -> None:
        now = self.book.clock.now()
        self.model.reset(now)
        self.feed(ResetRequested(now, SITE))

    def pass_time(self, seconds: float) -> None:
        now = self.book.clock.advance(seconds)
        due = {address for address, due_s in self.model.retries.items() if due_s <= now.monotonic_s}
        self.model.tick(now)
        lookups = {effect.address for effect in self.feed(Tick(now)) if isinstance(effect, Lookup)}
        assert lookups == {address for address in due if self.model.is_asked_for(address)}

    def take_asked(self, which: int) -> str:
        return self.asked.pop(which % len(self.asked))

    def feed(self, happened: Input) -> list[Effect]:
        before = (self.book.figures, self.book.site.hidden_sessions)
        effects = self.book.feed_raw(happened)
        if before != (self.book.figures, self.book.site.hidden_sessions):
            assert StatisticsChanged(SITE) in effects, "figures changed and nobody was told"
        for effect in effects:
            if isinstance(effect, Lookup) and effect.address not in self.asked:
                self.asked.append(effect.address)
        return effects

    # What has to hold after every step

    @invariant()
    def table_is_that_of_the_model(self) -> None:
        rows = list(self.book.site.visible_sessions())
        assert [
            (
                row.id,
                row.opened_at,
                row.last_activity_at,
                row.current_page,
                [tuple(step) for step in row.steps],
                row.identity.company.guid if row.identity and row.identity.company else None,
                str(row.enrichment),
                row.ip,
                list(row.previous_ips),
                row.is_idle,
            )
            for row in rows
        ] == [
            (
                visit.id,
                visit.opened_at,
                visit.last_activity_at,
                visit.journey[-1][0] if visit.journey else None,
                visit.journey,
                visit.company,
                visit.enrichment,
                visit.ip,
                visit.former_ips,
                visit.is_idle,
            )
            for visit in self.model.table()
        ]

    @invariant()
    def figures_are_those_of_the_model(self) -> None:
        now = self.book.clock.now()
        averages = self.book.averages()
        assert self.book.figures == (len(self.model.table()), self.model.today(), self.model.pages())
        assert self.book.site.hidden_sessions == self.model.hidden()
        assert averages.visitors_per_company == self.model.visitors_per_company()
        assert _is_close(averages.session_duration_s, self.model.session_duration(now))
        assert _is_close(averages.session_duration_today_s, self.model.session_duration_today())
        assert self.book.visitors_by_minute == self.model.by_minute(now)

    @invariant()
    def drops_are_those_of_the_model(self) -> None:
        for reason in (Drop.LATE_FRAME, Drop.ORPHAN_CLOSE, Drop.ORPHAN_SIGNAL, Drop.EVICTED):
            assert self.book.dropped(reason) == self.model.drops[reason]

    @invariant()
    def effects_alone_give_the_table(self) -> None:
        """A dashboard that only hears the effects shows every row as it is, and no other."""
        assert self.book.table == {(SITE, row.id): shown(row) for row in self.book.site.visible_sessions()}

    @invariant()
    def whoever_is_pending_will_hear(self) -> None:
        for visit in self.model.visits:
            if visit.is_live and visit.enrichment == "pending":
                assert visit.address in self.asked or visit.address in self.model.retries

    @invariant()
    def nothing_is_left_behind(self) -> None:
        sizes = self.book.core.sizes
        live = [visit for visit in self.model.visits if visit.is_live]
        assert sizes["liveSessions"] == len(live) <= RULES.max_live_sessions
        assert sizes["addressesWaiting"] == len({v.address for v in self.model.visits if v.asks})
        assert sizes["endedSessions"] == sum(visit.is_remembered for visit in self.model.visits)


def _is_close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < 0.002


def test_F3_07_the_core_and_a_simpler_program_agree_on_whatever_happens() -> None:
    run_state_machine_as_test(CoreAgainstModel)
