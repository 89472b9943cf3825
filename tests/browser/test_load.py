"""5,000 visitors with 500 changes a second: the page stays smooth and does not grow.

The suite looks at what holds on a busy machine too: processor time, elements, memory.
``DASHBOARD_LOAD_S=20`` measures for so long on a quiet one, frames and slow tasks as well.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from tests.browser.fake_service import FakeService, iso, snapshot, visitor
from tests.support.timing import TRIES

VISITORS = 5_000
CHANGES_PER_BATCH = 50
BATCH_S = 0.1
LONG_S = float(os.environ.get("DASHBOARD_LOAD_S", "0"))
MEASURED_S = LONG_S or 3.0
FRAMES_PER_S = """seconds => new Promise((done) => {
  let frames = 0;
  const start = performance.now();
  requestAnimationFrame(function count(now) {
    frames += 1;
    if (now - start < seconds * 1000) requestAnimationFrame(count);
    else done(frames * 1000 / (now - start));
  });
})"""
OBSERVE = """window.slow = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.slow.push(Math.round(entry.duration));
}).observe({ type: "longtask" });"""


def row(number: int, page: str) -> dict[str, object]:
    company = {"guid": f"g{number % 900}", "name": f"Company {number % 900}", "domain": "a.example"}
    return visitor(
        f"s{number}", company=company, currentPage=page, openedAt=iso(number), lastActivityAt=iso()
    )


@contextmanager
def changing(service: FakeService) -> Iterator[None]:
    """500 changes a second: most are activity, some visitors leave and others come."""
    stop = threading.Event()

    def send() -> None:
        number = 0
        due_s = time.monotonic()
        while not stop.is_set():
            changes = [
                ("session_activity", row((number + n) * 7 % VISITORS, f"/page-{(number + n) % 40}"))
                for n in range(CHANGES_PER_BATCH - 2)
            ]
            leaver = f"s{VISITORS + number - 100}"
            changes.append(("session_activity", row(VISITORS + number, "/new") | {"openedAt": iso()}))
            changes.append(("session_ended", {"sessionId": leaver, "reason": "closed"}))
            service.send(*changes)
            number += 1
            due_s += BATCH_S
            stop.wait(max(0.0, due_s - time.monotonic()))

    sender = threading.Thread(target=send, name="changes")
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join()


def heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used_bytes: float = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used_bytes / 1e6


class ProcessorTime:
    """Of the page's main thread, in seconds; waiting for a processor does not count."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read_s(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def test_5000_visitors_and_500_changes_a_second(dashboard: Page, service: FakeService) -> None:
    dashboard.add_init_script(OBSERVE)
    stats = {"totalActive": VISITORS, "totalToday": VISITORS, "pagesVisited": {}}
    service.snapshot = snapshot([row(n, "/") for n in range(VISITORS)], stats=stats)
    dashboard.goto(service.url)
    expect(dashboard.locator("tbody tr").first).to_be_visible()
    with changing(service):
        dashboard.wait_for_timeout(1_000)
        before_mb = heap_mb(dashboard)
        dashboard.evaluate("window.slow.length = 0")
        busy = ProcessorTime(dashboard)
        busy_ms_per_s = float("inf")
        for _ in range(TRIES):
            began_s, before_s = time.monotonic(), busy.read_s()
            frames_per_s = dashboard.evaluate(FRAMES_PER_S, MEASURED_S)
            passed_s = time.monotonic() - began_s
            busy_ms_per_s = min(busy_ms_per_s, (busy.read_s() - before_s) * 1_000 / passed_s)
            if busy_ms_per_s <= 400:
                break
        slow_ms = dashboard.evaluate("window.slow")
        after_mb = heap_mb(dashboard)
    figures = (
        f"{frames_per_s:.1f} frames/s, {busy_ms_per_s:.0f} ms/s of the main thread, "
        f"slow tasks {slow_ms} ms, heap {before_mb:.1f} to {after_mb:.1f} MB"
    )
    print(figures)
    # 400 at most on a processor of its own.
    assert 0 < busy_ms_per_s <= 700, figures
    assert after_mb <= before_mb + 4, figures
    assert dashboard.locator("tbody tr").count() < 60
    if LONG_S:
        assert frames_per_s >= 50, figures
        assert len([task for task in slow_ms if task > 200]) <= 2, figures
