from starlette.applications import Starlette

from tracker.http.frames import LINGER_S
from tracker.server import Server


def test_F2e_02_the_usual_deadlines_let_a_dead_reader_go_within_25_seconds() -> None:
    """The tests with a dead reader have shorter pings; they show that these three are all that is waited."""
    config = Server(Starlette(), on_listening=lambda: None, on_exit=lambda: None).config
    assert config.ws_ping_interval is not None
    assert config.ws_ping_timeout is not None
    assert config.ws_ping_interval + config.ws_ping_timeout + LINGER_S <= 25
