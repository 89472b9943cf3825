from collections import Counter

from emitters.population import World
from emitters.web_visits import PAGES, Crowd

WORLD = World(seed=1, size=200)


def test_the_same_seed_makes_the_same_events() -> None:
    first, second, other = (Crowd(WORLD, seed=seed).take(300, "now") for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_events_are_in_the_dialect_type() -> None:
    for event in Crowd(WORLD, seed=1).take(1_000, "2025-03-03T04:04:03.489Z"):
        assert {"type", "id", "sessionId", "page", "timestamp", "country", "ip", "metadata"} <= set(event)
        assert event["type"] in {"pageview", "click", "leave", "session_end", "signup"}
        assert event["page"] in PAGES
        assert event["ip"] in WORLD.residents
        assert event["metadata"]["device"] in {"desktop", "mobile", "tablet"}


def test_a_visit_begins_with_a_page_and_nothing_comes_after_its_end() -> None:
    ended = set()
    begun = set()
    for event in Crowd(WORLD, visitors=10, seed=1).take(3_000, "now"):
        assert event["sessionId"] not in ended
        assert event["sessionId"] in begun or event["type"] == "pageview"
        begun.add(event["sessionId"])
        if event["type"] in ("leave", "session_end"):
            ended.add(event["sessionId"])
    assert len(ended) > 100
    assert len(begun - ended) <= 10


def test_every_kind_of_event_and_some_known_users_occur() -> None:
    events = Crowd(WORLD, seed=1).take(3_000, "now")
    kinds = Counter(event["type"] for event in events)
    assert set(kinds) == {"pageview", "click", "leave", "session_end", "signup"}
    assert kinds["pageview"] > kinds["click"]
    assert 0 < sum("userId" in event for event in events) < len(events)
    assert any("referrer" in event["metadata"] for event in events)
    assert len({event["id"] for event in events}) == len(events)


def test_every_link_leads_to_a_page() -> None:
    assert {target for targets in PAGES.values() for target in targets} <= set(PAGES)
