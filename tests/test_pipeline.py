import pytest

from tests.support.clock import START, FakeClock
from tracker.core.core import Core
from tracker.core.effects import Effect, Lookup, SessionChanged
from tracker.core.identity import Company, Identity
from tracker.core.inputs import FrameKind, IdentityResolved, UpstreamFrame
from tracker.core.rules import Rules
from tracker.pipeline import Pipeline

ADDRESS = "185.2.3.4"


def opened() -> UpstreamFrame:
    return UpstreamFrame(START, "default", FrameKind.OPENED, "a", ADDRESS, ADDRESS, START.unix_s)


def test_an_answer_from_within_is_handled_after_the_effects_that_asked_for_it() -> None:
    core = Core(Rules(), START)
    pipeline = Pipeline(core)
    seen: list[Effect] = []

    def answer(lookup: Lookup) -> None:
        identity = Identity(Company("g", "Acme"))
        pipeline.feed(IdentityResolved(FakeClock().now(), lookup.address, identity))

    pipeline.connect({Lookup: answer}, dict.fromkeys((Lookup, SessionChanged), seen.append))
    pipeline.feed(opened())
    assert isinstance(seen[0], Lookup)
    assert isinstance(seen[-1], SessionChanged)
    session = core.site("default").find("a")
    assert session is not None
    assert session.is_visible
    assert pipeline.inputs == 2


def test_an_error_of_a_shell_does_not_stop_what_comes_after_it() -> None:
    pipeline = Pipeline(Core(Rules(), START))
    sessions: list[str] = []

    def broken_once(changed: SessionChanged) -> None:
        sessions.append(changed.session.id)
        if len(sessions) == 1:
            raise RuntimeError("broken")

    pipeline.connect({SessionChanged: broken_once})
    with pytest.raises(RuntimeError):
        pipeline.feed(opened())
    pipeline.feed(opened()._replace(session_id="b"))
    assert sessions == ["a", "b"]
