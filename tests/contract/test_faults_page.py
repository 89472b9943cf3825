"""docs/faults.md: each row of the catalogue of faults has a test, and the page shows both as they are."""

from collections import Counter

from tests.support import faults
from tests.support.faults import Place


def test_every_row_has_a_test_and_every_test_of_a_fault_a_row() -> None:
    rows = {row.id for row in faults.catalogue().rows}
    proved = {row for place in faults.tests() for row in place.rows}
    assert sorted(rows - proved) == []
    assert sorted(proved - rows) == []


def test_no_test_names_a_section_without_a_row() -> None:
    unclear = [place for place in faults.tests() if len(faults.ANY.findall(place.name)) != len(place.rows)]
    assert unclear == []


def test_rows_are_numbered_in_their_order() -> None:
    known = faults.catalogue()
    numbers: Counter[str] = Counter()
    for row in known.rows:
        numbers[row.section] += 1
        assert row.id == f"{row.section}_{numbers[row.section]:02d}"
    assert list(numbers) == list(known.titles)


def test_the_page_lists_the_rows_and_tests_of_today() -> None:
    made = faults.page(faults.catalogue(), faults.tests(), {})
    committed = faults.PAGE.read_text(encoding="utf-8")
    assert faults.without_results(committed) == faults.without_results(made), "make faults"


def test_a_result_is_the_sum_of_all_cases_and_tells_what_never_ran() -> None:
    known = faults.catalogue()
    places = [Place("a/test_b.py", f"test_F2a_01_{name}") for name in ("one", "two", "three")]
    results = {places[0]: {"passed": 3, "failed": 1}, places[1]: {"passed": 2, "skipped": 1}}
    made = faults.page(known, places, results)
    (line,) = [line for line in made.splitlines() if line.startswith("| F2a_01 |")]
    assert line.endswith("| failed 1, passed 5, skipped 1, not run 1 |")
    assert "[three](../tests/a/test_b.py)" in line
    assert faults.without_results(made) == faults.without_results(faults.page(known, places, {}))
