"""``tracker key``: what programs and web pages show to be let in."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker.commands.options import (
    Assignments,
    administers,
    administration,
    confirm,
    json_option,
    site_option,
    yes_option,
)
from tracker.commands.output import jsonable, show

if TYPE_CHECKING:
    from tracker.commands.port import FreshKey


@click.group()
def key() -> None:
    """Keys: to send events (ingest), to see a site (read), to change it (admin)."""


@key.command()
@site_option
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(("ingest", "read", "admin")),
    default=("ingest",),
    help="What it may do; may be repeated.",
)
@click.option("--name", default="", metavar="TEXT", help="What it is for.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Bind an ingest key to pages of https://example.com; may be repeated. Without: any page.",
)
@json_option
@administers
def create(
    site: str,
    scopes: tuple[str, ...],
    name: str,
    origins: tuple[str, ...],
    as_json: bool,
    config: Path | None,
    assignments: Assignments,
) -> None:
    """Create a key. It is shown this once."""
    with administration(config, assignments, may_create=True) as service:
        fresh = service.create_key(site, list(dict.fromkeys(scopes)), name, origins)
    show_fresh(fresh, as_json, f"A key of site {fresh.site} for {', '.join(fresh.scopes)}:")


@key.command("list")
@site_option
@json_option
@administers
def list_keys(site: str, as_json: bool, config: Path | None, assignments: Assignments) -> None:
    """List the keys of a site that are not revoked, by what is shown of them."""
    with administration(config, assignments) as service:
        found = service.keys(site)
    heads = ("KEY", "NAME", "SCOPES", "ORIGINS", "CREATED", "LAST USED")
    show(found, heads, as_json, f"Site {site} has no key; make one with: tracker key create --site {site}")


@key.command()
@click.argument("prefix")
@site_option
@yes_option
@administers
def revoke(prefix: str, site: str, yes: bool, config: Path | None, assignments: Assignments) -> None:
    """Revoke the key that begins with PREFIX, as `tracker key list` shows it."""
    confirm(f"Revoke {prefix}? What uses it stops working at once, and that cannot be undone.", yes)
    with administration(config, assignments) as service:
        service.revoke_key(site, prefix)
    click.echo(f"{prefix} is revoked.")


def show_fresh(fresh: "FreshKey", as_json: bool, title: str) -> None:
    """Print a key for the only time. The key alone goes to standard output, so that it can be piped."""
    if as_json:
        click.echo(json.dumps(jsonable(fresh), indent=2))
        return
    click.echo(title, err=True)
    click.echo(fresh.key)
    click.echo("It is not shown again: keep it now.", err=True)
