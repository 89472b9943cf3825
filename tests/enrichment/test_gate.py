from tracker.enrichment.gate import Gate


def test_is_open_at_first() -> None:
    assert Gate().wait_s(0.0) == 0.0


def test_opens_when_the_pause_is_over() -> None:
    gate = Gate()
    gate.close(100.0, 30.0)
    assert gate.wait_s(110.0) == 20.0
    assert gate.wait_s(130.0) == 0.0


def test_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    gate = Gate()
    gate.close(100.0, 30.0)
    gate.close(101.0, 1.0)
    assert gate.wait_s(102.0) == 28.0
