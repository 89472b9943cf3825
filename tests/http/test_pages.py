"""The script that other sites load: any page may, and a browser keeps it a few minutes."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.server import serve
from tracker.http import pages


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve(Starlette(routes=pages.routes())) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http,
    ):
        yield http


async def test_the_snippet_may_be_loaded_by_any_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/tracker.js")
    assert answer.status_code == 200
    assert answer.content == (pages.STATIC / "tracker.js").read_bytes()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "set-cookie" not in answer.headers


async def test_the_snippet_is_sent_again_only_when_it_is_another(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/tracker.js")).headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await client.get("/tracker.js", headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag), known
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    other = await client.get("/tracker.js", headers={"if-none-match": '"x"'})
    assert other.status_code == 200
    assert (await client.head("/tracker.js")).headers["content-length"] == other.headers["content-length"]
