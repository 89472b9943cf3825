"""The catalogue of faults (tests/faults.toml), which tests prove each row, and the page that shows both."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "faults.md"

ROW = re.compile(r"(?<=_)F(?:2[a-f]|3)_\d\d(?=_)")
ANY = re.compile(r"_F(?:2[a-z]?|3)?(?=_)")
"""What looks as if it named a row."""
COLUMNS = "| row | fault | expected | tests | last result |\n|---|---|---|---|---|\n"
FUNCTION = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)


class Row(NamedTuple):
    id: str
    fault: str
    expected: str
    remark: str = ""

    @property
    def section(self) -> str:
        return self.id.partition("_")[0]


class Catalogue(NamedTuple):
    titles: dict[str, str]
    """Of the sections, by what the ids of their rows begin with."""
    rows: list[Row]
    above: str
    below: str
    """What the page says before and after the rows."""


class Place(NamedTuple):
    """One test function."""

    file: str
    """From the directory of tests, with ``/``."""
    name: str

    @property
    def rows(self) -> list[str]:
        """The ids of the rows that it proves."""
        return ROW.findall(self.name)

    @property
    def sentence(self) -> str:
        return re.sub(r"^test_(?:[A-Z]\d\w?_(?:\d\d_)?)*", "", self.name).replace("_", " ")


Results = Mapping[Place, Mapping[str, int]]
"""How many cases of a test had which outcome (``passed``, ``failed``, ``skipped``) when it last ran."""


def catalogue() -> Catalogue:
    file = tomllib.loads((TESTS / "faults.toml").read_text(encoding="utf-8"))
    rows = [Row(**row) for row in file["rows"]]
    return Catalogue(file["sections"], rows, file["page"]["above"], file["page"]["below"])


def tests() -> list[Place]:
    """Return all tests whose names speak of faults, file by file, as they stand there."""
    return [
        Place(file.relative_to(TESTS).as_posix(), name)
        for file in sorted(TESTS.rglob("test_*.py"))
        for name in FUNCTION.findall(file.read_text(encoding="utf-8"))
        if ANY.search(name)
    ]


def page(known: Catalogue, places: list[Place], results: Results) -> str:
    parts = [known.above]
    for section, title in known.titles.items():
        parts.append(f"\n## {section}: {title}\n\n{COLUMNS}")
        parts += [_line(row, places, results) for row in known.rows if row.section == section]
    return "".join([*parts, "\n", known.below])


def without_results(text: str) -> str:
    """Return a page without what changes from run to run."""
    return re.sub(r"^(\| F\w+ \|.*\|)[^|]*\|$", r"\1 |", text, flags=re.MULTILINE)


def _line(row: Row, places: list[Place], results: Results) -> str:
    own = [place for place in places if row.id in place.rows]
    links = "<br>".join(f"[{place.sentence}](../tests/{place.file})" for place in own)
    expected = f"{row.expected} *{row.remark}*" if row.remark else row.expected
    return f"| {row.id} | {row.fault} | {expected} | {links} | {_result(own, results)} |\n"


def _result(places: list[Place], results: Results) -> str:
    counts: Counter[str] = Counter()
    for place in places:
        counts.update(results.get(place) or {"not run": 1})
    order = ("failed", "passed", "skipped", "not run")
    return ", ".join(f"{name} {counts[name]}" for name in order if counts[name]) or "not run"
