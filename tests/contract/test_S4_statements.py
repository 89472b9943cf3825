"""FAULTS.md, section 4: each of its statements is named by a test."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
STATEMENTS = {f"{number:02d}" for number in range(1, 24)}


def test_every_statement_on_safety_has_a_test_of_its_number() -> None:
    named: set[str] = set()
    for file in TESTS.rglob("test_*.py"):
        named |= set(re.findall(r"^(?:async )?def test_S4_(\d\d)_", file.read_text(), re.MULTILINE))
    assert named == STATEMENTS
