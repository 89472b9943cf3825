import asyncio

from tests.enrichment.fake_time import FakeTime
from tests.enrichment.rig import ACME, FakeClient, Settled, lookups, rig_of
from tests.enrichment.server import found, hang, in_turn, serving
from tests.enrichment.test_persistence import FakeStore
from tests.support.clock import START
from tracker.core.effects import Lookup
from tracker.core.identity import Identity
from tracker.core.inputs import IdentityResolved, LookupFailed, LookupSkipped
from tracker.enrichment.errors import EnrichmentError, RateLimited, Rejected, Unavailable
from tracker.settings import Filters

START_DAY = "2026-09-21"
DATA_CENTER = "b8e8879e-3382-4908-8f1e-7638473d0913"
IP = "1.1.1.1"


def known() -> FakeClient:
    return FakeClient(lambda _: ACME)


async def test_asks_for_the_address_as_received_and_answers_for_the_canonical_one() -> None:
    client = known()
    async with lookups(client) as rig:
        answer = await rig.ask(IP, "::ffff:1.1.1.1")
        assert isinstance(answer, IdentityResolved)
        assert (answer.address, answer.identity) == (IP, ACME)
        assert client.asked == ["::ffff:1.1.1.1"]


async def test_a_known_address_is_answered_at_once() -> None:
    async with lookups(known()) as rig:
        await rig.ask(IP)
        rig.service.submit(Lookup(IP, IP))
        assert len(rig.answers) == 2
        assert rig.service.ledger.cache_hits == 1


async def test_lookups_that_are_off_are_skipped_for_good() -> None:
    client = known()
    async with lookups(client, enabled=False) as rig:
        answer = await rig.ask(IP)
        assert isinstance(answer, LookupSkipped)
        assert answer.retry_after_s is None
        assert (client.asked, rig.service.ledger.skipped) == ([], {"disabled": 1})


async def test_a_full_queue_fails_the_request() -> None:
    async with lookups(known(), queue_size=1) as rig:
        rig.service.submit(Lookup(IP, IP))
        answer = await rig.ask("2.2.2.2")
        assert isinstance(answer, LookupFailed)
        assert 10 <= answer.retry_after_s <= 20
        assert rig.service.ledger.failures == {"queue_full": 1}


async def test_a_core_that_asks_again_while_it_is_answered_is_heard() -> None:
    """An address that still counted as under way would never be answered."""
    outcomes: list[EnrichmentError | Identity] = [Rejected(400), ACME]
    async with lookups(FakeClient(lambda _: outcomes.pop(0))) as rig:

        def again(answer: Settled) -> None:
            if isinstance(answer, LookupFailed):
                rig.service.submit(Lookup(IP, IP))

        rig.on_answer = again
        assert isinstance(await rig.ask(IP), LookupFailed)
        await rig.until(lambda: len(rig.answers) == 2)
        assert isinstance(rig.answers[1], IdentityResolved)


async def test_an_answer_is_kept_before_it_goes_out() -> None:
    client = known()
    async with lookups(client) as rig:

        def once_more(_: Settled) -> None:
            if len(rig.answers) == 1:
                rig.service.submit(Lookup(IP, IP))

        rig.on_answer = once_more
        await rig.ask(IP)
        assert len(rig.answers) == 2
        assert client.asked == [IP]


async def test_a_rejected_address_is_not_asked_again_soon() -> None:
    async with lookups(FakeClient(lambda _: Rejected(400))) as rig:
        answer = await rig.ask(IP)
        assert isinstance(answer, LookupFailed)
        assert answer.retry_after_s >= 300


async def test_F2b_03_after_a_429_the_core_comes_back_when_the_pause_is_over() -> None:
    time = FakeTime()
    async with lookups(FakeClient(lambda _: RateLimited(60.0)), clock=time, sleep=time.sleep) as rig:
        for address in (IP, "2.2.2.2"):
            answer = await rig.ask(address)
            assert isinstance(answer, LookupFailed)
            assert 60 < answer.retry_after_s <= 63
        assert rig.service.snapshot()["pausedForS"] == 60.0


async def test_workers_survive_bugs_in_client_and_sink() -> None:
    def explode(_: str) -> Identity:
        raise RuntimeError("bug in the client")

    def burst(_: Settled) -> None:
        raise RuntimeError("bug in the core")

    client = FakeClient(explode)
    async with lookups(client, concurrency=1) as rig:
        assert isinstance(await rig.ask(IP), LookupFailed)
        assert rig.service.ledger.failures == {"bug": 1}
        rig.on_answer = burst
        client.outcome = lambda _: ACME
        await rig.ask("2.2.2.2")
        assert isinstance(await rig.ask("3.3.3.3"), IdentityResolved)


async def test_F2b_08_stale_answers_serve_while_the_service_is_down() -> None:
    time, client = FakeTime(), known()
    async with lookups(client, clock=time, sleep=time.sleep, cache_ttl_s=100) as rig:
        await rig.ask(IP)
        time.advance(200)
        client.outcome = lambda _: Unavailable("server_error", 500)
        for number in range(10):
            rig.service.submit(Lookup(f"2.2.2.{number}", f"2.2.2.{number}"))
        await time.pass_(5)
        assert rig.service.snapshot()["breaker"]["state"] == "open"
        assert rig.service.is_down
        stale, unknown = await rig.ask(IP), await rig.ask("9.9.9.9")
        assert isinstance(stale, IdentityResolved)
        assert stale.identity == ACME
        assert isinstance(unknown, LookupFailed)
        assert rig.service.ledger.stale_hits == 1


