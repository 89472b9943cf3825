"""``pytest --fault-report docs/faults.md``: write the page on faults anew when the tests have run.

Results are remembered in pytest's cache, so that the tests may run in portions.
"""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.support import faults
from tests.support.faults import Place

CACHE = "faults/results"


class FaultReport:
    """Counts what becomes of each test. With workers it belongs to the process that leads them."""

    def __init__(self, config: pytest.Config, page: Path) -> None:
        self._cache = config.cache
        self._page = page
        self._seen: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Of what went well in setup and teardown only the call between them tells anything.
        if report.when == "call" or not report.passed:
            self._seen[report.nodeid.partition("[")[0]][report.outcome] += 1

    def pytest_sessionfinish(self) -> None:
        results: dict[str, dict[str, int]] = dict(self._cache.get(CACHE, {})) if self._cache else {}
        results |= {node: dict(counts) for node, counts in self._seen.items() if faults.ANY.search(node)}
        if self._cache:
            self._cache.set(CACHE, results)
        by_place = {_place(node): counts for node, counts in results.items()}
        self._page.write_text(faults.page(faults.catalogue(), faults.tests(), by_place), encoding="utf-8")


def _place(node: str) -> Place:
    file, _, name = node.partition("::")
    return Place(file.removeprefix("tests/"), name)
