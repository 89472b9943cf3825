"""Static files over the wire: packed for whoever takes that, the same to the byte, a tag for each form."""

import asyncio
import gzip
import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Mount

from tests.support.server import serve
from tests.support.timing import without_collector
from tracker.http import pages
from tracker.http.packed import PACKED_TYPES, PackedFiles, takes_gzip

BUNDLE = "/static/docs/vendor/swagger-ui-bundle.js"
AT_ONCE = 200
PATIENCE_S = 60.0
LAG_S = 0.25


@pytest.fixture
async def base_url() -> AsyncIterator[str]:
    async with serve(Starlette(routes=pages.routes())) as url:
        yield url


def asking(base_url: str, encoding: str = "gzip") -> httpx.AsyncClient:
    headers = {"accept-encoding": encoding}
    return httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=30, headers=headers)


def files() -> list[str]:
    return [file.relative_to(pages.STATIC).as_posix() for file in pages.STATIC.rglob("*") if file.is_file()]


async def test_every_file_arrives_as_it_is_packed_or_not(base_url: str) -> None:
    packed_bytes = 0
    async with asking(base_url) as packed, asking(base_url, "identity") as plain:
        for name in files():
            content = (pages.STATIC / name).read_bytes()
            for client in (packed, plain):
                answer = await client.get(f"/static/{name}")
                assert (answer.status_code, answer.content) == (200, content), name
                assert answer.headers["cache-control"] == "no-cache"
                varies = Path(name).suffix in PACKED_TYPES
                is_packed = client is packed and varies
                assert answer.headers.get("content-encoding") == ("gzip" if is_packed else None), name
                assert answer.headers.get("vary") == ("Accept-Encoding" if varies else None), name
                if is_packed:
                    packed_bytes += int(answer.headers["content-length"])
    print(f"{packed_bytes} bytes packed")
    assert packed_bytes < 700_000


@pytest.mark.parametrize("path", ["/", "/dashboard.html", "/static/js/app.js", BUNDLE, "/tracker.js"])
async def test_each_form_has_a_tag_of_its_own_and_is_sent_again_only_when_it_is_another(
    base_url: str, path: str
) -> None:
    async with asking(base_url) as packed, asking(base_url, "identity") as plain:
        tags = [(await client.get(path)).headers["etag"] for client in (packed, plain)]
        assert tags[0] != tags[1]
        for client, tag in zip((packed, plain), tags, strict=True):
            for known in (tag, f"W/{tag}", f'"x", {tag}'):
                answer = await client.get(path, headers={"if-none-match": known})
                assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), known
                assert answer.headers["vary"] == "Accept-Encoding"
                assert "content-encoding" not in answer.headers
            assert (await client.get(path, headers={"if-none-match": '"x"'})).status_code == 200
        # Who kept the packed form and now wants the other one must get it.
        assert (await plain.get(path, headers={"if-none-match": tags[0]})).status_code == 200


async def test_asking_for_the_head_alone_tells_the_packed_length(base_url: str) -> None:
    async with asking(base_url) as client:
        for path in (BUNDLE, "/tracker.js", "/"):
            head, whole = await client.head(path), await client.get(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == whole.headers["content-length"]
            assert head.headers["content-encoding"] == "gzip"


async def test_a_file_that_was_changed_is_packed_anew(tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    file.write_text("first")
    app = Starlette(routes=[Mount("/", PackedFiles(tmp_path, {}))])
    async with serve(app) as url, asking(url) as client:
        first = await client.get("/a.js")
        file.write_text("second")
        os.utime(file, (1, 1))
        second = await client.get("/a.js", headers={"if-none-match": first.headers["etag"]})
        assert (first.text, second.status_code, second.text) == ("first", 200, "second")
        assert (await client.get("/b.js")).status_code == 404
        assert (await client.get("/../pyproject.toml")).status_code == 404


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("deflate , gzip ; q=1.0", True), ("gzip;q=0.001", True),
        ("gzip;q=0", False), ("gzip; Q=0.000, br", False), ("br", False), ("", False), ("*", False),
        ("gzipped", False), ("identity;q=1, gzip;q=", False),
    ],
)  # fmt: skip
def test_gzip_is_for_whoever_names_it(offered: str, expected: bool) -> None:
    assert takes_gzip(Headers({"accept-encoding": offered})) is expected
    assert not takes_gzip(Headers({}))


class Downloads(threading.Thread):
    """So many who ask for the bundle at once, in a thread of their own: their cost is not the server's."""

    def __init__(self, base_url: str, count: int) -> None:
        super().__init__()
        self._host, port = base_url.removeprefix("http://").split(":")
        self._port = int(port)
        self._count = count
        self.answers: list[bytes] = []

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            self.answers = await asyncio.gather(*(self._one() for _ in range(self._count)))

    async def _one(self) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        head = (
            f"GET {BUNDLE} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode())
        answer = await reader.read(-1)
        writer.close()
        return answer


async def test_others_are_answered_while_a_file_is_packed(tmp_path: Path) -> None:
    """Packing waits for an answer to somebody else: within the event loop none would ever come."""
    (tmp_path / "slow.js").write_text("slow")
    (tmp_path / "plain.bin").write_bytes(b"plain")
    is_packing, is_answered = threading.Event(), threading.Event()
    packed_in_time: list[bool] = []

    def pack_slowly(content: bytes) -> bytes:
        is_packing.set()
        packed_in_time.append(is_answered.wait(PATIENCE_S / 4))
        return gzip.compress(content)

    app = Starlette(routes=[Mount("/", PackedFiles(tmp_path, {}, pack_slowly))])
    async with serve(app) as url, asking(url) as client, asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(client.get("/slow.js"), name="slow")
        assert await asyncio.to_thread(is_packing.wait, PATIENCE_S / 4)
        assert (await client.get("/plain.bin")).content == b"plain"
        is_answered.set()
    assert slow.result().text == "slow"
    assert packed_in_time == [True]


async def test_many_who_ask_for_the_largest_file_at_once_hold_nobody_up(base_url: str) -> None:
    """In processor time of the loop's thread, so that nothing else on the machine is taken for lag."""
    downloads, lags_s = Downloads(base_url, AT_ONCE), []
    downloads.start()
    with without_collector():
        while downloads.is_alive():
            asked_s = time.thread_time()
            await asyncio.sleep(0.001)
            lags_s.append(time.thread_time() - asked_s)
    bundle = (pages.STATIC / BUNDLE.removeprefix("/static/")).read_bytes()
    assert len(downloads.answers) == AT_ONCE
    (body,) = {answer.partition(b"\r\n\r\n")[2] for answer in downloads.answers}
    assert gzip.decompress(body) == bundle
    print(f"the loop was held for {max(lags_s):.3f} s at the most, {len(lags_s)} turns")
    assert max(lags_s) < LAG_S
