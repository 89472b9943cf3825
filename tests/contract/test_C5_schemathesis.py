"""Whatever the description allows, and much that it forbids, sent to the real service.

By hand with more of it, against a service that runs::

    st run http://127.0.0.1:3000/openapi.json -n 500 --continue-on-failure --checks $CHECKS
"""

import asyncio
import re
import sys
from pathlib import Path

from tests.contract.described import Description
from tests.support.service import run_service

WITHIN_S = 280.0
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
THOROUGHLY = ("postEvents", "eraseVisitor", "getVisitors", "getTotals", "getHealth")
"""Covered in every way that is known; the others have the same parameters or none."""
CONFIGURATION = f"""
warnings = false
seed = 1

[generation]
database = "none"
max-examples = 2

[phases.stateful]
max-steps = 3

[[operations]]
exclude-operation-id = {list(THOROUGHLY)}
phases.coverage.enabled = false
"""


async def test_F3_07_nothing_that_is_sent_gives_an_answer_that_is_not_described(tmp_path: Path) -> None:
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    async with run_service() as service:
        described = Description((await service.http.get("/openapi.json")).json())
        command = ("-m", "schemathesis.cli", "--config-file", str(configuration), "--no-color", "run")
        options = ("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            f"{service.base_url}/openapi.json",
            *options,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        told = output.decode()
        assert process.returncode == 0, told
        # It leaves out the document that it was given.
        assert f"Tested: {len(described.operations) - 1}\n" in told, told
        counted = re.search(r"(\d+) generated, (\d+) passed", told)
        assert counted is not None, told
        assert counted[1] == counted[2]
        assert int(counted[1]) > 300
        assert (await service.http.get("/ready")).status_code == 200, "it works on"
