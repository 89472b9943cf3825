"""The arrows that must never exist, and where each library may be imported (docs/architecture.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent

PURE = {
    "array",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "math",
    "re",
    "typing",
}
"""What the core may import besides itself: nothing that reads a clock, a file, a socket or chance."""

ROOMS = {
    "core": set[str](),
    "ingest": {"core"},
    "enrichment": {"core"},
    "store": {"core"},
    "live": {"core"},
    "access": {"core"},
    "notify": {"core"},
    "http": {"core", "ingest", "live", "access"},
}
"""Which rooms each room may use. ``http`` is the shell that serves the doors, the hub and who may in."""

BUILDERS = {
    "tracker/wiring.py",
    "tracker/accounts.py",
    "tracker/cli.py",
    "tracker/serve.py",
    "tracker/refusals.py",
    "tracker/report.py",
    "tracker/erasing.py",
    "tracker/endpoints.py",
    "tracker/notifying.py",
    "tracker/revival.py",
    "tracker/metrics/doors.py",
    "tracker/metrics/queues.py",
    "tracker/metrics/storing.py",
    "tracker/shells.py",
    "tracker/commands/choose.py",
    "tracker/commands/stored.py",
    "tracker/commands/user.py",
}
"""What builds the parts and starts them knows them all."""

LIBRARIES = {
    "websockets": (
        "tracker/ingest/upstream.py",
        "tracker/ingest/link.py",
        "tracker/ingest/failures.py",
        "tracker/http/frames.py",
    ),
    "httpx": ("tracker/enrichment/", "tracker/notify/"),
    "tenacity": ("tracker/enrichment/", "tracker/notify/"),
    "cachetools": ("tracker/enrichment/", "tracker/access/"),
    "argon2": ("tracker/access/",),
    "ua_parser": ("tracker/ingest/client_hints.py",),
    "maxminddb": ("tracker/ingest/geography.py",),
    "sqlite3": ("tracker/store/",),
    "duckdb": (),
    "_duckdb": ("tracker/store/history/engine.py",),
    "starlette": ("tracker/http/", "tracker/server.py"),
    "prometheus_client": ("tracker/metrics/",),
    "uvicorn": ("tracker/http/frames.py", "tracker/http/protocol.py", "tracker/server.py"),
}
"""Where each may be imported. ``http/frames.py`` extends uvicorn's WebSocket protocol, made of websockets."""

