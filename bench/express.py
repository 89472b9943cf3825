"""What the service is compared with: programs of bench/express, installed into a temporary folder."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.program import Program, listening

PROGRAMS = Path(__file__).parent / "express"
READY = "listening on "


class NodeProgram(Program):
    """One of those programs."""


@asynccontextmanager
async def installed_programs() -> AsyncIterator[Path | None]:
    """Give the folder with the programs and what they need; ``None`` without node, npm or a registry."""
    if not (shutil.which("node") and shutil.which("npm")):
        print("node and npm are not there: Express is not measured")
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
        install = await asyncio.create_subprocess_exec(
            *("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"),
            cwd=folder,
            stdout=asyncio.subprocess.DEVNULL,
        )
        if await install.wait():
            print("Express cannot be installed: it is not measured")
            yield None
            return
        yield Path(folder)


@asynccontextmanager
async def node_program(folder: Path, script: str, **environment: str) -> AsyncIterator[NodeProgram]:
    """Run ``script`` of an installed folder; stop it at the end."""
    in_production = {"NODE_ENV": "production", **environment}
    async with listening("node", script, says=READY, folder=folder, environment=in_production) as program:
        yield NodeProgram(*program)


@asynccontextmanager
async def express_echo() -> AsyncIterator[str | None]:
    """Run a bare Express 4 that echoes events and give its address; ``None`` where it cannot be installed."""
    async with installed_programs() as folder:
        if folder is None:
            yield None
            return
        async with node_program(folder, "echo.mjs") as program:
            yield program.base_url
