"""A receiver of webhooks on loopback, which does with each call what the test says."""

import asyncio
import hmac
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

Reply = Callable[["Call", asyncio.StreamWriter], Awaitable[None]]


class Call(NamedTuple):
    """One request as it arrived."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded

    def is_signed_with(self, secret: str) -> bool:
        """As the documents of Standard Webhooks say, in words of our own."""
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        digest = hmac.new(b64decode(secret.split("_", 1)[1]), signed, "sha256").digest()
        return self.headers["webhook-signature"] == "v1," + b64encode(digest).decode()


def answer(status: int, body: bytes = b"", **headers: str) -> Reply:
    named = {"content-length": str(len(body)), **{key.replace("_", "-"): headers[key] for key in headers}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())

    async def reply(call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + body)
        await writer.drain()

    return reply


async def drop(call: Call, writer: asyncio.StreamWriter) -> None:
    """Take the request and hang up without a word."""


def hold(until_set: asyncio.Event) -> Reply:
    async def reply(call: Call, writer: asyncio.StreamWriter) -> None:
        await until_set.wait()
        await answer(204)(call, writer)

    return reply


class Receiver:
    """``script``: what to do with the next calls; ``reply`` is for those after it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.script: list[Reply] = []
        self.reply: Reply = answer(204)
        self.port = 0
        self.open = 0
        self.most_open = 0
        self.serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [call.id for call in self.calls]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                call = await _read(reader)
                self.calls.append(call)
                await (self.script.pop(0) if self.script else self.reply)(call, writer)
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def receiver(port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    here = Receiver()
    server = await asyncio.start_server(here.serve, "127.0.0.1", port, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        # Whom it took on in this very moment it has to know before it can send them away.
        await asyncio.sleep(0.01)
        held = list(here.serving)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Call(first.split()[1], headers, body)