PROVEN_ELSEWHERE: dict[str, str] = {
    "tracker/__main__.py": "tests/test_demo.py",
    "tracker/access/verdicts.py": "tests/access/test_principal.py",
    "tracker/cli.py": "tests/test_settings.py",
    "tracker/commands/choose.py": "tests/test_commands.py",
    "tracker/commands/key.py": "tests/test_commands.py",
    "tracker/commands/options.py": "tests/test_commands.py",
    "tracker/commands/output.py": "tests/test_commands.py",
    "tracker/commands/port.py": "tests/test_commands.py",
    "tracker/commands/remote.py": "tests/test_commands.py",
    "tracker/commands/stored.py": "tests/test_commands.py",
    "tracker/commands/user.py": "tests/test_commands.py",
    "tracker/http/auth.py": "tests/contract/test_S4_logins.py",
    "tracker/http/auth_sites.py": "tests/contract/test_S4_keys.py",
    "tracker/http/auth_users.py": "tests/contract/test_S4_logins.py",
    "tracker/http/cookies.py": "tests/contract/test_S4_logins.py",
    "tracker/ingest/event_fields.py": "tests/ingest/test_events.py",
    "tracker/http/app.py": "tests/contract/test_C5_doors.py",
    "tracker/http/bodies.py": "tests/contract/test_C5_events.py",
    "tracker/http/description/arriving.py": "tests/contract/test_C5_description.py",
    "tracker/http/description/endpoints.py": "tests/contract/test_C5_description.py",
    "tracker/http/description/event_body.py": "tests/http/test_openapi.py",
    "tracker/http/description/forgetting.py": "tests/contract/test_C5_description.py",
    "tracker/http/description/parameters.py": "tests/contract/test_C5_description.py",
    "tracker/http/description/parts.py": "tests/http/test_openapi.py",
    "tracker/http/description/past.py": "tests/contract/test_C5_description.py",
    "tracker/http/description/present.py": "tests/contract/test_C5_description.py",
    "tracker/http/description/samples.py": "tests/http/test_openapi.py",
    "tracker/http/description/schemas.py": "tests/http/test_openapi.py",
    "tracker/http/description/asyncapi.py": "tests/http/test_openapi.py",
    "tracker/http/export.py": "tests/contract/test_C5_history.py",
    "tracker/http/past.py": "tests/contract/test_C5_history.py",
    "tracker/http/periods.py": "tests/contract/test_C5_history.py",
    "tracker/report.py": "tests/contract/test_C5_operations.py",
    "tracker/metrics/doors.py": "tests/test_metrics.py",
    "tracker/metrics/exposition.py": "tests/test_metrics.py",
    "tracker/metrics/families.py": "tests/test_metrics.py",
    "tracker/metrics/live.py": "tests/test_metrics.py",
    "tracker/metrics/process.py": "tests/test_metrics.py",
    "tracker/metrics/queues.py": "tests/test_metrics.py",
    "tracker/metrics/storing.py": "tests/test_metrics.py",
    "tracker/http/queries.py": "tests/contract/test_C5_live.py",
    "tracker/http/responses.py": "tests/contract/test_C5_doors.py",
    "tracker/http/sites.py": "tests/contract/test_C5_live.py",
    "tracker/http/status.py": "tests/contract/test_C5_operations.py",
    "tracker/http/visitors.py": "tests/contract/test_C5_live.py",
    "tracker/store/codec.py": "tests/store/test_journal.py",
    "tracker/store/entries.py": "tests/store/test_journal.py",
    "tracker/store/live_tables.py": "tests/store/test_checkpoints.py",
    "tracker/store/lock.py": "tests/store/test_database.py",
    "tracker/store/schema.py": "tests/store/test_database.py",
    "tracker/endpoints.py": "tests/contract/test_C5_description.py",
    "tracker/revival.py": "tests/contract/test_restart.py",
    "tracker/shells.py": "tests/contract/test_restart.py",
    "tracker/store/secret.py": "tests/contract/test_restart.py",
    "tracker/wiring.py": "tests/contract/test_whole_way.py",
}
"""Modules that only mean something together with others, and the file that tests them so."""


class Import(NamedTuple):
    path: str
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


def imports_of(path: str, source: str) -> Iterator[Import]:
    """Every import of a module, also those inside functions and for type checking only."""
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                # ``from tracker import core`` names a module too.
                yield Import(path, node.lineno, f"{module}.{alias.name}")
        elif _is_import_by_name(node):
            yield Import(path, node.lineno, "by a name that no check can see")


