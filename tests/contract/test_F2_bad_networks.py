"""FAULTS.md, 2a, 2b, 2e, 2f: the whole service with a bad network on each of its three sides.

What each part does about each fault by itself is tested in its own folder; here, what
becomes of everything else, and whether all is right when the network is good again.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

import httpx
import pytest

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from emitters.sessions import SessionEmitter
from tests.contract.rig import Listener, frame, listen, numbers_rise_by_one, page, stage, status_is
from tests.support.dashboard import DashboardClient, open_dashboard
from tests.support.fault_proxy import Drip, FaultProxy
from tests.support.server import serve
from tests.support.service import WAIT_S, RunningService, protocol_of, run_service, settings_for_tests, until
from tracker.clock import SystemClock
from tracker.wiring import running

SILENCE_S = 2.0
BEAT_S = 0.1
DEADLINE_S = 0.8
SLACK_S = 5.0
"""How late a busy machine may be."""


class Feed(NamedTuple):
    """The service, whose session emitter is far away."""

    service: RunningService
    emitter: SessionEmitter
    dashboard: DashboardClient

    async def say(self, kind: str, session_id: str) -> None:
        await self.emitter.send(frame(kind, session_id))

    async def beat(self) -> None:
        while True:
            await self.say("keep-alive", "beat")
            await asyncio.sleep(BEAT_S)

    async def seen(self, *states: str) -> None:
        """Wait until the dashboard was told of these states since it came."""
        await self.dashboard.wait_for(lambda seen: self.states(seen)[: len(states)] == [*states])

    @staticmethod
    def states(seen: DashboardClient) -> list[str]:
        states = [str(message["status"]) for message in seen.of_type("upstream_status")]
        return states[1:] if states[:1] == ["connected"] else states

    async def upstream(self) -> dict[str, Any]:
        upstream: dict[str, Any] = (await self.service.get("/api/status"))["upstream"]
        return upstream


@asynccontextmanager
async def feed() -> AsyncIterator[tuple[Feed, FaultProxy]]:
    """Everybody knows of one session, ``stays``; another one never falls silent."""
    async with SessionEmitter(world=World(1, 20)) as emitter, FaultProxy(emitter.url) as proxy:
        settings = settings_for_tests(upstream__url=proxy.url, upstream__silence_timeout_s=SILENCE_S)
        async with (
            run_service(settings) as service,
            open_dashboard(service.socket_url) as dashboard,
            asyncio.TaskGroup() as tasks,
        ):
            play = Feed(service, emitter, dashboard)
            beating = tasks.create_task(play.beat(), name="beat")
            await dashboard.wait_for(lambda seen: "beat" in seen.rows)
            await play.say("session-opened", "stays")
            await dashboard.wait_for(lambda seen: "stays" in seen.rows)
            yield play, proxy
            beating.cancel()


async def late(play: Feed, proxy: FaultProxy) -> list[str]:
    proxy.down.latency_s = 0.3
    said_s = time.monotonic()
    await play.say("session-opened", "late")
    await play.dashboard.wait_for(lambda seen: "late" in seen.rows)
    assert time.monotonic() - said_s >= 0.3
    await play.say("session-closed", "late")
    await play.dashboard.wait_for(lambda seen: "late" not in seen.rows)
    return []


async def dripping(play: Feed, proxy: FaultProxy) -> list[str]:
    """Bytes come all the time, but never a whole frame."""
    proxy.down.drip = Drip(1, 0.1)
    await play.say("session-opened", "dripped")
    await play.seen("reconnecting")
    assert (await play.upstream())["stalled"] == 1
    return ["4000"]


async def cut(play: Feed, proxy: FaultProxy) -> list[str]:
    proxy.down.cut_after(60)
    await play.say("session-opened", "cut")
    await play.seen("reconnecting")
    assert "cut" not in play.dashboard.rows, "half a frame is none"
    return ["1006"]


async def black_hole(play: Feed, proxy: FaultProxy) -> list[str]:
    proxy.black_hole = True
    proxy.reset()
    await play.seen("reconnecting")
    await until(lambda: proxy.connections == 2)
    await play.say("session-opened", "swallowed")
    assert (await play.upstream())["state"] == "reconnecting"
    return ["1006"]


async def reset(play: Feed, proxy: FaultProxy) -> list[str]:
    proxy.reset()
    await play.seen("reconnecting")
    return ["1006"]


async def half_open(play: Feed, proxy: FaultProxy) -> list[str]:
    proxy.half_open = True
    went_dark_s = time.monotonic()
    await play.say("session-opened", "unheard")
    await play.seen("reconnecting")
    assert time.monotonic() - went_dark_s < SILENCE_S + 2.0 + SLACK_S
    return ["4000"]


FEED_FAULTS: dict[str, Callable[[Feed, FaultProxy], Awaitable[list[str]]]] = {
    "latency": late, "drip": dripping, "cut": cut, "black hole": black_hole, "reset": reset,
    "half-open": half_open,
}  # fmt: skip


@pytest.fixture(scope="module")
def troubles() -> dict[str, BaseException | None]:
    """What was wrong with each fault of the feed. They happen side by side: most of it is waiting."""

    async def all_of_them() -> list[BaseException | None]:
        return await asyncio.gather(*map(_through, FEED_FAULTS.values()), return_exceptions=True)

    return dict(zip(FEED_FAULTS, asyncio.run(all_of_them()), strict=True))


async def _through(fault: Callable[[Feed, FaultProxy], Awaitable[list[str]]]) -> None:
    async with feed() as (play, proxy):
        codes = await fault(play, proxy)
        # Somebody else asks and is answered while the feed is broken.
        await page(play.service, "elsewhere")
        await play.dashboard.wait_for(lambda seen: "elsewhere" in seen.rows)
        assert "stays" in play.dashboard.rows
        proxy.heal()
        await status_is(play.service, "upstream", "state", value="connected")
        if codes:
            await play.seen("reconnecting", "connected")
        else:
            assert play.states(play.dashboard) == [], "nothing happened"
            assert proxy.connections == 1
        await play.say("session-opened", "after")
        await play.say("session-closed", "stays")
        await play.dashboard.wait_for(lambda seen: "after" in seen.rows)
        await play.dashboard.wait_for(lambda seen: "stays" not in seen.rows)
        assert set(play.dashboard.rows) - {"unheard"} == {"beat", "after", "elsewhere"}
        assert set(await play.service.visitors()) == set(play.dashboard.rows)
        upstream = await play.upstream()
        assert list(upstream["disconnects"]) == codes
        assert upstream["framesRejected"] == 0


@pytest.mark.parametrize("fault", FEED_FAULTS)
def test_F2a_02_the_feed_breaks_is_told_comes_back_and_the_table_is_right(
    troubles: dict[str, BaseException | None], fault: str
) -> None:
    if trouble := troubles[fault]:
        raise trouble


def answers_late(proxy: FaultProxy) -> None:
    proxy.down.latency_s = 60.0


def answers_drip(proxy: FaultProxy) -> None:
    proxy.down.drip = Drip(1, 0.1)


def answers_are_cut(proxy: FaultProxy) -> None:
    proxy.down.cut_after(40)


def calls_vanish(proxy: FaultProxy) -> None:
    proxy.black_hole = True
    proxy.reset()


def calls_are_reset(proxy: FaultProxy) -> None:
    proxy.resets = True
    proxy.reset()


async def test_F2b_04_F2b_07_a_bad_way_to_the_deanonymizer_costs_companies_only_and_the_pool_works() -> None:
    faults = {
        answers_late: {"timeout"},
        answers_drip: {"timeout"},
        answers_are_cut: {"disconnected"},
        calls_vanish: {"timeout"},
        calls_are_reset: {"connection", "disconnected"},
    }
    async with Deanonymizer(world=World(1, 200)) as vendor, FaultProxy(vendor.url) as proxy:
        known = iter([ip for ip, who in vendor.world.residents.items() if who and who.company][20:])
        async with stage(
            deanonymizer__url=proxy.url, deanonymizer__deadline_s=DEADLINE_S, sessions__reveal_after_s=0.1
        ) as play:
            for number, (fault, kinds) in enumerate(faults.items()):
                hurt, good = f"hurt-{number}", f"good-{number}"
                fault(proxy)
                opened_s = time.monotonic()
                await play.say("session-opened", hurt, next(known))
                await play.row(hurt)
                await play.dashboard.wait_for(partial(enrichment_is, hurt, "failed"))
                assert time.monotonic() - opened_s < DEADLINE_S + 0.1 + SLACK_S, fault.__name__
                lookups = (await play.service.get("/api/status"))["lookups"]
                assert lookups["inFlight"] == 0
                assert set(lookups["failures"]) & kinds, (fault.__name__, lookups["failures"])
                proxy.heal()
                await play.say("session-opened", good, next(known))
                await play.dashboard.wait_for(partial(enrichment_is, good, "identified"))
                assert play.dashboard.rows[hurt]["company"] is None
            assert (await play.service.get("/api/status"))["lookups"]["breaker"]["opened"] == 0


def enrichment_is(session_id: str, state: str, seen: DashboardClient) -> bool:
    return bool(seen.rows.get(session_id, {}).get("enrichment") == state)


async def test_F2f_14_an_event_whose_answer_is_lost_on_the_way_is_stored_once_when_it_is_sent_again() -> None:
    async def send(http: httpx.AsyncClient, number: int, timeout_s: float = WAIT_S) -> httpx.Response:
        event = {"type": "click", "sessionId": "s", "id": f"e{number}", "page": "/"}
        return await http.post("/api/events", json=event, timeout=timeout_s)

    async with (
        run_service() as service,
        FaultProxy(service.base_url) as proxy,
        httpx.AsyncClient(base_url=proxy.url, trust_env=False) as far,
        asyncio.TaskGroup() as tasks,
    ):
        proxy.up.drip = Drip(1, 0.1)
        dripping = [tasks.create_task(send(far, number)) for number in range(10)]
        await until(lambda: proxy.up.bytes)
        for number in range(10, 20):
            assert (await send(service.http, number)).status_code == 201
        assert not any(task.done() for task in dripping), "others do not wait for those that drip"
        proxy.heal()
        assert [(await task).status_code for task in dripping] == [201] * 10
        proxy.down.cut_after(100)
        with pytest.raises(httpx.RemoteProtocolError):
            await send(far, 20)
        proxy.heal()
        proxy.down.stopped = True
        with pytest.raises(httpx.ReadTimeout):
            await send(far, 21, timeout_s=0.3)
        proxy.heal()
        for number in (20, 21):
            again = await send(far, number)
            assert (again.status_code, again.json()["data"]["duplicate"]) == (200, True)
        await until(partial(stored_is, service, 22))


async def stored_is(service: RunningService, count: int) -> bool:
    totals = await service.get("/api/analytics/totals")
    assert totals["totalEvents"] <= count
    return bool(totals["totalEvents"] == count)


def heard_of(path: str, listener: Listener) -> bool:
    return any(row["currentPage"] == path for row in listener.of_type("session_activity"))


async def test_F2e_02_F2e_05_a_dashboard_behind_a_bad_network_misses_nothing_and_its_peers_lose_no_time() -> (
    None
):
    async with (
        running(settings_for_tests(), SystemClock(), random.Random(1)) as parts,
        serve(parts.app, http=protocol_of(parts), ws_ping_interval=1.5, ws_ping_timeout=1.5) as base_url,
        httpx.AsyncClient(base_url=base_url, trust_env=False) as http,
        FaultProxy(base_url.replace("http", "ws") + "/ws") as proxy,
        listen(proxy.target) as peer,
    ):
        service = RunningService(parts, base_url, http)

        async def visit(path: str, *, while_far: Listener | None = None) -> None:
            began_s = time.monotonic()
            await page(service, path=path)
            await until(lambda: heard_of(path, peer))
            assert time.monotonic() - began_s < SLACK_S
            if while_far:
                assert not heard_of(path, while_far)

        async with listen(proxy.url) as far:
            await far.wait_for("snapshot")
            proxy.down.drip = Drip(1, 0.1)
            await visit("/dripped", while_far=far)
            proxy.heal()
            await until(lambda: heard_of("/dripped", far))
            assert numbers_rise_by_one(far)
            proxy.down.cut_after(100)
            await visit("/cut", while_far=far)
            await until(lambda: far.socket.close_code)
            last = far.messages[-1]["seq"]
        proxy.heal()
        await visit("/away")
        async with listen(proxy.url, f"?resume={last}") as back:
            await until(lambda: heard_of("/cut", back) and heard_of("/away", back))
            assert back.of_type("snapshot") == [], "what it missed is enough"
            far.messages += back.messages
            assert numbers_rise_by_one(far)
            proxy.half_open = True
            await visit("/dark", while_far=back)
            await until(lambda: parts.hub.dashboards == 1)
            await until(lambda: len(peer.of_type("user_disconnected")) == 2)
            proxy.heal()
        assert numbers_rise_by_one(peer)
