"""Each fault of answers does what its name says, seen from the client's socket."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime

import httpx
import pytest

from emitters.answer_faults import ANSWER_FAULTS, gzip_bomb
from emitters.deanonymizer import Deanonymizer
from emitters.population import World

pytestmark = pytest.mark.timeout(60)

WORLD = World(seed=1, size=100)
BODY = b'{"ip":"185.242.214.177"}'
CALL = b"POST /deanonymize HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


async def _ask(service: Deanonymizer, *, follow: bool = False) -> httpx.Response:
    # Without verification no certificates are loaded, which would take 60 ms for each call.
    async with httpx.AsyncClient(
        trust_env=False, verify=False, follow_redirects=follow, timeout=15
    ) as client:
        return await client.post(service.url, content=BODY)


@asynccontextmanager
async def _raw_call(service: Deanonymizer) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(CALL)
    try:
        async with asyncio.timeout(30):
            yield reader
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("fault", ["500", "503", "429"])
async def test_statuses(fault: str) -> None:
    async with Deanonymizer(world=WORLD, faults=[fault], retry_after="3") as service:
        response = await _ask(service)
        assert response.status_code == int(fault)
        assert response.headers.get("Retry-After") == (None if fault == "500" else "3")


@pytest.mark.parametrize("value", ["nan", "-1", "99999999999999999999", "soon", ""])
async def test_retry_after_says_what_it_is_told(value: str) -> None:
    async with Deanonymizer(world=WORLD, faults=["429"], retry_after=value) as service:
        assert (await _ask(service)).headers.get("Retry-After", "") == value


async def test_retry_after_may_be_a_date() -> None:
    async with Deanonymizer(world=WORLD, faults=["429"], retry_after="date") as service:
        asked_at = time.time()
        moment = parsedate_to_datetime((await _ask(service)).headers["Retry-After"])
        assert asked_at + 3 < moment.timestamp() < time.time() + 6


async def test_garbage_and_html_are_200_without_json() -> None:
    async with Deanonymizer(world=WORLD, faults=["garbage", "html"]) as service:
        for _ in range(20):
            response = await _ask(service)
            assert response.status_code == 200
            with pytest.raises((ValueError, RecursionError)):
                json.loads(response.content, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


async def test_wrong_shapes_are_json_of_many_kinds() -> None:
    async with Deanonymizer(world=WORLD, faults=["wrong-shape"]) as service:
        bodies = {(await _ask(service)).text for _ in range(40)}
        assert len({type(json.loads(body)) for body in bodies}) >= 3
        right = WORLD.residents["185.242.214.177"]
        assert right is not None
        assert right.company is not None
        assert not any(right.company.guid in body for body in bodies)


async def test_nulls_and_extra_fields() -> None:
    async with Deanonymizer(world=WORLD, faults=["nulls"]) as service:
        assert "null" in (await _ask(service)).text
        service.fault = "extra-fields"
        assert "internal" in (await _ask(service)).json()["data"]


async def test_poisoned_answers_are_hostile_and_well_formed() -> None:
    async with Deanonymizer(world=WORLD, faults=["poisoned"]) as service:
        said = [(await _ask(service)).content for _ in range(40)]
        assert all(set(json.loads(body)["data"]) == {"company", "contact"} for body in said)
        everything = b"".join(said)
        for mark in (b"<script>", b"javascript:", b"\\u0000", b"\\ud800", b"\\u202e", b"A" * 100_000):
            assert mark in everything


async def test_redirects_are_seen_when_they_are_followed() -> None:
    async with Deanonymizer(world=WORLD, faults=["redirect"]) as service:
        assert (await _ask(service)).status_code == 307
        assert service.stray_paths["/moved"] == 0
        with pytest.raises(httpx.TooManyRedirects):
            await _ask(service, follow=True)
        assert service.stray_paths["/moved"] > 0


async def test_latency_is_late_and_right() -> None:
    async with Deanonymizer(world=WORLD, faults=["latency"], latency_s=0.2) as service:
        begin_s = time.monotonic()
        assert (await _ask(service)).status_code == 200
        assert time.monotonic() - begin_s >= 0.2


async def test_a_gzip_bomb_comes_whether_asked_for_or_not() -> None:
    async with Deanonymizer(world=WORLD, faults=["gzip-bomb"]) as service, _raw_call(service) as reader:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b"content-encoding: gzip" in head
        assert b"content-length: %d" % len(gzip_bomb()) in head
        assert 150_000 < len(gzip_bomb()) < 300_000


def test_a_gzip_bomb_unpacks_to_a_well_formed_answer() -> None:
    unpacked = gzip.decompress(gzip_bomb(3))
    assert len(json.loads(unpacked)["data"]["company"]["name"]) == 3 << 20


async def test_a_big_body_does_not_end_soon() -> None:
    async with Deanonymizer(world=WORLD, faults=["big-body"]) as service, _raw_call(service) as reader:
        received = 0
        while received < 16 << 20:
            chunk = await reader.read(1 << 20)
            assert chunk
            received += len(chunk)


async def test_a_drip_is_right_and_slow() -> None:
    async with (
        Deanonymizer(world=WORLD, faults=["drip"], speed=100) as service,
        _raw_call(service) as reader,
    ):
        head = await reader.readuntil(b"\r\n\r\n")
        first, second = await reader.read(64), await reader.read(64)
        assert (len(first), len(second)) == (1, 1)
        body = first + second + await reader.read()
        assert json.loads(body)["ip"] == "185.242.214.177"
        assert b"Content-Length: %d\r\n" % len(body) in head


async def test_a_drip_takes_longer_than_any_deadline() -> None:
    async with Deanonymizer(world=WORLD, faults=["drip"]) as service, _raw_call(service) as reader:
        await reader.readuntil(b"\r\n\r\n")
        begin_s = time.monotonic()
        await reader.readexactly(3)
        assert time.monotonic() - begin_s >= 0.55


async def test_endless_headers_do_not_end() -> None:
    async with (
        Deanonymizer(world=WORLD, faults=["endless-headers"], speed=100) as service,
        _raw_call(service) as reader,
    ):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        for _ in range(50):
            assert (await reader.readline()).startswith(b"X-Filler-")


async def test_hang_reads_the_call_and_never_answers() -> None:
    async with Deanonymizer(world=WORLD, faults=["hang"]) as service, _raw_call(service) as reader:
        await service.wait_for_calls(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
        assert service.in_flight == 1


async def test_cut_ends_within_the_body() -> None:
    async with Deanonymizer(world=WORLD, faults=["cut"]) as service:
        with pytest.raises(httpx.RemoteProtocolError):
            await _ask(service)


async def test_reset_is_a_tcp_reset() -> None:
    async with Deanonymizer(world=WORLD, faults=["reset"]) as service, _raw_call(service) as reader:
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert len(service.calls) == 1


async def test_down_closes_before_reading() -> None:
    async with Deanonymizer(world=WORLD, faults=["down"]) as service:
        with pytest.raises(httpx.TransportError):
            await _ask(service)
        assert (service.connections, service.calls) == (1, [])
        service.fault = None
        assert (await _ask(service)).status_code == 200


async def test_fault_rate_spares_the_other_calls() -> None:
    async with Deanonymizer(world=WORLD, faults=["500"], fault_rate=0.3) as service:
        for _ in range(60):
            await _ask(service)
        assert 5 <= service.answers[500] <= 35
        assert service.answers[200] == 60 - service.answers[500]


@pytest.mark.parametrize("fault", ANSWER_FAULTS)
async def test_the_service_stops_at_once_and_is_well_again_without_the_fault(fault: str) -> None:
    async with Deanonymizer(world=WORLD, faults=[fault]) as service, _raw_call(service):
        if fault != "down":
            await service.wait_for_calls(1)
        service.fault = None
        assert (await _ask(service)).status_code == 200
        begin_s = time.monotonic()
        await service.stop()
        assert time.monotonic() - begin_s < 10


async def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault of the deanonymizer is called 'nonsense'"):
        Deanonymizer(world=WORLD, faults=["nonsense"])
