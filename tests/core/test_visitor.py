import json

from tracker.core.visitor import Visitor


def test_nobody_is_named_by_nothing() -> None:
    assert Visitor("default").is_empty
    assert Visitor("default", spellings=("192.0.2.1",)).ips == ()
    assert not Visitor(None, user_id="u").is_empty


def test_needles_are_also_as_json_escapes_them() -> None:
    for name in ("Zoë", "名", "😀"):
        assert Visitor(None, user_id=name).needles == (name, json.dumps(name)[1:-1])
    assert Visitor(None, ip="192.0.2.1", spellings=("::ffff:c000:201",)).needles == (
        "192.0.2.1",
        "::ffff:c000:201",
    )
