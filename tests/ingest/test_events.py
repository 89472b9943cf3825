import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clock import START
from tests.support.fuzzing import examples
from tracker.core.clock import Now
from tracker.core.inputs import SiteEvent
from tracker.ingest.client_hints import ClientHints
from tracker.ingest.event_fields import DIALECTS, FIELDS, MAX_ID, MAX_NAME, MAX_PAGE, SNAKE_NAMES
from tracker.ingest.events import EventContext, FieldError, parse_one

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sent_by(user_agent: str) -> EventContext:
    return EventContext(
        now=START,
        site="default",
        client_ip="185.242.214.177",
        user_agent=user_agent,
        new_id=lambda at: "new-id",
        anonymous_id=lambda address, user_agent: f"anonymous:{address}:{user_agent}",
    )


CONTEXT = sent_by("curl/8.5.0")


def event(raw: dict[str, Any], context: EventContext = CONTEXT) -> SiteEvent:
    parsed = parse_one(raw, context)
    assert isinstance(parsed, SiteEvent), parsed
    return parsed


def typed(**fields: Any) -> SiteEvent:
    return event({"type": "pageview", "sessionId": "s1"} | fields)


def errors(raw: object) -> dict[str, str]:
    parsed = parse_one(raw, CONTEXT)
    assert isinstance(parsed, list)
    assert parsed
    assert len({error.field for error in parsed}) == len(parsed)
    return {error.field: error.message for error in parsed}


# -- The three dialects


def test_dialect_type_in_full() -> None:
    assert event(
        {
            "type": "pageview",
            "sessionId": "s1",
            "page": "/pricing",
            "timestamp": "2026-09-21T14:00:00Z",
            "country": "de",
            "userId": "u1",
            "ip": "8.8.8.8",
            "id": "e1",
            "metadata": {"device": "mobile", "browser": "Firefox", "os": "Android", "referrer": "https://a/"},
        }
    ) == SiteEvent(
        now=START,
        site="default",
        id="e1",
        type="pageview",
        session_id="s1",
        occurred_at=1_789_999_200.0,
        page="/pricing",
        user_id="u1",
        country="DE",
        device="mobile",
        browser="Firefox",
        os="Android",
        referrer="https://a/",
        ip="8.8.8.8",
        address="8.8.8.8",
        metadata={"device": "mobile", "browser": "Firefox", "os": "Android", "referrer": "https://a/"},
    )


def test_dialect_event_type_takes_the_user_as_the_session() -> None:
    parsed = event(
        {"eventType": "purchase", "userId": "u1", "metadata": {"page": "/cart", "browser": "Opera"}}
    )
    assert (parsed.type, parsed.session_id, parsed.user_id) == ("purchase", "u1", "u1")
    assert (parsed.page, parsed.browser) == ("/cart", "Opera")


def test_dialect_event_needs_nothing_else() -> None:
    parsed = event({"event": "click"})
    assert (parsed.type, parsed.id, parsed.occurred_at) == ("click", "new-id", START.unix_s)
    assert parsed.session_id == "anonymous:185.242.214.177:curl/8.5.0"
    assert (parsed.ip, parsed.address) == ("185.242.214.177", "185.242.214.177")


def test_dialect_event_has_its_own_places() -> None:
    parsed = event({"event": "visit", "url": "https://shop.example/a", "referrer": "r", "device": "tablet"})
    assert (parsed.type, parsed.page, parsed.referrer, parsed.device) == ("pageview", "/a", "r", "tablet")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"event": "visit"}, "pageview"),
        ({"event": "page_view"}, "pageview"),
        ({"event": "pageview"}, "pageview"),
        ({"event": "click"}, "click"),
        ({"event": " Sign up "}, "Sign up"),
        ({"eventType": "page_view", "userId": "u"}, "page_view"),
        ({"type": "visit", "sessionId": "s"}, "visit"),
        ({"type": "session_end", "sessionId": "s"}, "session_end"),
        ({"type": "keep_alive", "sessionId": "s"}, "keep_alive"),
    ],
)
def test_names_stay_as_given_but_for_those_of_dialect_event(raw: dict[str, Any], expected: str) -> None:
    assert event(raw).type == expected


@pytest.mark.parametrize(
    "raw",
    [{}, {"page": "/"}, {"type": None}, {"Type": "x"}, {"eventTyp\u0435": "x", "userId": "u"}],
)
def test_without_a_key_the_three_are_named(raw: dict[str, Any]) -> None:
    message = errors(raw)["type"]
    assert all(key in message for key in DIALECTS)


def test_two_keys_are_one_too_many() -> None:
    assert "only one" in errors({"type": "a", "event": "b", "sessionId": "s"})["type"]


# -- Naming


def test_snake_case_is_the_same() -> None:
    snake = {"event_type": "a", "user_id": "u", "session_id": "s"}
    assert event(snake) == event({"eventType": "a", "userId": "u", "sessionId": "s"})


def test_both_namings_must_agree() -> None:
    assert typed(session_id="s1").session_id == "s1"
    assert "different" in errors({"type": "a", "sessionId": "s1", "session_id": "s2"})["sessionId"]
    assert "different" in errors({"eventType": "a", "event_type": "b", "userId": "u"})["eventType"]


