"""One field after the other; what is wrong is told all at once, each field once."""

from typing import Any

import pytest

from tracker.http.errors import APIError
from tracker.http.fields import MAX_ITEMS, Fields


def faults(fields: Fields) -> dict[str, str]:
    with pytest.raises(APIError) as refused:
        fields.check()
    assert refused.value.status == 422
    told = {fault.field: fault.message for fault in refused.value.faults}
    assert len(told) == len(refused.value.faults)
    return told


def test_what_is_good_is_read() -> None:
    fields = Fields({"a": "x", "b": True, "c": ["y"], "d": "one", "e": None})
    assert (fields.text("a"), fields.flag("b"), fields.texts("c")) == ("x", True, ["y"])
    assert (fields.one_of("d", ["one", "two"]), fields.optional_text("e")) == ("one", None)
    fields.check()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"d": ""}, "one of"), ({"d": "three"}, "one of"), ({"d": 1}, "string"), ({"d": None}, "required"),
        ({}, "required"),
    ],
)  # fmt: skip
def test_nothing_but_what_is_allowed_is_one_of_them(given: dict[str, Any], reason: str) -> None:
    fields = Fields(given)
    fields.one_of("d", ["one", "two"])
    told = faults(fields)
    assert told.keys() == {"d"}
    assert reason in told["d"]


def test_all_faults_are_told_and_fields_that_nobody_has_read() -> None:
    fields = Fields({"b": "yes", "c": ["y", 1], "long": ["y"] * (MAX_ITEMS + 1), "other": 1})
    fields.text("a")
    fields.flag("b")
    assert fields.texts("c") == fields.texts("long") == []
    told = faults(fields)
    assert told.keys() == {"a", "b", "c", "long", "body"}
    assert "known are a, b, c, long" in told["body"]
