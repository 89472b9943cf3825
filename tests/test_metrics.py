"""``/metrics``: the figures are those of what really happened, and no label grows with the visitors."""

import asyncio
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.contract.rig import ACME, CLOUD, DATA_CENTER_GUID, GLOBEX, Stage, knows, page, stage
from tests.contract.tenants import two_sites
from tests.support.service import RunningService, until
from tracker.core.reasons import Drop

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = 'visitor"said{x="y"}'
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Scrape(NamedTuple):
    text: str
    families: list[Metric]

    @property
    def series(self) -> Series:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in self.families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return the figure of one series; labels that are not named are empty."""
        wanted = {key: value for key, value in labels.items() if value}
        found = [
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == f"tracker_{name}"
            and {key: value for key, value in sample.labels.items() if value} == wanted
        ]
        assert len(found) == 1, f"{name} {labels}: {found}"
        return float(found[0])


class Seen(NamedTuple):
    content_type: str
    before: Scrape
    """After some of everything happened."""
    later: Scrape
    """After more of the same, from others."""
    calls: int


async def scrape(service: RunningService) -> Scrape:
    answer = await service.http.get("/metrics")
    assert answer.status_code == 200
    return Scrape(answer.text, list(text_string_to_metric_families(answer.text)))


@pytest.fixture(scope="module")
def seen() -> Seen:
    return asyncio.run(_something_of_everything())


async def _something_of_everything() -> Seen:
    vendor = Deanonymizer(world=World(1, 20))
    knows(vendor, ACME, "Acme")
    knows(vendor, GLOBEX, "Globex")
    knows(vendor, CLOUD, "Cloud", guid=DATA_CENTER_GUID)
    values = {
        "deanonymizer__cost_per_call": 0.5,
        "deanonymizer__daily_budget": 10,
        "alerts__milestones": [2],
        "sessions__reveal_after_s": 30,
    }
    async with vendor, stage(vendor, **values) as play:
        await play.say("session-opened", "a", ACME)
        await play.row("a")
        # The answer is known already.
        await play.say("session-opened", "b", ACME)
        await play.row("b")
        await play.say("session-opened", "c", CLOUD)
        await play.say("session-closed", "nobody", ACME)
        await play.emitter.send({"eventType": "session-opened", "ip": ACME})
        await play.emitter.send("no JSON")
        await play.emitter.send(b"\x00\x01")
        await until(lambda: play.service.service.upstream.frames_received == 7, 10)
        await until(lambda: play.service.service.core.sizes["hiddenSessions"] == 1, 10)
        await _events(play.service)
        for password in ("wrong", "wrong again"):
            await play.service.http.post(
                "/api/auth/login", json={"email": "ann@a.example", "password": password}
            )
        await until(lambda: play.service.service.mover.seen_seq == 4, 10)
        first = await play.service.http.get("/metrics")
        before = await scrape(play.service)
        await _others(play)
        return Seen(first.headers["content-type"], before, await scrape(play.service), len(vendor.calls))


async def _events(service: RunningService) -> None:
    for number in range(3):
        await page(service, f"s{number}", f"/p{number}", id=f"e{number}", ip=GLOBEX)
    for same, status in (({"page": "/p0", "ip": GLOBEX}, 200), ({"page": "/other"}, 409)):
        event = {"type": "pageview", "sessionId": "s0", "id": "e0", **same}
        assert (await service.post(event)).status_code == status
    await service.post({"type": "keep_alive", "sessionId": "s0"})
    await service.post({"type": "pageview", "sessionId": 5})
    await service.http.post("/api/events", content=b"{", headers={"content-type": "application/json"})
    await service.post({"type": "session_end", "sessionId": "never", "id": "orphan"})


async def _others(play: Stage) -> None:
    """The same kinds of things, from others, in words of their own."""
    for number in range(20):
        text = f"{HOSTILE} {number}"
        stored = await play.service.post(
            {"type": text, "sessionId": f"{number} {text}", "page": f"/{text}", "country": text}
            | {"referrer": text, "userId": text, "metadata": {"device": text, "browser": text}}
        )
        assert stored.status_code == 201, stored.text
        await play.say("session-opened", f"{number} {text}", text)
        await play.emitter.send({"eventType": text, "ip": text, "guid": text})
    frames = play.service.service.upstream
    await until(lambda: frames.frames_received == 47, 10)


def test_C5_it_is_prometheus_text_0_0_4_with_a_help_on_everything(seen: Seen) -> None:
    assert seen.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert [family.name for family in seen.before.families if not family.documentation] == []
    assert [family.name for family in seen.before.families if family.type == "unknown"] == []
    names = [family.name for family in seen.before.families]
    assert len(names) == len(set(names)) > 60


def test_C5_names_keep_to_the_conventions(seen: Seen) -> None:
    for name, kind in exported(seen.before).items():
        assert re.fullmatch("(tracker|process)_[a-z_]+", name), name
        assert name.endswith("_total") is (kind == "counter"), name
        assert not re.search("_(ms|milliseconds|kb|mb|percent)(_|$)", name), name
        if kind == "histogram":
            assert name.endswith("_seconds"), name


def test_C5_events_and_frames_are_told_by_what_became_of_them(seen: Seen) -> None:
    value = seen.before.value
    assert value("events_total", outcome="stored") == 4
    assert value("events_total", outcome="duplicate") == 1
    assert value("events_total", outcome="signal") == 1
    assert value("events_total", outcome="rejected", reason="conflict") == 1
    assert value("events_total", outcome="rejected", reason="invalid_event") == 1
    assert value("events_total", outcome="rejected", reason="invalid_json") == 1
    assert value("upstream_frames_total", outcome="accepted") == 4
    rejected = [
        sample
        for sample in seen.before.series.items()
        if sample[0][0] == "tracker_upstream_frames_total" and ("outcome", "rejected") in sample[0][1]
    ]
    assert [count for _, count in rejected] == [1, 1, 1], rejected
    assert value("drops_total", reason="orphan_close") == 1
    assert value("drops_total", reason="orphan_signal") == 1
    assert value("drops_total", reason=Drop.EVICTED.value) == 0


def test_C5_sessions_dashboards_and_alerts(seen: Seen) -> None:
    value = seen.before.value
    assert value("sessions", state="visible") == 5
    assert value("sessions", state="hidden") == 1
    assert value("sessions", state="waiting") == 0
    assert value("dashboards") == 1
    assert value("dashboard_messages_total") > 5
    assert value("dashboard_resyncs_total") == value("dashboard_cut_offs_total") == 0
    assert value("alerts_total", kind="milestone") == 1
    assert value("alerts_total", kind="spike") == 0
    assert value("upstream_state", state="connected") == 1
    assert value("upstream_state", state="down") == 0


def test_C5_lookups_and_their_price(seen: Seen) -> None:
    value = seen.before.value
    assert seen.calls == 3, "one for each address"
    assert value("lookup_calls_total") == 3
    assert value("lookups_total", outcome="identified") == 3
    assert value("lookups_total", outcome="cached") + value("lookups_total", outcome="shared") == 3
    assert value("lookup_cost_total") == 1.5
    assert value("lookup_saved_cost_total") == 1.5
    assert value("lookup_budget_calls") == 10
    assert value("lookup_budget_remaining_calls") == 7
    assert value("lookup_call_duration_seconds_count") == 3
    assert value("lookup_cache_entries") == 3
    assert value("lookup_breaker_open") == 0


def test_C5_the_store_the_queues_and_the_process(seen: Seen) -> None:
    value = seen.before.value
    assert value("store_commit_duration_seconds_count") >= 4
    assert value("store_commit_duration_seconds_sum") > 0
    assert value("history_rows_total") >= 4
    assert value("queue_items", queue="history") == 0
    assert value("queue_limit_items", queue="journal") == 20_000
    assert value("queue_items", queue="webhooks") == 0
    assert value("webhook_messages", state="pending") == 0
    assert value("webhook_deliveries_total", outcome="delivered", reason="") == 0
    assert value("ready") == 1
    assert value("event_loop_lag_seconds_count") > 0
    assert value("access_actions_total", action="login_failed") == 2
    assert seen.before.series["process_resident_memory_bytes", ()] > 1e7
    assert seen.before.series["process_open_fds", ()] > 3


def test_S4_02_no_label_has_a_text_of_a_visitor_and_series_do_not_grow_with_them(seen: Seen) -> None:
    before, later = seen.before.series, seen.later.series
    assert later["tracker_events_total", (("outcome", "stored"), ("reason", ""))] == 24
    grown = later.keys() - before.keys()
    # Words of the service for what had not happened before, and no more of them than there are.
    assert {name for name, _ in grown} <= {"tracker_upstream_frames_total"}, grown
    assert len(grown) <= 2
    values = {value for _, labels in later for _, value in labels}
    assert [value for value in values if not re.fullmatch(r"[a-z0-9_.+\-]*|\+Inf", value)] == []
    for text in ("visitor", ACME, GLOBEX, "Acme", "default", "ann@", "/p0"):
        assert text not in "".join(values), text
    assert {key for _, labels in later for key, _ in labels} <= {
        "outcome", "reason", "state", "kind", "code", "limit", "action", "source", "result", "error",
        "queue", "trouble", "file", "part", "dependency", "task", "le", "version", "python",
    }  # fmt: skip


async def test_F2a_01_ready_and_metrics_tell_within_5_s_that_the_upstream_is_gone() -> None:
    async with stage() as play:
        assert (await scrape(play.service)).value("dependency_down", dependency="upstream") == 0
        loop = asyncio.get_running_loop()
        gone_s = loop.time()
        await play.emitter.stop()

        async def is_told() -> bool:
            ready = await play.service.get("/ready")
            told = await scrape(play.service)
            return (
                ready["status"] == "degraded"
                and told.value("dependency_down", dependency="upstream") == 1
                and told.value("upstream_state", state="connected") == 0
            )

        await until(is_told)
        assert loop.time() - gone_s < 10
        told = await scrape(play.service)
        assert sum(told.value("upstream_state", state=state) for state in STATES) == 1


STATES = ("connected", "reconnecting", "down", "disabled")


async def test_S4_18_figures_are_for_those_who_may_read_a_site() -> None:
    async with two_sites() as place:
        assert (await place.http.get("/metrics")).status_code == 401
        for of, status in ((place.a.ingest, 403), (place.a.read, 200), (place.b.read, 200)):
            assert (await place.get("/metrics", of)).status_code == status


# What is written about them


def exported(told: Scrape) -> dict[str, str]:
    """Names as Prometheus knows them, and their types."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", told.text, re.MULTILINE))