# -- What is wrong


@pytest.mark.parametrize("raw", [None, 1, "text", [], [{}], b"{}", True])
def test_F2f_01_an_event_is_an_object(raw: object) -> None:
    assert errors(raw) == {"body": "must be a JSON object"}


def test_F2f_05_every_wrong_field_is_named_at_once() -> None:
    found = errors(
        {
            "type": 1,
            "session_id": "a\x00",
            "userId": "x" * 201,
            "id": "",
            "timestamp": "soon",
            "page": " ",
            "country": 49,
            "ip": 1,
            "metadata": {"device": 1, "os": {}, "deep": {"n": 2**53}},
        }
    )
    assert list(found) == [
        "metadata.deep.n",
        "type",
        "session_id",
        "userId",
        "id",
        "timestamp",
        "page",
        "country",
        "metadata.device",
        "metadata.os",
        "ip",
    ]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"type": "a"}, "sessionId"),
        ({"type": "a", "sessionId": None}, "sessionId"),
        ({"eventType": "a"}, "userId"),
    ],
)
def test_required_fields(raw: dict[str, Any], field: str) -> None:
    assert errors(raw) == {field: "is required"}


@pytest.mark.parametrize(
    "name", ["", "  ", "a\x00", "a\nb", "a\u200bb", "a\u202eb", "\ud800", "x" * 101, 1, True, [], {}]
)
def test_F2f_06_a_wrong_name_is_refused(name: object) -> None:
    assert list(errors({"event": name})) == ["event"]


@pytest.mark.parametrize("field", ["sessionId", "userId", "id"])
@pytest.mark.parametrize("value", ["", " ", "a ", "a\x00", "e\u0301", "\ud800", "x" * 201, 7, 1.5, True, []])
def test_F2f_06_a_wrong_identifier_is_refused(field: str, value: object) -> None:
    assert list(errors({"type": "a", "sessionId": "s"} | {field: value})) == [field]


def test_F2f_05_messages_never_repeat_the_input() -> None:
    secret = "s3cr3t"
    raw: dict[str, Any] = {key: [secret] for key in FIELDS if key not in ("event", "eventType")}
    raw["metadata"] = {f"<{secret}>": 2**60}
    parsed = parse_one(raw, CONTEXT)
    assert secret not in repr(parsed)


# -- Values


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://shop.example/a/b?token=1#top", "/a/b"),
        ("https://shop.example", "/"),
        ("https://shop.example?x=1", "/"),
        ("//shop.example/a", "/a"),
        ("/a?b=c", "/a"),
        ("/a#b", "/a"),
        ("a/b", "a/b"),
        ("/to/https://other.example/x", "/to/https://other.example/x"),
        ("https://[broken/a", "/a"),
        ("?x=1", "/"),
    ],
)
def test_S4_11_of_a_url_the_path_is_kept(url: str, page: str) -> None:
    assert event({"event": "visit", "url": url}).page == page


def test_a_page_is_kept_as_it_is_given() -> None:
    assert typed(page=" /a?b=c#d ").page == "/a?b=c#d"
    assert typed(page="/x" * 5000).page == ("/x" * 1000)
    assert typed(page="/a\x00\u202eb").page == "/a\ufffdb"


def test_an_empty_page_is_refused_where_it_was_given() -> None:
    assert errors({"type": "a", "sessionId": "s", "page": "\u202e"}) == {"page": "must not be empty"}
    assert errors({"event": "a", "url": ""}) == {"url": "must not be empty"}
    assert errors({"event": "a", "metadata": {"page": ""}}) == {"metadata.page": "must not be empty"}


@pytest.mark.parametrize(
    ("given_country", "expected"),
    [("de", "DE"), ("Germany", "Germany"), (" us ", "US"), ("", None), ("ß1", "ß1"), ("x" * 99, "x" * 64)],
)
def test_country(given_country: str, expected: str | None) -> None:
    assert typed(country=given_country).country == expected


def test_the_top_level_comes_before_the_metadata() -> None:
    parsed = typed(device="tv", metadata={"device": "mobile"})
    assert (parsed.device, parsed.metadata) == ("tv", {"device": "mobile"})


def test_what_the_browser_says_fills_blanks_only() -> None:
    parsed = event({"event": "visit", "device": "tv"}, sent_by(FIREFOX))
    assert (parsed.device, parsed.browser, parsed.os) == ("tv", "Firefox", "Linux")
    assert event({"event": "visit"}).browser is None


