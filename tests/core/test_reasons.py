"""Every reason for a drop has a script that brings it about."""

from collections.abc import Callable

import pytest

from tests.core.playbook import ACME, Playbook
from tracker.core.reasons import Drop
from tracker.core.rules import Rules


def late(book: Playbook) -> None:
    book.opened("a", ip="")
    book.closed("a", ip="")
    book.keep_alive("a", ip="")


def orphan_close(book: Playbook) -> None:
    book.closed("a", ip="")


def orphan_signal(book: Playbook) -> None:
    book.event("leave", "a")


def evicted(book: Playbook) -> None:
    book.opened("a", ip="")
    book.opened("b", ip="")


def held_event(book: Playbook) -> None:
    for _ in range(21):
        book.event("click", "a", ip=ACME)


SCRIPTS: dict[Drop, Callable[[Playbook], None]] = {
    Drop.LATE_FRAME: late,
    Drop.ORPHAN_CLOSE: orphan_close,
    Drop.ORPHAN_SIGNAL: orphan_signal,
    Drop.EVICTED: evicted,
    Drop.HELD_EVENT: held_event,
}


def test_there_is_a_script_for_every_reason() -> None:
    assert set(SCRIPTS) == set(Drop)


@pytest.mark.parametrize("reason", SCRIPTS)
def test_a_drop_is_counted_under_its_reason_alone(reason: Drop) -> None:
    book = Playbook(Rules(max_live_sessions=1))
    SCRIPTS[reason](book)
    assert book.core.drops == {reason: 1}
