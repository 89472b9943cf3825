"""Wrong answers of the deanonymizer, by name.

Some are whole replies, which leave the connection usable. The others write to
the wire themselves, and the connection is closed after them.
"""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from functools import cache
from random import Random
from typing import NamedTuple

from emitters.clients import reset_on_close
from emitters.hostile import HOSTILE_TEXTS
from emitters.http1 import Reply, head_bytes, retry_after_header

_JSON = {"Content-Type": "application/json"}
_MEBIBYTE = 1 << 20


class Call(NamedTuple):
    """One call that was understood."""

    at: float
    """Monotonic time of its arrival."""
    ip: str


class Exchange(NamedTuple):
    """What a fault may know and use."""

    ip: str
    right: Reply
    """The answer that would have been given."""
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rng: Random
    pause_s: float
    """Seconds between two bytes of a drip, and the like."""
    retry_after: str


WholeFault = Callable[[Exchange], Reply]
WireFault = Callable[[Exchange], Awaitable[None]]

WHOLE_FAULTS: dict[str, WholeFault] = {}
WIRE_FAULTS: dict[str, WireFault] = {}
ANSWER_FAULTS: dict[str, str] = {
    "latency": "the right answer, --latency seconds late",
    "down": "the connection is closed before anything is read",
}
"""Every fault with its line for ``--help``; ``Deanonymizer`` itself does the first two."""


def _whole(name: str, text: str) -> Callable[[WholeFault], WholeFault]:
    def register(fault: WholeFault) -> WholeFault:
        ANSWER_FAULTS[name] = text
        WHOLE_FAULTS[name] = fault
        return fault

    return register


def _wire(name: str, text: str) -> Callable[[WireFault], WireFault]:
    def register(fault: WireFault) -> WireFault:
        ANSWER_FAULTS[name] = text
        WIRE_FAULTS[name] = fault
        return fault

    return register


@_whole("500", "500 for every call, not only for --failures of them")
def _internal_error(exchange: Exchange) -> Reply:
    return Reply(500, b'{"message":"Internal server error"}')


@_whole("503", "503 with Retry-After (--retry-after)")
def _unavailable(exchange: Exchange) -> Reply:
    return Reply(503, b'{"message":"Unavailable"}', _JSON | retry_after_header(exchange.retry_after))


@_whole("429", "429 with Retry-After (--retry-after: seconds, date, nan, -1, anything)")
def _too_many(exchange: Exchange) -> Reply:
    return Reply(429, b'{"message":"Too many requests"}', _JSON | retry_after_header(exchange.retry_after))


@_whole("garbage", "200 with a body that is no JSON")
def _garbage(exchange: Exchange) -> Reply:
    bodies = (b"", b"{", b"\xff\xfe\x00", exchange.right.body[:-3], b"NaN", b"[" * 100_000)
    return Reply(200, exchange.rng.choice(bodies))


@_whole("html", "200 with a page of HTML")
def _html(exchange: Exchange) -> Reply:
    return Reply(200, b"<!doctype html><title>Please log in</title>", {"Content-Type": "text/html"})


@_whole("wrong-shape", "200 with JSON of another shape")
def _wrong_shape(exchange: Exchange) -> Reply:
    shapes: tuple[object, ...] = (
        [],
        "nobody",
        None,
        {},
        {"data": None},
        {"ip": exchange.ip, "data": []},
        {"ip": exchange.ip, "data": {"company": "Acme"}},
        {"ip": exchange.ip, "data": {"company": {"guid": 5, "name": ["Acme"]}}},
        {"ip": exchange.ip, "data": {"contact": {"guid": "g", "name": "N", "emailAddresses": "n@acme.test"}}},
        {"ip": exchange.ip, "data": {"contact": {"guid": "g", "name": "N", "emailAddresses": [1, None]}}},
    )
    return Reply(200, json.dumps(exchange.rng.choice(shapes)).encode())


@_whole("nulls", "200 with null in every optional field")
def _nulls(exchange: Exchange) -> Reply:
    contact = {
        "guid": "g",
        "name": "Null Nullsson",
        "title": None,
        "emailAddresses": None,
        "phoneNumbers": None,
    }
    company = {"guid": "c", "name": "Null Industries", "domain": None}
    data: dict[str, object] = {"company": company, "contact": contact}
    if exchange.rng.random() < 0.5:
        data[exchange.rng.choice(("company", "contact"))] = None
    return _ok(exchange, data)


