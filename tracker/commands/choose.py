"""Which way the commands go: over HTTP to a service that runs, else into its file."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from tracker import operator_token
from tracker.commands.port import Administration, CommandFailed
from tracker.commands.remote import RemoteAdministration
from tracker.commands.stored import stored
from tracker.core.clock import Clock
from tracker.operator_token import OperatorFile
from tracker.settings import Server, Settings
from tracker.store.database import journal_path
from tracker.store.errors import StoreLocked

TRIES = 20
PAUSE_S = 0.1

Sleep = Callable[[float], None]


@contextmanager
def administration(
    settings: Settings, clock: Clock, may_create: bool, sleep: Sleep = time.sleep
) -> Iterator[Administration]:
    """Give the administration of the service of these settings.

    ``may_create``: make the store where there is none. Another command that holds it is
    waited for, two seconds.

    Raises:
        CommandFailed: there is no way to it; the text says what to do.
    """
    _need_store(settings, may_create)
    with ExitStack() as held:
        yield _found(settings, clock, held, sleep)


def _need_store(settings: Settings, may_create: bool) -> None:
    path = journal_path(settings.store)
    if path is None:
        raise CommandFailed(
            f"store.url is {settings.store.url}: nothing is kept that a command could reach;"
            " use the dashboard of the running service, or give it a file: --set store.url=duckdb:FILE"
        )
    if not may_create and not path.exists():
        raise CommandFailed(
            f"there is no store at {path}; start the service once,"
            " or name its settings with --config or --set"
        )


def _found(settings: Settings, clock: Clock, held: ExitStack, sleep: Sleep) -> Administration:
    for _ in range(TRIES):
        try:
            return held.enter_context(stored(settings, clock))
        except StoreLocked:
            operator = _operator(settings)
        if operator is not None:
            return RemoteAdministration(operator)
        sleep(PAUSE_S)
    raise CommandFailed(
        "the store is in use, but not by a service that takes commands:"
        " wait until what uses it has ended, or stop it, and try again"
    )


def _operator(settings: Settings) -> OperatorFile | None:
    path = operator_token.path_of(settings.store)
    assert path is not None
    try:
        operator = operator_token.read(path)
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be read ({error.strerror}); run the command as the user whose service it is"
        ) from error
    if operator is None:
        return None
    return operator._replace(url=local(operator.url or f"http://{_host(settings.server)}"))


def _host(server: Server) -> str:
    return f"[{server.host}]:{server.port}" if ":" in server.host else f"{server.host}:{server.port}"


def local(url: str) -> str:
    """Return where a service that says it listens at ``url`` is reached from this machine."""
    parts = urlsplit(url)
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    host = everywhere.get(parts.hostname or "")
    return url if host is None else f"http://{host}:{parts.port}"
