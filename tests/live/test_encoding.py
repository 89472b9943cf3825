import json

import pytest

from tracker.live.encoding import (
    Bundle,
    Naming,
    Unencodable,
    encode,
    encode_all,
    encode_message,
    encode_stand_in,
)
from tracker.live.frames import FRAGMENT_BYTES
from tracker.live.messages import FeedEvent, Pong, Statistics, UserConnected, VisitorUpdate


def parse(stream: bytes) -> list[bytes]:
    """Read frames as a client does (RFC 6455, section 5.2); return the messages."""
    messages: list[bytes] = []
    parts: list[bytes] = []
    at = 0
    while at < len(stream):
        first, length = stream[at], stream[at + 1]
        assert not length & 0x80, "a server does not mask"
        at += 2
        extended = {126: 2, 127: 8}.get(length, 0)
        if extended:
            length = int.from_bytes(stream[at : at + extended], "big")
            at += extended
        assert first & 0x0F == (0 if parts else 1)
        parts.append(stream[at : at + length])
        assert len(parts[-1]) == length
        at += length
        if first & 0x80:
            messages.append(b"".join(parts))
            parts = []
    assert not parts
    return messages


SIZES = [0, 1, 125, 126, 65535, 65536, FRAGMENT_BYTES, FRAGMENT_BYTES + 1, 3 * FRAGMENT_BYTES]


@pytest.mark.parametrize("size", SIZES)
def test_every_length_survives_the_framing(size: int) -> None:
    bundle = Bundle([b"x" * size], 1)
    assert parse(b"".join(bundle.stream(batch=False).chunks)) == [b"x" * size]
    assert parse(b"".join(bundle.stream(batch=True).chunks)) == [b"[" + b"x" * size + b"]"]


def test_chunks_stay_small_and_end_where_a_frame_ends() -> None:
    bundle = Bundle([b"a" * 1000] * 200 + [b"b" * 300_000], 201)
    chunks = bundle.stream(batch=False).chunks
    assert len(chunks) > 5
    assert all(len(chunk) <= FRAGMENT_BYTES + 10 for chunk in chunks)
    assert parse(b"".join(chunks)) == list(bundle.messages)
    assert [parse(chunk) for chunk in chunks[:3]] == [[b"a" * 1000] * n for n in (65, 65, 65)]


@pytest.mark.parametrize("batch", [True, False])
def test_in_one_piece_or_in_chunks_it_is_the_same(batch: bool) -> None:
    stream = Bundle([b"a" * 1000] * 200 + [b"b" * 300_000], 201).stream(batch)
    assert len(stream.chunks) > 5
    assert stream.data == b"".join(stream.chunks)


def test_small_messages_are_one_write_and_are_framed_once() -> None:
    bundle = Bundle([b"a", b"b"], 2)
    assert len(bundle.stream(batch=False).chunks) == 1
    assert bundle.stream(batch=False).chunks is bundle.stream(batch=False).chunks
    assert bundle.stream(batch=True).chunks is bundle.stream(batch=True).chunks


def test_a_bundle_knows_the_numbers_of_its_messages() -> None:
    bundle = Bundle([b"5", b"6", b"7"], 7)
    assert bundle.first_seq == 5
    assert list(bundle.after(5)) == [b"6", b"7"]
    assert list(bundle.after(4)) == list(bundle.after(1)) == [b"5", b"6", b"7"]
    assert list(bundle.after(7)) == []


def test_the_envelope_is_the_same_in_both_namings() -> None:
    data = UserConnected(3, "t")
    assert json.loads(encode_message(data, 9, Naming.CAMEL)) == {
        "type": "user_connected",
        "data": {"totalDashboards": 3, "connectedAt": "t"},
        "seq": 9,
    }
    assert json.loads(encode_message(data, 9, Naming.SNAKE))["data"] == {
        "total_dashboards": 3,
        "connected_at": "t",
    }


@pytest.mark.parametrize("naming", Naming)
def test_updates_of_a_flush_are_encoded_as_if_each_were_alone(naming: Naming) -> None:
    event = FeedEvent("e", "pageview", "s", "/ü", "t", "DE", None, None, {"camelCase": 1})
    few, many = Statistics(1, 2, {"/": 3}), Statistics(2, 3, {"/": 4})
    told = [VisitorUpdate(event, few), VisitorUpdate(None, few), VisitorUpdate(event, many), Pong("t")]
    alone = [encode_message(data, seq, naming) for seq, data in enumerate(told, 7)]
    assert encode_all(told, 7, naming) == (alone, 0)


def test_what_cannot_be_encoded_costs_its_own_message_alone() -> None:
    poisoned = VisitorUpdate(None, Statistics(1, 2, {"\ud800": 3}))
    fine = VisitorUpdate(None, Statistics(1, 2, {"/": 3}))
    messages, stand_ins = encode_all([poisoned, fine, poisoned], 4, Naming.CAMEL)
    assert stand_ins == 2
    assert [json.loads(message)["type"] for message in messages] == ["error", "visitor_update", "error"]
    assert [json.loads(message)["seq"] for message in messages] == [4, 5, 6]


@pytest.mark.parametrize("poison", ["\ud800", object(), {1j: 1}])
@pytest.mark.parametrize("naming", Naming)
def test_what_json_cannot_hold_is_one_kind_of_error(poison: object, naming: Naming) -> None:
    with pytest.raises(Unencodable):
        encode({"value": poison}, naming)


def test_the_stand_in_keeps_the_number() -> None:
    message = json.loads(encode_stand_in(4, Naming.CAMEL))
    assert (message["type"], message["seq"]) == ("error", 4)


def test_nothing_else_is_lost_on_the_way() -> None:
    assert encode(Pong("ü"), Naming.CAMEL) == '{"serverTime":"ü"}'.encode()
