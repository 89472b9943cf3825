import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.enrichment.errors import BadResponse
from tracker.enrichment.wire import Answer, WireCompany, WireContact, WireData, decode


def test_the_documented_answer() -> None:
    body = b"""{"ip": "1.1.1.1", "data": {"company": {"guid": "g", "name": "n", "domain": "d"},
        "contact": {"guid": "c", "name": "m", "title": "t",
            "emailAddresses": ["e"], "phoneNumbers": ["p"]}}}"""
    assert decode(body) == Answer(
        WireData(WireCompany("g", "n", "d"), WireContact("c", "m", "t", ["e"], ["p"]))
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": null}',
        b'{"data": {}}',
        b'{"data": {"company": null, "contact": null}}',
        b'{"data": {"company": {}, "contact": {}}}',
        b'{"data": {"contact": {"guid": null, "emailAddresses": null, "phoneNumbers": [null]}}}',
        b'{"data": {"company": {"employees": 12}}, "version": [1], "data2": {}}',
    ],
)
def test_F2b_06_nulls_gaps_and_extra_fields_are_fine(body: bytes) -> None:
    decode(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"<html>", "not_json"),
        (b"\xff\xfe{\x00}\x00", "not_json"),
        (b'{"data": {"company": {"name": "\xff"}}}', "not_json"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json"),
        (b"null", "wrong_shape"),
        (b"[]", "wrong_shape"),
        (b"{}", "wrong_shape"),
        (b'{"error": "no"}', "wrong_shape"),
        (b'{"data": []}', "wrong_shape"),
        (b'{"data": {"company": "Acme"}}', "wrong_shape"),
        (b'{"data": {"company": {"guid": 7}}}', "wrong_shape"),
        (b'{"data": {"contact": {"emailAddresses": "bob@acme.com"}}}', "wrong_shape"),
    ],
)
def test_F2b_05_anything_else_is_a_bad_response(body: bytes, reason: str) -> None:
    with pytest.raises(BadResponse) as error:
        decode(body)
    assert error.value.reason == reason


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "company", "contact", "guid", "name", "emailAddresses", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_F2b_05_no_body_raises_anything_else(body: bytes) -> None:
    try:
        decode(body)
    except BadResponse:
        return
