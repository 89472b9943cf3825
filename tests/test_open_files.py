"""The limit of open files is raised where that is allowed, and said where it is not."""

import resource

import pytest

from tracker.open_files import WANTED, Limit, ProcessLimits, raise_limit, room_for_dashboards


class FakeLimits:
    def __init__(self, soft: int, hard: int, refuses: Exception | None = None) -> None:
        self.limit = Limit(soft, hard)
        self._refuses = refuses

    def get(self) -> Limit:
        return self.limit

    def set(self, limit: Limit) -> None:
        if self._refuses is not None:
            raise self._refuses
        self.limit = limit


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (1_024, 20_000, 20_000),
        (1_024, 1_000_000_000, WANTED),
        (256, resource.RLIM_INFINITY, WANTED),
        (20_000, 20_000, 20_000),
        (100_000, 100_000, 100_000),
    ],
)
def test_F2e_03_the_soft_limit_rises_to_the_hard_one_within_reason(soft: int, hard: int, raised: int) -> None:
    limits = FakeLimits(soft, hard)
    assert raise_limit(limits) == raised
    assert limits.limit == (raised, hard)


@pytest.mark.parametrize("refusal", [OSError("not permitted"), ValueError("exceeds maximum limit")])
def test_F2e_03_it_says_what_a_limit_that_stays_low_means(
    refusal: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    assert raise_limit(FakeLimits(256, 20_000, refusal)) == 256
    refused, little = caplog.messages
    assert "from 256 to 20000" in refused
    assert "at most 192 dashboards" in little


def test_F2e_03_a_low_limit_is_said_though_it_is_reached(caplog: pytest.LogCaptureFixture) -> None:
    assert raise_limit(FakeLimits(128, 128)) == 128
    assert caplog.messages == ["only 128 files may be open (ulimit -n): at most 64 dashboards"]


def test_F2e_03_some_files_are_kept_from_dashboards() -> None:
    assert room_for_dashboards(20_000) == 18_000
    assert room_for_dashboards(1_024) == 922
    assert room_for_dashboards(256) == 192
    assert room_for_dashboards(10) == 1
    assert room_for_dashboards(resource.RLIM_INFINITY) == room_for_dashboards(WANTED)
    assert room_for_dashboards() < ProcessLimits().get().soft
