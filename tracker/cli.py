"""The command ``tracker``."""

import sys
from pathlib import Path

import click

from tracker import demo as demonstration
from tracker import settings as settings_module
from tracker.commands.key import key
from tracker.commands.options import Assignments, config_option, load, set_option
from tracker.commands.site import site
from tracker.commands.user import user


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Who is on your website right now."""


@main.command()
@config_option
@set_option
def serve(config: Path | None, assignments: Assignments) -> None:
    """Run the service until SIGINT or SIGTERM."""
    settings = load(config, assignments)
    # What the service imports takes a while; the other commands do without.
    from tracker import serve as service

    sys.exit(service.serve(settings, click.echo))


@main.command()
@click.option("--browser/--no-browser", default=True, help="Open the dashboard in a browser.")
@click.option(
    "--port", type=int, default=3000, help="Port of the dashboard; the next free one when it is taken."
)
@set_option
def demo(browser: bool, port: int, assignments: Assignments) -> None:
    """Run the service with a session emitter, a deanonymizer and site traffic made up for it."""
    load(None, assignments)
    sys.exit(demonstration.run(port, list(assignments), browser, say=click.echo))


@main.command()
@config_option
@set_option
def config(config: Path | None, assignments: Assignments) -> None:
    """Print the settings in force and check them."""
    click.echo(settings_module.describe(load(config, assignments)))


for group in (site, key, user):
    main.add_command(group)
