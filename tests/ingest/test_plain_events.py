"""The short way for plain events says what the long one says, or leaves the event to it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.clock import START
from tracker.core.inputs import SiteEvent
from tracker.ingest import strict_json
from tracker.ingest.event_fields import FIELDS, MAX_EVENTS
from tracker.ingest.events import EventContext, parse_one
from tracker.ingest.plain_events import PlainEvent, parse, read

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CONTEXT = EventContext(
    START, "shop", "185.242.214.177", FIREFOX, lambda at: "new-id", lambda ip, agent: f"{ip} {agent}"
)
USUAL = {
    "type": "pageview",
    "sessionId": "s1",
    "page": "/",
    "country": "DE",
    "metadata": {"device": "mobile"},
}

TEXTS = st.sampled_from(
    (
        *("a", "/page", "DE", "de", "Ä", "a, b: c", "2023-11-14T22:13:20Z", "2031-01-01", "1.2.3.4", "::1%x"),
        *(
            "",
            " ",
            " a",
            "a ",
            "x" * 65,
            "y" * 101,
            "z" * 201,
            "a\u200bb",
            "e\u0301",
            "\x00",
            "\ud800",
            "\x85",
        ),
    )
)
KEYS = st.sampled_from([*FIELDS, "session_id", "user_id", "unknown", "color", "a b", " a", "", "é"])
VALUES = (
    TEXTS
    | st.none()
    | st.booleans()
    | st.integers(-2, 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
)
METADATA = st.dictionaries(KEYS, TEXTS, max_size=10) | st.dictionaries(KEYS, VALUES, max_size=3) | VALUES
EVENTS = st.builds(
    lambda usual, fields, given: usual | fields | ({} if given is None else {"metadata": given}),
    st.sampled_from([{}, USUAL, {"type": "pageview", "sessionId": "s1"}]),
    st.dictionaries(KEYS.filter(lambda key: key != "metadata"), TEXTS, max_size=4)
    | st.dictionaries(KEYS, VALUES, max_size=2),
    st.none() | METADATA,
)
PAIRS = st.lists(st.tuples(KEYS, TEXTS), max_size=4)
SEPARATORS = ((",", ":"), (", ", ": "), (",", ": "), (" ,", " :"))


def _written(value: Any, separators: tuple[str, str] = (",", ":"), escaped: bool = False) -> bytes:
    return json.dumps(value, separators=separators, ensure_ascii=escaped).encode(errors="replace")


def _event(raw: dict[str, Any]) -> SiteEvent:
    plain = read(_written(raw))
    assert isinstance(plain, PlainEvent)
    event = parse(plain, CONTEXT)
    assert isinstance(event, SiteEvent)
    return event


@settings(max_examples=600)
@given(st.lists(EVENTS, min_size=1, max_size=3), st.sampled_from(SEPARATORS), st.booleans(), st.booleans())
@example([USUAL], (", ", ": "), False, False)
@example([USUAL | {"page": "a, b: c"}], (", ", ": "), False, True)
def test_both_ways_give_the_same_events(
    raw: list[dict[str, Any]], separators: tuple[str, str], escaped: bool, alone: bool
) -> None:
    document = _written(raw[0] if alone else raw, separators, escaped)
    short = read(document)
    if short is None:
        return
    long = strict_json.decode(document, 1 << 20)
    assert [parse(event, CONTEXT) for event in (short if isinstance(short, list) else [short])] == [
        parse_one(event, CONTEXT) for event in (long if isinstance(long, list) else [long])
    ]


@settings(max_examples=600)
@given(
    st.lists(st.tuples(KEYS, TEXTS), max_size=4), st.booleans(), st.sampled_from(SEPARATORS), st.booleans()
)
@example([("page", "a"), ("page", "b, c")], True, (", ", ": "), False)
def test_no_other_reader_sees_more_in_what_the_short_way_takes(
    pairs: list[tuple[str, str]], usual: bool, separators: tuple[str, str], escaped: bool
) -> None:
    if usual:
        pairs = [("type", "a"), ("sessionId", "b"), *pairs]
    comma, colon = separators
    texts = [[json.dumps(text, ensure_ascii=escaped) for text in pair] for pair in pairs]
    document = ("{" + comma.join([colon.join(pair) for pair in texts]) + "}").encode(errors="replace")
    plain = read(document)
    if plain is not None:
        seen = json.loads(document, object_pairs_hook=list)
        assert sorted(msgspec.to_builtins(plain).items()) == sorted(seen)


@pytest.mark.parametrize("separators", SEPARATORS[:3])
def test_what_programs_send_takes_the_short_way(separators: tuple[str, str]) -> None:
    raw = [
        USUAL,
        {
            "type": "a",
            "sessionId": "b",
            "timestamp": "2023-11-14T22:13:20Z",
            "userId": "ü@x".replace("ü", "u"),
        },
    ]
    assert isinstance(read(_written(raw, separators)), list)


@pytest.mark.parametrize(
    "document",
    [
        b'{"type":"a","sessionId":"b","type":"a"}',
        b'{"type":"a","sessionId":"b","metadata":{"c":"d","c":"d"}}',
        b'{"type":"a","sessionId":"b","metadata":{},"metadata":{}}',
        b'[{"type":"a","sessionId":"b","page":"/","page":"/1"},{"type":"a","sessionId":"b"}]',
        b'{"type":"a\\u0062","sessionId":"b"}',
        b'{"type":"a","sessionId":"b","unknown":"c"}',
        b'{"type":"a","sessionId":"b","userId":null}',
        b'{"type":"a","sessionId":"b","timestamp":1700000000000}',
        b'{"type":"a",\n"sessionId":"b"}',
        b'{"type":"a","sessionId":"b"} ',
        b'{"type":"a","sessionId":"b"}{}',
        b'\xef\xbb\xbf{"type":"a","sessionId":"b"}',
        b'{"type":"a","sessionId":"\xff"}',
        b'{"type":"a","sessionId":"\xed\xa0\x80"}',
        b'{"type":"a"}',
        b"[]",
        b"",
        _written([{"type": "a", "sessionId": "b"}] * (MAX_EVENTS + 1)),
        _written({"type": "a", "sessionId": "b", "metadata": {str(number): "" for number in range(9)}}),
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_long_way(document: bytes) -> None:
    assert read(document) is None


def test_fields_of_the_metadata_stand_in_for_those_that_are_not_given() -> None:
    event = _event(
        {"type": "a", "sessionId": "b", "country": "de", "metadata": {"country": "FR", "page": "/m"}}
    )
    assert (event.country, event.page, event.browser, event.id) == ("DE", "/m", "Firefox", "new-id")


def test_a_field_that_has_to_be_repaired_takes_the_long_way() -> None:
    event = _event(USUAL | {"page": " /a\u202e "})
    assert event.page == "/a"
