import json
from typing import Any

import pytest

from tracker.ingest.metadata import MAX_BYTES, MAX_DEPTH, MAX_INTEGER, MAX_VALUES, clean_metadata


def cleaned(given: object) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    errors: list[tuple[str, str]] = []
    return clean_metadata(given, lambda path, message: errors.append((path, message))), errors


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_any_json_object_is_kept() -> None:
    given = {"a": "é", "b": [1, -1.5, True, None, {"c": {}}], "plan name": MAX_INTEGER}
    assert cleaned(given) == (given, [])


def test_F2f_06_texts_are_repaired_and_clamped() -> None:
    given = {"a": "x\x00\ud800\u202ey", "b": ["z" * 3000]}
    assert cleaned(given) == ({"a": "x\ufffd\ufffdy", "b": ["z" * 2000]}, [])


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ([], "metadata", "must be an object"),
        ("text", "metadata", "must be an object"),
        ({"screen": {"width": 2**53}}, "metadata.screen.width", "must lie between"),
        ({"a": -(2**53)}, "metadata.a", "must lie between"),
        ({"tags": [0, 10**400]}, "metadata.tags[1]", "must lie between"),
        ({"a": float("nan")}, "metadata.a", "must be a JSON value"),
        ({"a": float("inf")}, "metadata.a", "must be a JSON value"),
        ({"a": b"bytes"}, "metadata.a", "must be a JSON value"),
        ({"<b>": 2**53}, "metadata.?", "must lie between"),
        ({"a\x00": 1}, "metadata.?", "has a wrong key, which must not hold control"),
        ({"a": {"": 1}}, "metadata.a.?", "has a wrong key, which must not be empty"),
        ({"k" * 201: 1}, "metadata.?", "has a wrong key, which must have at most 200"),
        ({1: 1}, "metadata[1]", "has a wrong key, which must be a string"),
        ({"a": ["x"] * MAX_VALUES}, "metadata", "must hold at most 1000 values"),
        ({"a": [[[]] * 600, [[]] * 600]}, "metadata", "must hold at most 1000 values"),
        ({str(number): "x" * 2000 for number in range(20)}, "metadata", "must have at most 32768 bytes"),
    ],
)
def test_F2f_05_what_is_wrong_is_named_by_its_path(given: object, path: str, message: str) -> None:
    errors = cleaned(given)[1]
    assert len(errors) == 1
    assert errors[0][0] == path
    assert errors[0][1].startswith(message)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    kept, errors = cleaned({"a": 2**60, "b": "ok", "c": {"d": 2**60}})
    assert [path for path, _ in errors] == ["metadata.a", "metadata.c.d"]
    assert kept["b"] == "ok"


def test_F2f_04_depth_is_bounded() -> None:
    assert cleaned(nested(MAX_DEPTH)) == (nested(MAX_DEPTH), [])
    errors = cleaned(nested(MAX_DEPTH + 1))[1]
    assert [message for _, message in errors] == ["is nested more than 30 levels deep"]
    assert len(cleaned(nested(50_000))[1]) == 1


def test_the_limits_themselves_pass() -> None:
    assert cleaned({str(number): number for number in range(MAX_VALUES)})[1] == []
    filling = {str(number): "x" * 2000 for number in range(16)}
    room = MAX_BYTES - len(json.dumps(filling, separators=(",", ":"))) - len(',"z":""')
    assert cleaned(filling | {"z": "x" * room})[1] == []
    assert cleaned(filling | {"z": "x" * (room + 1)})[1] != []
