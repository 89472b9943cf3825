import json

from tracker.core.statistics import Statistics
from tracker.http.figures import EncodedStatistics
from tracker.live.encoding import Naming


class Figures:
    def __init__(self) -> None:
        self.version = 1
        self.active = 0
        self.asked: list[str] = []

    def of(self, site: str) -> Statistics:
        self.asked.append(site)
        return Statistics(self.active, self.active, {"/" + site: 1})


def test_figures_are_encoded_once_between_two_changes_and_anew_after_one() -> None:
    figures = Figures()
    encoded = EncodedStatistics(figures.of, lambda: figures.version)
    first = encoded.of("a", Naming.CAMEL)
    assert json.loads(bytes(first)) == {"totalActive": 0, "totalToday": 0, "pagesVisited": {"/a": 1}}
    assert encoded.of("a", Naming.CAMEL) is first
    assert figures.asked == ["a"]
    figures.version, figures.active = 2, 5
    assert json.loads(bytes(encoded.of("a", Naming.CAMEL)))["totalActive"] == 5
    assert figures.asked == ["a", "a"]


def test_sites_and_namings_do_not_meet() -> None:
    figures = Figures()
    encoded = EncodedStatistics(figures.of, lambda: figures.version)
    texts = {bytes(encoded.of(site, naming)) for site in ("a", "b") for naming in Naming}
    assert len(texts) == 4
    assert set(json.loads(bytes(encoded.of("b", Naming.SNAKE)))) == {
        "total_active", "total_today", "pages_visited",
    }  # fmt: skip