@_whole("extra-fields", "200 with fields that nobody asked for")
def _extra_fields(exchange: Exchange) -> Reply:
    company = {"guid": "c", "name": "Extra Ltd", "domain": "extra.test", "revenue": 10**30, "__proto__": {}}
    contact = {
        "guid": "g",
        "name": "E. X. Tra",
        "ssn": "000-00-0000",
        "homeAddress": {"street": "Secret Way 1"},
    }
    return _ok(exchange, {"company": company, "contact": contact, "internal": {"token": "do not store"}})


@_whole("poisoned", "200 with markup, formulas, control characters and 100 kB in names")
def _poisoned(exchange: Exchange) -> Reply:
    def poison() -> str:
        return exchange.rng.choice((*HOSTILE_TEXTS, "\ud800", "A" * 100_000))

    company = {"guid": poison(), "name": poison(), "domain": "javascript:alert(1)//" + poison()[:50]}
    contact = {
        "guid": poison(),
        "name": poison(),
        "title": poison(),
        "emailAddresses": [poison() + "@acme.test", "mailto:x@acme.test?bcc=y", "a@b@gmail.com"],
        "phoneNumbers": ["tel:+1" + poison()[:50]],
    }
    return _ok(exchange, {"company": company, "contact": contact})


@_whole("redirect", "307 to another path")
def _redirect(exchange: Exchange) -> Reply:
    return Reply(307, b"", {"Location": "/moved"})


@_whole("gzip-bomb", "200 kB of gzip, asked for or not, that unpack to 200 MB")
def _gzip_bomb(exchange: Exchange) -> Reply:
    return Reply(200, gzip_bomb(), _JSON | {"Content-Encoding": "gzip"})


@cache
def gzip_bomb(mebibytes: int = 200) -> bytes:
    """Return gzip of an answer whose company has a name of ``mebibytes`` MiB."""
    begin = b'{"ip":"185.242.214.177","data":{"company":{"guid":"c","name":"'
    block = b"A" * _MEBIBYTE
    end = b'"}}}'
    checksum = zlib.crc32(begin)
    for _ in range(mebibytes):
        checksum = zlib.crc32(block, checksum)
    checksum = zlib.crc32(end, checksum)
    # A block compressed after a full flush depends on nothing before it, so it may be repeated.
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    first = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    repeated = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.compress(end) + packer.flush(zlib.Z_FINISH)
    size = len(begin) + mebibytes * len(block) + len(end)
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    trailer = checksum.to_bytes(4, "little") + (size % (1 << 32)).to_bytes(4, "little")
    return header + first + repeated * mebibytes + last + trailer


@_wire("big-body", "200 with a body of 1 GiB, sent as fast as it is read")
async def _big_body(exchange: Exchange) -> None:
    chunk = b"10000\r\n" + b"A" * 0x10000 + b"\r\n"
    exchange.writer.write(head_bytes(200, _JSON | {"Transfer-Encoding": "chunked"}))
    exchange.writer.write(b'1\r\n"\r\n')
    for _ in range((1 << 30) // 0x10000):
        exchange.writer.write(chunk)
        await exchange.writer.drain()
    exchange.writer.write(b'1\r\n"\r\n0\r\n\r\n')
    await exchange.writer.drain()


@_wire("drip", "the right answer, its body one byte each 0.3 s")
async def _drip(exchange: Exchange) -> None:
    right = exchange.right
    head = head_bytes(right.status, {**right.headers, "Content-Length": str(len(right.body))})
    exchange.writer.write(head)
    for byte in right.body:
        exchange.writer.write(bytes((byte,)))
        await exchange.writer.drain()
        await asyncio.sleep(exchange.pause_s)


@_wire("endless-headers", "one more header each 0.3 s, for ever")
async def _endless_headers(exchange: Exchange) -> None:
    exchange.writer.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        exchange.writer.write(f"X-Filler-{number}: {number}\r\n".encode())
        await exchange.writer.drain()
        await asyncio.sleep(exchange.pause_s)


@_wire("hang", "the call is read and never answered")
async def _hang(exchange: Exchange) -> None:
    while await exchange.reader.read(4096):
        pass


@_wire("cut", "the connection ends in the middle of the body")
async def _cut(exchange: Exchange) -> None:
    body = exchange.right.body
    exchange.writer.write(
        head_bytes(200, _JSON | {"Content-Length": str(len(body))}) + body[: len(body) // 2]
    )
    await exchange.writer.drain()


@_wire("reset", "the connection is reset (TCP RST) in place of an answer")
async def _reset(exchange: Exchange) -> None:
    reset_on_close(exchange.writer.get_extra_info("socket"))
    exchange.writer.transport.abort()


def _ok(exchange: Exchange, data: dict[str, object]) -> Reply:
    return Reply(200, json.dumps({"ip": exchange.ip, "data": data}).encode())