def test_every_metric_stands_in_the_docs_with_its_labels_and_no_other_does(seen: Seen) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `((?:tracker|process)_\w+)(?:\{([\w, ]+)\})?` \|", text, re.MULTILINE)
    assert [name for name, _ in rows] == list(dict.fromkeys(name for name, _ in rows)), "each once"
    assert sorted(name for name, _ in rows) == sorted(exported(seen.later))
    described = {name: set(filter(None, labels.split(", "))) for name, labels in rows}
    for family in seen.later.families:
        for sample in family.samples:
            base = sample.name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum")
            labels = sample.labels.keys() - {"le"}
            assert labels == described.get(sample.name, described.get(base)), sample.name


def expressions(node: object) -> Iterable[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "expr":
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for item in node:
            yield from expressions(item)


def test_the_grafana_dashboard_names_only_metrics_that_exist(seen: Seen) -> None:
    board = json.loads((ROOT / "deploy" / "grafana.json").read_text(encoding="utf-8"))
    assert board["schemaVersion"] >= 39
    samples = {name for name, _ in seen.later.series} | exported(seen.later).keys()
    found = list(expressions(board))
    assert len(found) > 20
    for expr in found:
        named = set(re.findall(r"\b(?:tracker|process)_\w+", expr))
        assert named, expr
        assert named <= samples, expr
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
