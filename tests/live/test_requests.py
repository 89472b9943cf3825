import pytest

from tracker.core.filters import SessionFilter
from tracker.live.requests import (
    DetailedStatsRequest,
    Ping,
    RequestError,
    Resume,
    TrackAction,
    parse,
)


def test_the_four_requests_are_understood() -> None:
    assert parse('{"type":"ping"}') == Ping()
    assert parse('{"type":"resume","seq":7}') == Resume(7)
    action = parse('{"type":"track_dashboard_action","action":"sort","details":{"by":"page"}}')
    assert action == TrackAction("sort", {"by": "page"})
    detailed = parse('{"type":"request_detailed_stats","filter":{"country":"DE","page":"/"}}')
    assert isinstance(detailed, DetailedStatsRequest)
    assert detailed.filter.narrowed() == SessionFilter(country="DE", page="/")
    assert parse('{"type":"request_detailed_stats"}') == DetailedStatsRequest()


def test_fields_of_later_versions_are_passed_over() -> None:
    assert parse('{"type":"ping","extra":1}') == Ping()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", None),
        ("{", None),
        ("hello", None),
        ("[" * 16_000, None),
        ("[]", None),
        ("1", None),
        ("null", None),
        ("{}", "type"),
        ('{"type":1}', "type"),
        ('{"type":"subscribe"}', "type"),
        ('{"type":"ping","type":"nonsense"}', "type"),
        ('{"type":"resume"}', "seq"),
        ('{"type":"resume","seq":-1}', "seq"),
        ('{"type":"resume","seq":"1"}', "seq"),
        ('{"type":"resume","seq":1.5}', "seq"),
        ('{"type":"resume","seq":NaN}', None),
        ('{"type":"track_dashboard_action"}', "action"),
        ('{"type":"track_dashboard_action","action":""}', "action"),
        ('{"type":"track_dashboard_action","action":"%s"}' % ("x" * 101), "action"),
        ('{"type":"track_dashboard_action","action":"x","details":[]}', "details"),
        ('{"type":"request_detailed_stats","filter":null}', "filter"),
        ('{"type":"request_detailed_stats","filter":{"browser":"x"}}', "filter.browser"),
        ('{"type":"request_detailed_stats","filter":{"country":1}}', "filter.country"),
        ('{"type":"request_detailed_stats","filter":{"page":"%s"}}' % ("x" * 201), "filter.page"),
    ],
)
def test_what_is_wrong_is_named(text: str, field: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        parse(text)
    assert caught.value.field == field
    assert caught.value.message


def test_a_refusal_is_short_and_does_not_repeat_values() -> None:
    with pytest.raises(RequestError) as caught:
        parse('{"type":"request_detailed_stats","filter":{"%s":1}}' % ("k" * 10_000))
    assert caught.value.field is not None
    assert len(caught.value.field) == 64
    with pytest.raises(RequestError) as caught:
        parse('{"type":"<script>alert(1)</script>"}')
    assert "script" not in caught.value.message
