"""FAULTS.md, 2f: what is wrong with a body and what becomes of it."""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

from tests.contract.posting import EVENT, INPUT, JSON, fields, refusal, send, stored
from tests.support.service import RunningService, run_service
from tests.support.timing import TRIES, without_collector

DAY_S = 86_400.0


NO_JSON = (
    b"",
    b"{",
    b"nonsense " + INPUT.encode(),
    b"\xff\xfe{\x00}\x00",
    b'{"type":"x","sessionId":"s","metadata":{"n":NaN}}',
    b'{"type":"x","sessionId":"s","metadata":{"n":1e999}}',
    b'{"type":"x","sessionId":"s","metadata":' + b'{"a":' * 100 + b"1" + b"}" * 101,
    b'{"type":"x","type":"y","sessionId":"' + INPUT.encode() + b'"}',
    b'"' + INPUT.encode() + b'"',
    b"17",
)


async def test_F2f_01_F2f_04_400_for_what_is_no_JSON() -> None:
    async with run_service() as service:
        for body in NO_JSON:
            refusal(await send(service, body), 400)
        rejected = (await service.get("/api/status"))["ingest"]["rejected"]["http"]
        assert sum(rejected.values()) == len(NO_JSON)


async def test_F2f_01_a_byte_order_mark_and_bad_UTF_8_are_no_JSON() -> None:
    async with run_service() as service:
        event = json.dumps(EVENT).encode()
        for body in (
            b"\xef\xbb\xbf" + event,
            event.replace(b"s1", b"s\xff"),
            json.dumps(EVENT).encode("utf-16"),
        ):
            assert fields(refusal(await send(service, body), 400)) == ["body"]
        assert await stored(service) == 0


async def test_F2f_02_415_for_another_type_or_an_encoding() -> None:
    async with run_service() as service:
        body = json.dumps(EVENT).encode()
        for content_type in (
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/html",
            "",
        ):
            headers = {"Content-Type": content_type}
            refusal(await service.http.post("/api/events", content=body, headers=headers), 415)
        refusal(await send(service, body, Content_Encoding="gzip"), 415)
        for content_type in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
            headers = {"Content-Type": content_type}
            assert (await service.http.post("/api/events", content=body, headers=headers)).is_success


async def test_F2f_03_413_for_too_much_however_it_is_sent() -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    async with run_service() as service:
        one = json.dumps(EVENT | {"metadata": {"text": "x" * 40_000}}).encode()
        refusal(await send(service, one), 413)
        refusal(await send(service, b"[" + b" " * 1_100_000 + b"]"), 413)
        refusal(await service.http.post("/api/events", content=endless(), headers=JSON), 413)
        assert (await service.post(EVENT)).status_code == 201


async def test_F2f_03_a_length_that_lies_is_refused_before_the_body_and_another_route_ignores_it() -> None:
    async with run_service() as service:
        huge = {"Content-Length": "50000000", **JSON}
        answer = await _raw(service, "POST", "/api/events", huge, b"x" * 1000)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in answer
        answer = await _raw(service, "GET", "/api/visitors", huge, b"x" * 1000)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert (await service.post(EVENT)).status_code == 201


def _cases_04() -> Iterable[bytes]:
    yield json.dumps(EVENT | {"metadata": {f"k{n}": 1 for n in range(1001)}}).encode()
    yield b'{"type":"x","sessionId":"s","metadata":{"n":' + b"7" * 5000 + b"}}"
    yield b'{"type":"x","sessionId":"s","metadata":{"n":-Infinity}}'
    yield b'{"type":"x","sessionId":"s","metadata":' + b"[" * 5_000 + b"]" * 5_000 + b"}"


