"""Send an event, then follow who is on the site: ``python examples/client.py [http://127.0.0.1:3000]``.

Needs ``pip install httpx websockets``. KEY is one with the scope ``read`` (and ``ingest``, to
send the event), where access is required. Ctrl-C ends it.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

Row = dict[str, Any]


async def send_event(base_url: str, headers: dict[str, str]) -> None:
    event = {
        "type": "pageview",
        "sessionId": "example-client",
        "page": "/hello",
        "metadata": {"from": "client.py"},
    }
    async with httpx.AsyncClient(base_url=base_url, headers=headers) as client:
        answer = await client.post("/api/events", json=event)
    answer.raise_for_status()
    # Success means that it is on the disk.
    print("stored as", answer.json()["data"]["id"])


async def follow(base_url: str, headers: dict[str, str]) -> None:
    """Keep the table of visitors as the service has it, and print what changes."""
    table: dict[str, Row] = {}
    # As an iterator it connects again, with pauses that grow, when there is nobody to connect to.
    async for socket in connect(
        base_url.replace("http", "ws", 1) + "/ws?batch=1", additional_headers=headers, max_size=64 << 20
    ):
        with suppress(ConnectionClosedError):
            async for frame in socket:
                for message in json.loads(frame):
                    apply(table, message["type"], message["data"])
        print("the connection is lost")
        await asyncio.sleep(1)


def apply(table: dict[str, Row], kind: str, data: Row) -> None:
    if kind == "snapshot":
        # It is the whole truth: first, and whenever messages were lost.
        table.clear()
        table.update({row["sessionId"]: row for row in data["visitors"]})
        print(len(table), "visitors are here")
    elif kind == "session_activity":
        table[data["sessionId"]] = data
        company = (data["company"] or {}).get("name") or data["ip"] or "somebody"
        print(f"{company} is on {data['currentPage'] or 'an unknown page'}; {len(table)} here")
    elif kind == "session_ended":
        table.pop(data["sessionId"], None)
        print(f"one left ({data['reason']}); {len(table)} here")


async def main(base_url: str = "http://127.0.0.1:3000") -> None:
    headers = {"x-api-key": key} if (key := os.environ.get("KEY")) else {}
    await send_event(base_url, headers)
    await follow(base_url, headers)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