def _is_import_by_name(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called in ("import_module", "__import__")


def is_forbidden(found: Import) -> bool:
    top, _, rest = found.module.partition(".")
    home, *inside = found.path.split("/")
    library = LIBRARIES.get(top)
    return (
        found.module.startswith("by a name")
        or top in ("tests", "bench")
        or {home, top} == {"tracker", "emitters"}
        or (
            home == "tracker"
            and found.path not in BUILDERS
            and library is not None
            and not found.path.startswith(library)
        )
        or (home == "tracker" and inside[0] == "core" and not _is_pure(found))
        or (home == "tracker" and top == "tracker" and not _may_use(found.path, rest.partition(".")[0]))
    )


def _is_pure(found: Import) -> bool:
    return found.module.startswith("tracker.core") or found.module.partition(".")[0] in PURE


def _may_use(path: str, used: str) -> bool:
    room = path.split("/")[1]
    if used not in ROOMS or path in BUILDERS or used == room:
        return used not in ("wiring", "cli", "serve", "demo") or room not in ROOMS
    if room in ROOMS:
        return used in ROOMS[room]
    return used == "core" or (path == "tracker/server.py" and used == "http")


def sources(*packages: str) -> Iterator[tuple[str, str]]:
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


def test_no_arrow_that_must_not_exist() -> None:
    everything = [
        found for path, source in sources("tracker", "emitters") for found in imports_of(path, source)
    ]
    assert len(everything) > 300, "the walk found the sources"
    broken = [str(found) for found in everything if is_forbidden(found)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tracker/core/core.py", "import asyncio"),
        ("tracker/core/core.py", "import time"),
        ("tracker/core/core.py", "def f():\n    import random"),
        ("tracker/core/core.py", "from os import environ"),
        ("tracker/core/core.py", "from pathlib import Path"),
        ("tracker/core/core.py", "import logging"),
        ("tracker/core/core.py", "import msgspec"),
        ("tracker/core/core.py", "from tracker import settings"),
        ("tracker/core/core.py", "from tracker.clock import SystemClock"),
        ("tracker/core/core.py", "from ..live import hub"),
        ("tracker/core/core.py", "import importlib\nimportlib.import_module('x')"),
        ("tracker/ingest/door.py", "from tracker.store import journal"),
        ("tracker/ingest/door.py", "from tracker import store"),
        ("tracker/enrichment/client.py", "import tracker.store.writer"),
        ("tracker/store/writer.py", "from tracker.live.hub import Hub"),
        ("tracker/live/hub.py", "from tracker.http import app"),
        ("tracker/live/hub.py", "from tracker.wiring import Service"),
        ("tracker/http/events.py", "from tracker.store.journal import Journal"),
        ("tracker/http/status.py", "from tracker.enrichment.client import DeanonymizerClient"),
        ("tracker/supervisor.py", "from tracker.store import journal"),
        ("tracker/pipeline.py", "from emitters import sessions"),
        ("tracker/pipeline.py", "from tests.support import clock"),
        ("emitters/sessions.py", "import tracker.core"),
        ("emitters/sessions.py", "from tests.support import clock"),
        ("tracker/ingest/frames.py", "import websockets"),
        ("tracker/http/events.py", "from websockets.frames import Frame"),
        ("tracker/live/hub.py", "from starlette.websockets import WebSocket"),
        ("tracker/ingest/door.py", "import httpx"),
        ("tracker/ingest/door.py", "import tenacity"),
        ("tracker/http/status.py", "import sqlite3"),
        ("tracker/enrichment/cache.py", "import _duckdb"),
        ("tracker/store/history/database.py", "import duckdb"),
        ("tracker/live/hub.py", "from cachetools import TTLCache"),
        ("tracker/http/app.py", "import uvicorn"),
        ("tracker/supervisor.py", "import starlette"),
        ("tracker/store/accounts.py", "from tracker.access.keys import check_key"),
        ("tracker/access/control.py", "from tracker.store.accounts import AccountTables"),
        ("tracker/http/app.py", "import argon2"),
        ("tracker/notify/sender.py", "from tracker.store.webhooks import WebhookTables"),
        ("tracker/http/webhooks.py", "from tracker.notify.book import HookBook"),
    ],
)
def test_a_broken_rule_is_found(path: str, line: str) -> None:
    assert any(map(is_forbidden, imports_of(path, line)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tracker/core/core.py", "from tracker.core.site import LiveSite"),
        ("tracker/core/core.py", "from collections.abc import Callable"),
        ("tracker/http/events.py", "from tracker.ingest.door import EventDoor"),
        ("tracker/http/websocket.py", "from tracker.live.hub import Hub"),
        ("tracker/store/writer.py", "import sqlite3"),
        ("tracker/wiring.py", "from tracker.store.journal import Journal"),
        ("tracker/ingest/upstream.py", "from websockets.asyncio.client import connect"),
        ("tracker/server.py", "from tracker.http.frames import FrameProtocol"),
        ("emitters/sessions.py", "import websockets"),
    ],
)
def test_what_is_allowed_passes(path: str, line: str) -> None:
    assert not any(map(is_forbidden, imports_of(path, line)))


def test_every_module_has_a_test_file_of_its_name_or_one_that_is_named_for_it() -> None:
    tested = {file.stem.removeprefix("test_") for file in (ROOT / "tests").rglob("test_*.py")}
    modules = {path for path, source in sources("tracker") if source.strip()}
    untested = {path for path in modules if Path(path).stem not in tested}
    missing = sorted(untested - PROVEN_ELSEWHERE.keys())
    assert not missing, "no tests/**/test_<module>.py for:\n" + "\n".join(missing)
    unneeded = sorted(PROVEN_ELSEWHERE.keys() - untested)
    assert not unneeded, "has a test file of its own: " + ", ".join(unneeded)
    gone = sorted(file for file in PROVEN_ELSEWHERE.values() if not (ROOT / file).exists())
    assert not gone, "is not there: " + ", ".join(gone)
