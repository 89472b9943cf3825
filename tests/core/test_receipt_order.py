"""Sessions in the order of their last receipt."""

import pytest

from tracker.core.receipt_order import ReceiptOrder
from tracker.core.session import Session, Source


class Line:
    """Sessions by one letter each, and their order."""

    def __init__(self, names: str) -> None:
        self.order = ReceiptOrder()
        self.sessions = {name: Session("default", name, Source.EVENTS, "", None, 0.0) for name in names}
        for session in self.sessions.values():
            self.order.append(session)

    @property
    def names(self) -> str:
        forwards = [session.id for session in self.order]
        assert [session.id for session in reversed(self.order)] == forwards[::-1]
        ends = [None if end is None else end.id for end in (self.order.first, self.order.last)]
        assert ends == ([forwards[0], forwards[-1]] if forwards else [None, None])
        return "".join(forwards)


@pytest.mark.parametrize(("moved", "after"), [("a", "bca"), ("b", "acb"), ("c", "abc")])
def test_one_that_speaks_becomes_the_last(moved: str, after: str) -> None:
    line = Line("abc")
    line.order.move_to_end(line.sessions[moved])
    assert line.names == after


@pytest.mark.parametrize(
    ("removed", "left"), [("a", "bc"), ("b", "ac"), ("c", "ab"), ("abc", ""), ("ba", "c")]
)
def test_those_that_go_leave_the_others_in_order(removed: str, left: str) -> None:
    line = Line("abc")
    for name in removed:
        line.order.remove(line.sessions[name])
    assert line.names == left


def test_one_that_went_may_stand_elsewhere() -> None:
    line, other = Line("abc"), Line("")
    line.order.remove(line.sessions["b"])
    other.order.append(line.sessions["b"])
    other.order.move_to_end(line.sessions["b"])
    assert (line.names, other.names) == ("ac", "b")


def test_two_change_their_places() -> None:
    line = Line("ab")
    for name, after in (("a", "ba"), ("b", "ab"), ("b", "ab")):
        line.order.move_to_end(line.sessions[name])
        assert line.names == after
