"""The service as its users install it: what tools for development bring along takes memory too."""

import asyncio
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements" / "run.txt"


async def install_service(folder: Path) -> None:
    """Install what the service needs, and nothing else, into ``folder``; say so where that fails."""
    try:
        await asyncio.to_thread(venv.create, folder / "service", with_pip=True)
        is_installed = await _install(folder)
    except (OSError, subprocess.CalledProcessError):
        is_installed = False
    if not is_installed:
        print("what the service needs cannot be installed: it runs beside the tools for development")
        _python(folder).unlink(missing_ok=True)


async def _install(folder: Path) -> bool:
    words = ("-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(REQUIREMENTS))
    install = await asyncio.create_subprocess_exec(str(_python(folder)), *words)
    return await install.wait() == 0


def service_python(folder: Path) -> str:
    """Return the interpreter of what was installed there, or this one."""
    installed = _python(folder)
    return str(installed) if installed.exists() else sys.executable


def _python(folder: Path) -> Path:
    return folder / "service" / "bin" / "python"
