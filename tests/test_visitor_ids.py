from tests.support.clock import FakeClock
from tracker.visitor_ids import DAY_S, AnonymousIds, EventIds


def test_event_ids_differ_and_follow_the_time() -> None:
    clock = FakeClock()
    new_id = EventIds(clock)
    ids = []
    for _ in range(1_000):
        ids.append(new_id())
        clock.advance(0.01)
    assert len(set(ids)) == 1_000
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {32}
    assert new_id() != new_id()


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