async def test_F2f_04_what_is_dear_to_read_is_refused_within_20_ms() -> None:
    async with run_service() as service:
        for body in _cases_04():
            spent_s = []
            for _ in range(TRIES):
                began_s = time.thread_time()
                with without_collector():
                    refusal(await send(service, body), 400)
                spent_s.append(time.thread_time() - began_s)
            # Client and service are one thread here: the client's share is in it.
            assert min(spent_s) < 0.1
        rejected = (await service.get("/api/status"))["ingest"]["rejected"]["http"]
        reasons = ("too_many_keys", "number_too_long", "not_finite", "too_deep")
        assert rejected == dict.fromkeys(reasons, TRIES)


WRONG_NUMBERS = (
    ({"metadata": {"screen": {"width": 2**53}}}, "metadata.screen.width"),
    ({"metadata": {"list": [0, -(2**53)]}}, "metadata.list[1]"),
    ({"timestamp": True}, "timestamp"),
    ({"timestamp": -1.5}, "timestamp"),
    ({"sessionId": 1.5}, "sessionId"),
    ({"page": False}, "page"),
)


async def test_F2f_05_a_number_that_is_none_of_its_kind_is_named_by_its_path() -> None:
    async with run_service() as service:
        for wrong, path in WRONG_NUMBERS:
            assert fields(refusal(await service.post(EVENT | wrong), 422)) == [path]
        fitting = {"metadata": {"least": -(2**53) + 1, "most": 2**53 - 1}}
        assert (await service.post(EVENT | fitting)).status_code == 201


async def test_F2f_06_free_text_is_repaired_and_clamped() -> None:
    async with run_service() as service:
        text = "a\u0000b" + "x" * 5000
        sent = EVENT | {
            "id": "e1",
            "page": text,
            "metadata": {"text": text, "marks": "e" + "\u0301" * 10_000},
        }
        assert (await service.post(sent)).status_code == 201
        surrogate = b'{"type":"x","sessionId":"s1","id":"e2","metadata":{"text":"a\\ud800b"}}'
        assert (await send(service, surrogate)).status_code == 201
        kept = {event["id"]: event for event in (await service.get("/api/analytics/sessions/s1"))["events"]}
        assert kept["e1"]["page"] == kept["e1"]["metadata"]["text"] == ("a\ufffdb" + "x" * 5000)[:2000]
        assert len(kept["e1"]["metadata"]["marks"]) == 2000
        assert kept["e2"]["metadata"]["text"] == "a\ufffdb"


async def test_F2f_06_an_identifier_is_not_repaired() -> None:
    async with run_service() as service:
        for name in ("sessionId", "userId", "id", "type"):
            for text in ("a\u0000b", "a\u200bb", "e\u0301", "x" * 1_000, " a"):
                refused = await service.post(EVENT | {name: text})
                if name == "type" and text == " a":
                    assert refused.status_code == 201
                else:
                    assert fields(refusal(refused, 422)) == [name]
        surrogate = b'{"type":"x","sessionId":"a\\ud800b"}'
        assert fields(refusal(await send(service, surrogate), 422)) == ["sessionId"]
        assert fields(refusal(await service.post(EVENT | {"metadata": {"a\u0000b": 1}}), 422)) == [
            "metadata.?"
        ]


async def test_F2f_07_a_key_that_only_looks_like_a_known_one_is_ignored() -> None:
    async with run_service() as service:
        looks = {
            "type": "pageview",
            "sess\u0456onId": "forged",
            "session\u200bId": "forged",
            "sessionId": "s1",
        }
        answer = await service.post(looks)
        assert answer.json()["data"]["sessionId"] == "s1"
        del looks["sessionId"]
        assert fields(refusal(await service.post(looks), 422)) == ["sessionId"]


