"""``tracker demo`` as a person runs it: processes, ports, Ctrl-C."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import psutil
import pytest

from tests.support.service import until

URL = re.compile(r"Dashboard: (http://\S+)")
SHOP = re.compile(r"Shop: (http://\S+)")


class Demo:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self.url = ""
        self.shop = ""

    async def read_until_up(self) -> None:
        assert self.process.stdout is not None
        while not self.shop:
            line = (await self.process.stdout.readline()).decode()
            assert line, "".join(self.lines)
            self.lines.append(line)
            if found := URL.search(line):
                self.url = found[1]
            if found := SHOP.search(line):
                self.shop = found[1]

    @property
    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@asynccontextmanager
async def running_demo(port: int) -> AsyncIterator[Demo]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tracker", "demo", "--no-browser", f"--port={port}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    demo = Demo(process)
    try:
        async with asyncio.timeout(120):
            await demo.read_until_up()
        yield demo
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_visitors_come_by_themselves_and_ctrl_c_ends_every_process(number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with running_demo(port) as demo:
            # The port was busy: it says so and takes another one.
            assert f"Port {port} is taken" in "".join(demo.lines)
            assert f":{port}/" not in demo.url
            children = demo.children
            assert len(children) == 5
            async with httpx.AsyncClient(base_url=demo.url, trust_env=False, timeout=30) as client:

                async def is_identified() -> bool:
                    visitors = (await client.get("/api/visitors")).json()["data"]["visitors"]
                    sources = {row["source"] for row in visitors}
                    return sources == {"upstream", "events"} and any(row["company"] for row in visitors)

                await until(is_identified, within_s=60)
                shop = (await client.get(demo.shop)).text
                assert f'src="{demo.url}tracker.js"' in shop
            demo.process.send_signal(number)
            async with asyncio.timeout(30):
                await demo.process.wait()
            assert demo.process.returncode == 0
            assert not [child for child in children if child.is_running()]
