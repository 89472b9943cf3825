"""What several commands have in common: options, settings, where errors go."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker import settings as settings_module
from tracker.settings import Settings, SettingsError

if TYPE_CHECKING:
    from tracker.commands.port import Administration

Assignments = tuple[str, ...]

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings file; config.toml when there is one.",
)
set_option = click.option(
    "--set", "assignments", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be repeated."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
site_option = click.option("--site", default="default", metavar="SITE", help="Id of the site.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask first.")


def administers(command: Callable[..., None]) -> Callable[..., Any]:
    """Give a command the options that say which service is meant."""
    return config_option(set_option(command))


def load(config: Path | None, assignments: Assignments) -> Settings:
    """Return the settings, or end with status 2 and every fault."""
    try:
        return settings_module.load(config, assignments)
    except SettingsError as error:
        for fault in error.faults:
            click.echo(f"error: {fault}", err=True)
        sys.exit(2)


@contextmanager
def administration(
    config: Path | None, assignments: Assignments, may_create: bool = False
) -> Iterator["Administration"]:
    """Give the way to the service that is meant; what fails is said in one line, with status 1."""
    settings = load(config, assignments)
    # The other commands do without what the store and the hashing of passwords import.
    from tracker.clock import SystemClock
    from tracker.commands import choose
    from tracker.commands.port import CommandFailed

    try:
        with choose.administration(settings, SystemClock(), may_create) as found:
            yield found
    except CommandFailed as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


def confirm(question: str, yes: bool) -> None:
    """Ask before something that cannot be undone; without a terminal only ``--yes`` will do."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: add --yes")
    click.confirm(question, abort=True)