async def test_F2f_08_a_time_ahead_becomes_the_receipt_and_one_years_away_is_refused() -> None:
    async with run_service() as service:
        now = time.time()
        for at, adjusted in ((now - 7_200, False), (now + 3_600, True), (now + 30, False)):
            answer = await service.post(EVENT | {"id": f"at{at}", "timestamp": int(at * 1000)})
            assert answer.status_code == 201
            await service.service.mover.catch_up()
            found = await service.get("/api/analytics/events", range="day")
            kept = {event["id"]: event for event in found["events"]}.get(f"at{at}")
            # What is still to come stands behind the end of every range.
            assert kept is None or kept["timestampAdjusted"] is adjusted
            assert (kept is None) == (at > now and not adjusted)
        for at in (now - 11 * 365.25 * DAY_S, now + 11 * 365.25 * DAY_S, 1e18):
            wrong = await service.post(EVENT | {"timestamp": int(at * 1000)})
            assert fields(refusal(wrong, 422)) == ["timestamp"]


async def test_F2f_09_the_good_of_an_array_are_stored_wherever_they_stand() -> None:
    async with run_service() as service:
        good = [EVENT | {"sessionId": f"s{number}"} for number in range(3)]
        bad: list[Any] = [{"type": "pageview"}, 5, None]
        for number, mixed in enumerate(
            ([*good, *bad], [*bad, *good], [bad[0], good[0], *bad[1:], *good[1:]])
        ):
            answer = await service.post(mixed)
            assert answer.status_code == 207
            assert answer.json()["data"]["accepted"] == 3
            rejected = [item["index"] for item in answer.json()["data"]["rejected"]]
            assert rejected == [index for index, event in enumerate(mixed) if event in bad]
            assert await stored(service) == 3 * (number + 1)
        counts = (await service.get("/api/status"))["ingest"]["rejected"]["http"]
        assert counts == {"invalid_event": 9}


async def test_F2f_13_the_same_event_fifty_times_at_once_is_stored_once() -> None:
    async with run_service() as service:
        event = EVENT | {"id": "e1"}
        answers = await asyncio.gather(*(service.post(event) for _ in range(50)))
        assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
        assert await stored(service) == 1


async def test_F2f_13_a_repeat_gets_the_same_answer_and_another_content_is_a_counted_conflict() -> None:
    async with run_service() as service:
        keyed = {"Idempotency-Key": "key-1"}
        first = await service.post(EVENT, headers=keyed)
        again = await service.post(EVENT, headers=keyed)
        assert again.headers["Idempotent-Replayed"] == "true"
        kept, repeated = first.json()["data"], again.json()["data"]
        assert (kept["id"], kept["sessionId"]) == (repeated["id"], repeated["sessionId"])
        refusal(await service.post(EVENT | {"page": "/" + INPUT}, headers=keyed), 409)
        status = await service.get("/api/status")
        assert status["ingest"]["rejected"]["http"] == {"conflict": 1}
        assert (status["ingest"]["duplicates"], await stored(service)) == (1, 1)


async def test_F2f_14_a_client_that_goes_before_the_answer_finds_one_row_when_it_comes_again() -> None:
    async with run_service() as service:
        event = EVENT | {"id": "e1"}
        body = json.dumps(event).encode()
        head = _head(service, "POST", "/api/events", JSON | {"Content-Length": str(len(body))})
        for sent in (head, head + body[:20], head + body):
            _, writer = await asyncio.open_connection(*_address(service))
            writer.write(sent)
            await writer.drain()
            writer.transport.abort()
        assert (await service.post(event)).status_code in (200, 201)
        assert (await service.post(event)).json()["data"]["duplicate"] is True
        assert await stored(service) == 1


def _address(service: RunningService) -> tuple[str, int]:
    host, _, port = service.base_url.removeprefix("http://").partition(":")
    return host, int(port)


def _head(service: RunningService, method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {text}" for name, text in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _raw(
    service: RunningService, method: str, path: str, headers: dict[str, str], body: bytes
) -> bytes:
    """Send what no client library would, and return the head of the answer."""
    reader, writer = await asyncio.open_connection(*_address(service))
    try:
        writer.write(_head(service, method, path, headers) + body)
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
    finally:
        writer.close()
        await writer.wait_closed()
