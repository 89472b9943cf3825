"""The command ``tracker``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tracker import demo as demonstration
from tracker import settings as settings_module
from tracker.settings import Settings, SettingsError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who is on your website right now.",
)

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file; config.toml when there is one.")
]
Assignments = Annotated[
    list[str], typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One setting; may be repeated.")
]


def main() -> None:
    app()


@app.command()
def serve(config: Config = None, assignments: Assignments = []) -> None:
    """Run the service until SIGINT or SIGTERM."""
    settings = _load(config, assignments)
    # What the service imports takes a while; the other commands do without.
    from tracker import serve as service

    raise typer.Exit(service.serve(settings, _say))


@app.command()
def demo(
    browser: Annotated[bool, typer.Option(help="Open the dashboard in a browser.")] = True,
    port: Annotated[
        int, typer.Option(help="Port of the dashboard; the next free one when it is taken.")
    ] = 3000,
    assignments: Assignments = [],
) -> None:
    """Run the service with a session emitter, a deanonymizer and site traffic made up for it."""
    _load(None, assignments)
    raise typer.Exit(demonstration.run(port, assignments, browser, say=_say))


@app.command()
def config(config: Config = None, assignments: Assignments = []) -> None:
    """Print the settings in force and check them."""
    settings = _load(config, assignments)
    print(settings_module.describe(settings))


def _load(config: Path | None, assignments: list[str]) -> Settings:
    try:
        return settings_module.load(config, assignments)
    except SettingsError as error:
        for fault in error.faults:
            print(f"error: {fault}", file=sys.stderr)
        raise typer.Exit(2) from None


def _say(line: str) -> None:
    print(line, flush=True)
