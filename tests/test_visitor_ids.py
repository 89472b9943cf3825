from tests.support.clock import FakeClock
from tracker.visitor_ids import DAY_S, AnonymousIds


def test_an_anonymous_visitor_has_one_id_a_day_and_another_the_next() -> None:
    clock = FakeClock()
    ids = AnonymousIds(b"secret", clock)
    today = ids("198.51.100.7", "Browser")
    clock.advance(3_600)
    assert ids("198.51.100.7", "Browser") == today
    assert ids("198.51.100.8", "Browser") != today
    assert ids("198.51.100.7", "Other") != today
    assert AnonymousIds(b"other", clock)("198.51.100.7", "Browser") != today
    clock.advance(DAY_S)
    assert ids("198.51.100.7", "Browser") != today


def test_any_text_makes_an_id_of_the_same_length() -> None:
    ids = AnonymousIds(b"secret", FakeClock())
    made = {ids("", ""), ids("198.51.100.7", "x" * 10_000), ids("", "\ud800"), ids("ab", "c"), ids("a", "bc")}
    assert len(made) == 5
    assert {len(one) for one in made} == {32}