@pytest.mark.parametrize(
    ("ip", "shown", "address"),
    [
        ("::ffff:8.8.8.8", "::ffff:8.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "10.0.0.1", None),
        ("185.242.274.177", "185.242.274.177", None),
        ("", "", None),
        ("1" * 1_000_000, "1" * 64, None),
        ("\u202e8.8.8.8", "8.8.8.8", None),
        ("8.8.8.8" + " " * 60 + "x", "8.8.8.8" + " " * 57, None),
        (None, "185.242.214.177", "185.242.214.177"),
    ],
)
def test_F2a_14_an_ip_that_is_given_counts_whatever_it_is(
    ip: str | None, shown: str, address: str | None
) -> None:
    parsed = typed(ip=ip)
    assert (parsed.ip, parsed.address) == (shown, address)


def test_a_visitor_without_name_is_known_by_the_address_that_counts() -> None:
    assert event({"event": "a", "ip": "[2A00::1]"}).session_id == "anonymous:2a00::1:curl/8.5.0"
    assert event({"event": "a", "userId": "u"}).session_id == "u"


def test_F2f_08_times() -> None:
    past = typed(timestamp=(START.unix_s - 86_400) * 1000)
    ahead = typed(timestamp=START.unix_s + 3600)
    assert (past.occurred_at, past.timestamp_adjusted) == (START.unix_s - 86_400, False)
    assert (ahead.occurred_at, ahead.timestamp_adjusted) == (START.unix_s, True)
    assert "10 years" in errors({"event": "a", "timestamp": "2005-01-01"})["timestamp"]


def test_S4_15_nothing_of_ours_is_set_from_outside() -> None:
    hostile = {"site": "other", "tenant_id": "x", "receivedAt": 1, "address": "8.8.8.8", "now": [0, 0]}
    assert typed(**hostile, timestamp_adjusted=True, company={"name": "x"}) == typed()


# -- The table and the bounds


SAMPLES = {"name": "a", "identifier": "a", "text": "a", "time": 1_790_000_000, "object": {"a": 1}}


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: str(dialect.key))
def test_the_table_of_fields_says_what_is_read(dialect: Any) -> None:
    for field in FIELDS.values():
        if field.name in DIALECTS and field.name != dialect.key:
            continue
        if field.name in ("page", "url") and field.name != dialect.page_key:
            continue
        raw = {name: SAMPLES[FIELDS[name].kind] for name in dialect.required}
        assert isinstance(parse_one(raw | {field.name: SAMPLES[field.kind]}, CONTEXT), SiteEvent)
        assert list(errors(raw | {field.name: 3.5 if field.kind != "time" else "no"})) == [field.name]
        if field.in_metadata:
            assert list(errors(raw | {"metadata": {field.name: 1}})) == [f"metadata.{field.name}"]
    assert set(SNAKE_NAMES) <= set(FIELDS)


scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=3)
)
junk = scalars | st.lists(scalars, max_size=3) | st.dictionaries(scalars, scalars, max_size=3)
identifiers = st.sampled_from(["s1", "user 7", "x" * 200])
texts = st.text(st.characters(), max_size=30)
plausible: dict[str, st.SearchStrategy[Any]] = {
    "sessionId": identifiers,
    "userId": identifiers,
    "id": identifiers,
    "timestamp": st.integers(1_700_000_000, 1_900_000_000),
    "page": texts.map(lambda text: "/" + text),
    "url": st.text("ht:/?#.a\x00\u202e", max_size=30).map(lambda text: "/" + text),
    "country": st.sampled_from(["de", "DE ", "Österreich"]) | texts,
    "ip": st.text("0123456789abcdef:.%[]", max_size=70),
    "metadata": st.dictionaries(st.sampled_from(["device", "os", "x"]), texts, max_size=3),
}
accepted_raws = st.fixed_dictionaries({"event": st.just("visit")}, optional=plausible)
raws = st.tuples(
    accepted_raws,
    st.dictionaries(st.sampled_from([*FIELDS, *SNAKE_NAMES.values(), "more"]), junk, max_size=2),
).map(lambda parts: parts[0] | parts[1])


@settings(max_examples=examples(2000), deadline=None)
@given(raws | junk)
def test_F3_07_no_input_ever_raises_and_what_is_accepted_is_within_bounds(raw: object) -> None:
    parsed = parse_one(raw, CONTEXT)
    if isinstance(parsed, list):
        assert parsed
        assert all(isinstance(error, FieldError) and error.field and error.message for error in parsed)
        return
    assert 0 < len(parsed.type) <= MAX_NAME
    assert 0 < len(parsed.session_id) <= MAX_ID
    assert 0 < len(parsed.id) <= MAX_ID
    assert parsed.page is None or 0 < len(parsed.page) <= MAX_PAGE
    assert len(parsed.ip) <= 64
    assert abs(parsed.occurred_at - START.unix_s) < 11 * 366 * 86_400
    json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()


@settings(max_examples=300, deadline=None)
@given(accepted_raws)
def test_parsing_does_not_change_what_was_given(raw: dict[str, Any]) -> None:
    before = repr(raw)
    assert isinstance(parse_one(raw, CONTEXT), SiteEvent)
    assert repr(raw) == before


def test_the_next_request_of_a_program_has_its_own_time_and_what_can_be_told_of_it_by_now() -> None:
    context = sent_by("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    told, context.hints = context.hints, ClientHints()
    later = Now(START.monotonic_s + 5, START.unix_s + 5)
    context.renew(later)
    assert context.now == later
    assert context.hints == told
    assert told.browser == "Firefox"
