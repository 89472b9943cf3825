"""The shop on real sockets: what it serves, and what it does not."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from emitters.site.shop import Shop

TRACKER = "http://127.0.0.1:3999"


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    started = Shop(TRACKER + "/", port=0, key="trk_i_k")
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False, timeout=30) as opened:
        yield opened


async def test_every_link_leads_to_a_page_with_the_tag_once_and_nothing_of_a_third_party(
    client: httpx.AsyncClient,
) -> None:
    seen: set[str] = set()
    wanted = {"/"}
    while wanted - seen:
        path = (wanted - seen).pop()
        seen.add(path)
        answer = await client.get(path)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        assert "{{" not in answer.text, path
        assert re.findall(r"<script[^>]*>", answer.text) == [
            f'<script defer src="{TRACKER}/tracker.js" data-key="trk_i_k">',
            '<script defer src="/shop.js">',
        ]
        assert " style=" not in answer.text
        links = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        foreign = {link for link in links if not link.startswith(("/", "data:", TRACKER))}
        assert not foreign
        wanted |= {link for link in links if link.startswith("/")}
    assert {"/teas/assam", "/basket", "/shop.css", "/shop.js"} <= seen


async def test_the_policy_names_the_service_and_nobody_else(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/teas?from=mail")).headers["content-security-policy"]
    assert f"script-src 'self' {TRACKER};" in policy
    assert f"connect-src {TRACKER};" in policy
    assert set(re.findall(r"https?://[^\s;]+", policy)) == {TRACKER}
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["/nowhere", "/../shop.py", "/pages/layout.html", "/teas/layout", "//etc/passwd"]
)
async def test_what_is_no_page_is_404(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "no such page" in answer.text


async def test_only_reading_is_allowed(client: httpx.AsyncClient) -> None:
    assert (await client.post("/", content=b"x")).status_code == 405
    head = await client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len((await client.get("/")).content)


async def test_no_http_is_answered_with_400_and_the_connection_ends(shop: Shop) -> None:
    reader, writer = await asyncio.open_connection(shop.host, shop.port)
    writer.write(b"hello\r\n\r\n")
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_stopping_cuts_off_who_says_nothing(shop: Shop) -> None:
    reader, writer = await asyncio.open_connection(shop.host, shop.port)
    async with asyncio.timeout(10):
        await shop.stop()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(_read_to_the_end(reader), 10)
    writer.close()


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    if await reader.read() == b"":
        raise ConnectionResetError


@pytest.mark.parametrize(
    "tracker", ["127.0.0.1:3000", "ftp://tracker.example", "http://", "http://a.example/x"]
)
def test_an_address_that_is_none_is_refused(tracker: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        Shop(tracker)