async def test_F2b_09_a_spent_budget_skips_until_the_next_day_and_says_so_once() -> None:
    time, client = FakeTime(), known()
    async with lookups(client, clock=time, sleep=time.sleep, daily_budget=2) as rig:
        for number in range(2):
            await rig.ask(f"1.1.1.{number}")
        for number in range(5):
            answer = await rig.ask(f"2.2.2.{number}")
            assert isinstance(answer, LookupSkipped)
            assert answer.retry_after_s == 86_400 - START.unix_s % 86_400
        assert len(client.asked) == 2
        assert ["spent" in notice.message for notice in rig.notices] == [True]
        assert isinstance(await rig.ask("1.1.1.0"), IdentityResolved)  # the cache costs nothing
        await time.pass_(86_400 - START.unix_s % 86_400)
        assert isinstance(await rig.ask("2.2.2.0"), IdentityResolved)


async def test_F2b_09_a_restart_neither_buys_again_nor_forgets_what_was_spent() -> None:
    store, client = FakeStore(), known()
    async with lookups(client, store=store, daily_budget=2) as rig:
        await rig.ask(IP)
    assert client.closed
    async with lookups(client, store=store, daily_budget=2) as rig:
        assert isinstance(await rig.ask(IP), IdentityResolved)
        await rig.ask("2.2.2.2")
        assert isinstance(await rig.ask("3.3.3.3"), LookupSkipped)
    assert client.asked == [IP, "2.2.2.2"]


async def test_F2b_01_misses_survive_a_restart_too() -> None:
    store, client = FakeStore(), FakeClient(lambda _: None)
    for _ in range(2):
        async with lookups(client, store=store) as rig:
            answer = await rig.ask(IP)
            assert isinstance(answer, IdentityResolved)
            assert answer.identity is None
    assert client.asked == [IP]


async def test_what_was_kept_passes_the_filters_of_today() -> None:
    store = FakeStore()
    now = START.unix_s
    hidden = Identity(data_center_guid="no-longer-hidden")
    store.kept = {IP: (IP, hidden, now), "2.2.2.2": ("2.2.2.2", ACME, now)}
    guid = ACME.company.guid if ACME.company else ""
    time, client = FakeTime(), known()
    filters = Filters(data_center_companies=(guid,))
    async with lookups(client, clock=time, sleep=time.sleep, store=store, filters=filters) as rig:
        newly_hidden = await rig.ask("2.2.2.2")
        assert isinstance(newly_hidden, IdentityResolved)
        assert newly_hidden.identity == Identity(data_center_guid=guid)
        await rig.ask(IP)
        assert client.asked == [IP]
    assert store.kept["2.2.2.2"][1] == Identity(data_center_guid=guid)


async def test_a_store_that_cannot_be_read_stops_nothing() -> None:
    class Broken(FakeStore):
        def load_spend(self) -> tuple[str, int] | None:
            raise OSError("corrupt")

    async with lookups(known(), store=Broken()) as rig:
        assert isinstance(await rig.ask(IP), IdentityResolved)


async def test_run_again_takes_up_what_was_under_way_and_loads_only_once() -> None:
    store, time = FakeStore(), FakeTime()
    store.spend = (START_DAY, 7)
    async with serving(in_turn(hang, found())) as server:
        rig = rig_of(server.url, clock=time, store=store)
        asking = asyncio.gather(rig.ask(IP))
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(rig.service.run())
            await server.until_asked(1)
            first.cancel()
        async with asyncio.TaskGroup() as tasks:
            second = tasks.create_task(rig.service.run())
            (answer,) = await asking
            second.cancel()
    assert isinstance(answer, IdentityResolved)
    assert store.kept[IP][1] == ACME
    assert rig.service.snapshot()["budget"]["calls"] == 7 + 2


async def test_forget_erases_here_and_in_the_store() -> None:
    store, client = FakeStore(), known()
    async with lookups(client, store=store) as rig:
        await rig.ask(IP)
        rig.service.forget(IP)
        await rig.ask(IP)
        rig.service.forget(IP)
    assert client.asked == [IP, IP]
    assert store.kept == {}


async def test_snapshot_names_every_part() -> None:
    async with lookups(known(), cost_per_call=0.5) as rig:
        await rig.ask(IP)
        await rig.ask(IP)
        snapshot = rig.service.snapshot()
    assert snapshot["breaker"] == {"state": "closed", "opened": 0, "nextProbeInS": 0.0}
    assert (snapshot["calls"], snapshot["hits"], snapshot["cacheHits"]) == (1, 1, 1)
    assert (snapshot["cost"], snapshot["saved"], snapshot["budget"]["cost"]) == (0.5, 0.5, 0.5)
    assert (snapshot["queued"], snapshot["inFlight"], snapshot["cached"]) == (0, 0, 1)


async def test_S4_21_the_answer_of_a_lookup_under_way_is_not_kept_of_who_is_forgotten() -> None:
    client = known()
    async with lookups(client) as rig:
        rig.on_answer = lambda _: None
        rig.service.submit(Lookup(IP, IP))
        rig.service.forget(IP)
        await rig.ask("2.2.2.2")
        assert not rig.service.knows(IP)
        await rig.ask(IP)
        assert rig.service.knows(IP), "who comes back is somebody new"


async def test_S4_21_a_pseudonym_is_never_sent_out() -> None:
    client = known()
    async with lookups(client) as rig:
        assert isinstance(await rig.ask("pseudonym", ""), LookupFailed)
        assert rig.service.ledger.failures == {"address_not_at_hand": 1}
        assert rig.service.ledger.snapshot()["calls"] == 0
