"""A bare Express 4 that echoes events: what the service is compared with."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

PROGRAM = Path(__file__).parent / "express"
READY = "listening on "


@asynccontextmanager
async def express_echo() -> AsyncIterator[str | None]:
    """Install it into a temporary folder and run it; ``None`` without node, npm or a registry."""
    if not (shutil.which("node") and shutil.which("npm")):
        print("node and npm are not there: Express is not measured")
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PROGRAM, folder, dirs_exist_ok=True)
        install = await asyncio.create_subprocess_exec(
            *("npm", "install", "--no-audit", "--no-fund", "--loglevel=error"), cwd=folder
        )
        if await install.wait():
            print("Express cannot be installed: it is not measured")
            yield None
            return
        program = await asyncio.create_subprocess_exec(
            "node", "echo.mjs", cwd=folder, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert program.stdout is not None
            line = (await program.stdout.readline()).decode().strip()
            yield line.removeprefix(READY)
        finally:
            program.terminate()
            await program.wait()
