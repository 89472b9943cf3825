"""``tracker site``: the tenants of the service."""

from pathlib import Path

import click

from tracker.commands.key import show_fresh
from tracker.commands.options import (
    Assignments,
    administers,
    administration,
    confirm,
    json_option,
    yes_option,
)
from tracker.commands.output import show


@click.group()
def site() -> None:
    """Sites: each sees only its own visitors."""


@site.command()
@click.argument("name")
@json_option
@administers
def add(name: str, as_json: bool, config: Path | None, assignments: Assignments) -> None:
    """Add a site called NAME, with a first key that may do everything on it.

    Its id is made of the name. The key is shown this once.
    """
    with administration(config, assignments, may_create=True) as service:
        fresh = service.add_site(name)
    show_fresh(fresh, as_json, f"Site {fresh.site} is there. Its first key, for all that is its own:")


@site.command("list")
@json_option
@administers
def list_sites(as_json: bool, config: Path | None, assignments: Assignments) -> None:
    """List all sites."""
    with administration(config, assignments) as service:
        found = service.sites()
    show(found, ("SITE", "NAME", "ADDED"), as_json, "No sites.")


@site.command()
@click.argument("site_id", metavar="SITE")
@yes_option
@administers
def remove(site_id: str, yes: bool, config: Path | None, assignments: Assignments) -> None:
    """Remove SITE: its keys and roles end at once; its id is never given again.

    What is stored of its visitors stays until it is too old (store.retention_days).
    """
    confirm(f"Remove site {site_id}? Its keys stop working at once, and that cannot be undone.", yes)
    with administration(config, assignments) as service:
        service.remove_site(site_id)
    click.echo(f"Site {site_id} is removed.")
