"""A program that loses, invents or miscounts events ends the measurement."""

import pytest

from bench.peers_programs import Counts, LedgerError, Process, Program


class Machine:
    base_url = "http://localhost"
    rss_bytes = 0
    cpu_s = 0.0


class Told(Program):
    """Says what it is told to."""

    def __init__(self, process: Process, *counts: Counts) -> None:
        super().__init__("program", process, within_s=0.0)
        self._counts = list(counts)

    async def counts(self) -> Counts:
        return self._counts.pop(0)


def program(*counts: tuple[int, int]) -> Told:
    told = Told(Machine(), *(Counts(*pair) for pair in counts))
    told.note(100, unknown=2)
    return told


@pytest.mark.parametrize("counts", [(100, 100), (102, 102)], ids=["known", "with those under way"])
async def test_a_ledger_that_agrees_passes(counts: tuple[int, int]) -> None:
    await program(counts).check()


@pytest.mark.parametrize(
    "counts", [(99, 99), (103, 103), (100, 101)], ids=["lost", "invented", "counted wrongly"]
)
async def test_a_ledger_that_does_not_agree_fails(counts: tuple[int, int]) -> None:
    with pytest.raises(LedgerError, match=f"accepted 100 .* stored {counts[0]}, counted {counts[1]}"):
        await program(counts).check()
