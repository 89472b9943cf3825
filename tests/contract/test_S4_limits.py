"""FAULTS.md 4.16 and 2f: how much may come in, over the real doors."""

import asyncio
from collections import Counter

import httpx

from tests.contract.posting import EVENT, JSON, refusal, stored
from tests.contract.tenants import key, two_sites
from tests.support.service import run_service, settings_for_tests

LIMITED = {"limits__ingest_per_second": 0.01, "limits__ingest_burst": 20}
"""So slow that nothing is filled up again while a test runs."""


async def test_F2f_11_a_burst_over_the_limit_is_429_and_says_when_to_come_back() -> None:
    async with run_service(settings_for_tests(**LIMITED)) as service:
        answers = await asyncio.gather(*(service.post(EVENT) for _ in range(50)))
        assert Counter(answer.status_code for answer in answers) == {201: 20, 429: 30}
        refused = next(answer for answer in answers if answer.status_code == 429)
        refusal(refused, 429)
        assert 80 <= int(refused.headers["retry-after"]) <= 100
        assert refused.headers["ratelimit-limit"] == "20"
        assert refused.headers["ratelimit-remaining"] == "0"
        assert int(refused.headers["ratelimit-reset"]) > 1_000
        assert refused.headers["access-control-allow-origin"] == "*"
        assert await stored(service) == 20
        assert (await service.get("/api/status"))["access"]["ingestRefused"] == 30


async def test_S4_16_events_are_counted_not_requests_and_garbage_too() -> None:
    async with run_service(settings_for_tests(**LIMITED)) as service:
        assert (await service.post([EVENT] * 18)).status_code == 201
        assert (await service.http.post("/api/events", content=b"{", headers=JSON)).status_code == 400
        refusal(await service.post([EVENT] * 2), 429)
        assert (await service.post(EVENT)).status_code == 201
        for content in (b"{", b"[]"):
            refusal(await service.http.post("/api/events", content=content, headers=JSON), 429)
        refusal(await service.http.post("/api/events", content=b"a=b"), 429)


async def test_S4_16_nobody_gets_a_new_bucket_by_saying_who_he_is() -> None:
    async with run_service(settings_for_tests(**LIMITED)) as service:
        for number in range(20):
            spoofed = {"x-forwarded-for": f"198.51.100.{number}", "forwarded": f"for=198.51.100.{number}"}
            assert (await service.post(EVENT, headers=spoofed)).status_code == 201
        refusal(await service.post(EVENT, headers={"x-forwarded-for": "198.51.100.99"}), 429)


async def test_S4_16_each_site_and_each_address_behind_a_trusted_proxy_has_its_own() -> None:
    async with two_sites(server__trusted_proxies=["127.0.0.1"], **LIMITED) as place:

        async def post(of: str, address: str) -> int:
            headers = key(of) | {"x-forwarded-for": address}
            return (await place.service.post([EVENT] * 20, headers=headers)).status_code

        assert await post(place.a.ingest, "2001:db8:1:1::1") == 201
        assert await post(place.b.ingest, "2001:db8:1:1::2") == 429, "one network of 64 bits"
        assert await post(place.b.ingest, "2001:db8:1:2::1") == 201
        assert await post(place.a.every, "2001:db8:1:3::1") == 429, "another key of the same site"


async def test_S4_16_zero_turns_the_limit_off() -> None:
    async with run_service(settings_for_tests(limits__ingest_per_second=0)) as service:
        for _ in range(5):
            assert (await service.post([EVENT] * 1_000)).status_code == 201


async def test_S4_16_exports_have_a_limit_of_their_own_by_who_asks() -> None:
    async with two_sites(limits__exports_per_minute=2) as place:

        async def export(of: str, **query: str) -> httpx.Response:
            return await place.get("/api/analytics/export", of, **query)

        assert (await export(place.a.read, format="xlsx")).status_code == 422
        for kind in ("csv", "ndjson"):
            assert (await export(place.a.read, format=kind)).status_code == 200
        refused = await export(place.a.read)
        refusal(refused, 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert refused.headers["ratelimit-limit"] == "2"
        assert refused.headers["ratelimit-remaining"] == "0"
        assert 1 <= int(refused.headers["ratelimit-reset"]) <= 60
        assert (await place.get("/api/analytics/events", place.a.read)).status_code == 200
        for other in (place.a.admin, place.b.read):
            assert (await export(other)).status_code == 200
        status = (await place.get("/api/status", place.a.read)).json()["data"]["access"]
        assert (status["exportsRefused"], status["exportBuckets"]) == (1, 3)
        exported = [line[1:] for line in await place.audited() if line[0] == "exported"]
        assert exported == [
            *[(place.a.read[:14], "a")] * 2, (place.a.admin[:14], "a"), (place.b.read[:14], "b"),
        ]  # fmt: skip


async def test_S4_16_who_has_no_name_exports_by_address_and_0_is_no_limit() -> None:
    settings = settings_for_tests(limits__exports_per_minute=1, server__trusted_proxies=["127.0.0.1"])
    async with run_service(settings) as service:

        async def export(address: str) -> int:
            headers = {"x-forwarded-for": address}
            return (await service.http.get("/api/analytics/export", headers=headers)).status_code

        assert [await export("198.51.100.7"), await export("198.51.100.7")] == [200, 429]
        assert await export("198.51.100.8") == 200
    async with run_service(settings_for_tests(limits__exports_per_minute=0)) as service:
        for _ in range(10):
            assert (await service.http.get("/api/analytics/export")).status_code == 200
