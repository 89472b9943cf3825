"""Every example as a person runs it, against the real service."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.process import ServiceProcess, serving

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PATIENCE_S = 60
NOT_SENT = {("POST", "{{baseUrl}}/api/webhooks")}
"""Its example would have the service call a stranger."""
EXPECTED = re.compile(r"expect\((\[[\d, ]+\])\)")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("service")) as started:
        yield started


def answers(output: str) -> dict[str, list[Any]]:
    """The JSON answers by the path that was asked."""
    found: dict[str, list[Any]] = {}
    path = ""
    for line in output.splitlines():
        if line.startswith("# "):
            path = line.removeprefix("# ")
        elif line.startswith("{"):
            found.setdefault(path, []).append(json.loads(line))
    return found


def test_every_request_of_the_shell_script_succeeds(service: ServiceProcess) -> None:
    done = subprocess.run(
        ["sh", EXAMPLES / "curl.sh"],
        env=os.environ | {"TRACKER": service.base_url, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = answers(done.stdout)
    assert len(said) > 20
    for path, bodies in said.items():
        for body in bodies:
            assert body.get("success", True) is True, path
    again = said["/api/events"][4]["data"]
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    assert [
        row["sessionId"] for row in said["/api/visitors?page=/basket&limit=10"][0]["data"]["visitors"]
    ] == ["s2"]
    assert said["/api/auth/revoke"][0]["data"]["prefix"].startswith("trk_i_")
    assert said["/api/visitors/erase"][0]["data"]["erased"]["live"] > 0


def test_the_client_sends_an_event_and_follows_the_table(service: ServiceProcess) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", EXAMPLES / "client.py", service.base_url],
        env=os.environ | {"no_proxy": "*"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores it, and hands that on.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as client:
        assert client.stdout is not None
        assert client.stderr is not None
        try:
            assert client.stdout.readline().startswith("stored as ")
            assert client.stdout.readline().endswith("visitors are here\n")
            for kind, shown in (("pageview", "is on /news; "), ("session_end", "one left (closed); ")):
                event = {"type": kind, "sessionId": "somebody-else", "page": "/news"}
                httpx.post(f"{service.base_url}/api/events", json=event, trust_env=False)
                assert any(shown in line for line in iter(client.stdout.readline, "")), kind
        finally:
            client.send_signal(signal.SIGINT)
        assert client.wait(PATIENCE_S) == 0
        assert client.stderr.read() == ""


def test_the_postman_collection_is_what_the_service_says_of_itself(
    service: ServiceProcess, tmp_path: Path
) -> None:
    made = tmp_path / "collection.json"
    command = [sys.executable, str(EXAMPLES / "postman.py"), service.base_url, str(made)]
    subprocess.run(command, env=os.environ | {"no_proxy": "*"}, timeout=PATIENCE_S, check=True)
    committed = (EXAMPLES / "postman_collection.json").read_text()
    assert committed == made.read_text(), "make serve; python examples/postman.py"


def test_every_request_of_the_collection_is_answered_as_described(service: ServiceProcess) -> None:
    collection = json.loads((EXAMPLES / "postman_collection.json").read_text())
    assert collection["info"]["schema"].endswith("/v2.1.0/collection.json")
    items = [item for folder in collection["item"] for item in folder["item"]]
    assert len(items) > 40
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
        for item in items:
            if (item["request"]["method"], item["request"]["url"]["raw"]) in NOT_SENT:
                continue
            answer = client.send(request_of(client, item["request"], service.base_url))
            (line,) = item["event"][0]["script"]["exec"]
            expected = EXPECTED.search(line)
            assert expected is not None
            assert answer.status_code in json.loads(expected[1]), item["name"]


def request_of(client: httpx.Client, request: dict[str, Any], base_url: str) -> httpx.Request:
    """Do what Postman does with a request of the collection."""
    address = request["url"]
    url = address["raw"].replace("{{baseUrl}}", base_url)
    for variable in address["variable"]:
        url = url.replace(f":{variable['key']}", variable["value"])
    headers = {field["key"]: field["value"] for field in request["header"] if not field.get("disabled")}
    return client.build_request(
        request["method"], url, headers=headers, content=request.get("body", {}).get("raw")
    )
