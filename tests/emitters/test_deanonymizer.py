import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.support.timing import TRIES

pytestmark = pytest.mark.timeout(60)

WORLD = World(seed=1)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        yield client


def _address(*, company: bool, contact: bool) -> str:
    for address, resident in WORLD.residents.items():
        if resident is not None and (bool(resident.company), bool(resident.contact)) == (company, contact):
            return address
    raise LookupError


NOBODY = next(address for address, resident in WORLD.residents.items() if resident is None)


async def test_it_answers_as_on_the_wire(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service:
        response = await client.post(service.url, json={"ip": "185.242.214.177"})
        assert response.status_code == 200
        answer = response.json()
        assert answer["ip"] == "185.242.214.177"
        assert set(answer["data"]["company"]) == {"guid", "name", "domain"}
        fields = {"guid", "name", "title", "emailAddresses", "phoneNumbers"}
        assert {"guid", "name"} <= set(answer["data"]["contact"]) <= fields


async def test_parts_that_are_not_known_are_left_out(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service:
        for company, contact in ((True, True), (True, False), (False, True)):
            response = await client.post(service.url, json={"ip": _address(company=company, contact=contact)})
            data = response.json()["data"]
            assert ("company" in data, "contact" in data) == (company, contact)


async def test_the_address_is_answered_as_it_was_written(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service:
        response = await client.post(service.url, json={"ip": "::FFFF:185.242.214.177"})
        assert response.json()["ip"] == "::FFFF:185.242.214.177"
        assert service.calls[-1].ip == "::FFFF:185.242.214.177"


async def test_404_when_nobody_is_known(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service:
        assert (await client.post(service.url, json={"ip": NOBODY})).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/deanonymize", b'{"ip": "185.242.274.177"}', 400),
        ("POST", "/deanonymize", b'{"ip": 5}', 400),
        ("POST", "/deanonymize", b"no JSON", 400),
        ("POST", "/deanonymize", b"", 400),
        ("GET", "/deanonymize", b"", 405),
        ("POST", "/elsewhere", b'{"ip": "185.242.214.177"}', 404),
    ],
)
async def test_what_is_no_call_is_refused(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    async with Deanonymizer(world=WORLD) as service:
        url = service.url.replace("/deanonymize", path)
        assert (await client.request(method, url, content=body)).status_code == status


async def test_calls_are_kept_with_their_times_and_connections_are_reused(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service:
        begin_s = time.monotonic()
        for address in WORLD.addresses[:5]:
            await client.post(service.url, json={"ip": address})
        assert [call.ip for call in service.calls] == list(WORLD.addresses[:5])
        assert begin_s <= service.calls[0].at <= service.calls[-1].at <= time.monotonic()
        assert service.connections == 1
        assert service.answers.total() == 5


async def test_failures_come_at_random_and_follow_from_the_seed(client: httpx.AsyncClient) -> None:
    async def statuses(seed: int) -> list[int]:
        async with Deanonymizer(world=WORLD, seed=seed, failures=0.1) as service:
            return [
                (await client.post(service.url, json={"ip": "185.242.214.177"})).status_code
                for _ in range(200)
            ]

    first = await statuses(1)
    assert set(first) == {200, 500}
    assert 5 <= first.count(500) <= 40
    assert first == await statuses(1)
    assert first != await statuses(2)


async def test_answers_may_be_given_by_hand(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service:
        service.answer_with("9.9.9.9", 200, {"ip": "9.9.9.9", "data": {}})
        service.answer_with("8.8.8.8", 418, b"tea", {"X-Pot": "yes"})
        assert (await client.post(service.url, json={"ip": "9.9.9.9"})).json()["data"] == {}
        response = await client.post(service.url, json={"ip": "8.8.8.8"})
        assert (response.status_code, response.content, response.headers["X-Pot"]) == (418, b"tea", "yes")


async def test_calls_may_be_held_and_released(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service, asyncio.TaskGroup() as group:
        service.hold()
        calls = [group.create_task(client.post(service.url, json={"ip": NOBODY})) for _ in range(3)]
        await service.wait_for_calls(3)
        assert service.in_flight == 3
        assert not any(call.done() for call in calls)
        service.release()
        assert [(await call).status_code for call in calls] == [404, 404, 404]
        assert service.in_flight == 0


async def test_beyond_the_rate_there_is_429(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD, rate=5, retry_after="7") as service:
        first_s = int(time.monotonic())
        responses = [await client.post(service.url, json={"ip": NOBODY}) for _ in range(30)]
        seconds_begun = int(time.monotonic()) - first_s + 1
        refused = [response for response in responses if response.status_code == 429]
        assert 30 - 5 * seconds_begun <= len(refused) <= 25
        assert refused[0].headers["Retry-After"] == "7"


async def test_stop_and_start_keep_the_port(client: httpx.AsyncClient) -> None:
    async with Deanonymizer(world=WORLD) as service:
        await client.post(service.url, json={"ip": NOBODY})
        await service.stop()
        with pytest.raises(httpx.TransportError):
            await client.post(service.url, json={"ip": NOBODY})
        await service.start()
        assert (await client.post(service.url, json={"ip": NOBODY})).status_code == 404


async def test_thousands_of_calls_a_second() -> None:
    async with Deanonymizer(world=WORLD) as service:
        took_s: list[float] = []
        while len(took_s) < TRIES and min(took_s, default=1.0) >= 1:
            service.calls.clear()
            begin_s = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for share in range(4):
                    group.create_task(
                        _call_raw(service.port, WORLD.addresses[share * 250 : share * 250 + 250])
                    )
            took_s.append(time.monotonic() - begin_s)
            assert len(service.calls) == 1_000
        assert min(took_s) < 3, "a thousand of them, on a slow machine"


async def _call_raw(port: int, addresses: tuple[str, ...]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for address in addresses:
        body = b'{"ip":"%b"}' % address.encode()
        writer.write(b"POST /deanonymize HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
    writer.close()
    await writer.wait_closed()
