"""How hard property tests try, ``HYPOTHESIS_PROFILE=thorough`` for ten times as much; the page on faults."""

import os
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.support.fault_report import FaultReport

settings.register_profile(
    "suite",
    max_examples=200,
    stateful_step_count=50,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    deadline=None,
    database=None,
)
settings.register_profile("thorough", settings.get_profile("suite"), max_examples=2_000)
settings.register_profile("exhaustive", settings.get_profile("suite"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-report", type=Path, metavar="FILE", help="write the page on faults to FILE")


def pytest_configure(config: pytest.Config) -> None:
    page = config.getoption("--fault-report")
    if page is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FaultReport(config, page), "fault-report")
