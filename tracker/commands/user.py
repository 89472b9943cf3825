"""``tracker user``: people who log in to the dashboard."""

import sys
from pathlib import Path

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
from tracker.commands.output import show

password_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the password from here instead of asking for it.",
)


@click.group()
def user() -> None:
    """Users: who may log in, and what they are on which site."""


@user.command()
@click.argument("email")
@site_option
@click.option("--role", type=click.Choice(("viewer", "admin")), default="viewer", help="What they are there.")
@click.option("--existing", is_flag=True, help="Give the role to a user who is there already.")
@password_option
@administers
def add(
    email: str,
    site: str,
    role: str,
    existing: bool,
    password_file: Path | None,
    config: Path | None,
    assignments: Assignments,
) -> None:
    """Add a user with a role on a site; the password is asked for.

    The e-mail address of auth.admin_email makes the administrator of the service.
    """
    if existing and password_file:
        raise click.UsageError("--existing takes no password; change it with: tracker user passwd")
    password = None if existing else _password(password_file)
    with administration(config, assignments, may_create=True) as service:
        service.add_user(site, email, password, role)
    click.echo(f"{email} may log in to site {site}.")


@user.command("list")
@site_option
@json_option
@administers
def list_users(site: str, as_json: bool, config: Path | None, assignments: Assignments) -> None:
    """List who may look at a site."""
    with administration(config, assignments) as service:
        found = service.users(site)
    nothing = f"Site {site} has no user; add one with: tracker user add EMAIL --site {site}"
    show(found, ("E-MAIL", "ROLE", "ADDED"), as_json, nothing)


@user.command()
@click.argument("email")
@password_option
@administers
def passwd(email: str, password_file: Path | None, config: Path | None, assignments: Assignments) -> None:
    """Set a new password for a user; all their logins end."""
    password = _password(password_file)
    with administration(config, assignments) as service:
        service.set_password(email, password)
    click.echo(f"{email} has a new password and is logged out everywhere.")


@user.command()
@click.argument("email")
@site_option
@yes_option
@administers
def remove(email: str, site: str, yes: bool, config: Path | None, assignments: Assignments) -> None:
    """Take a user off a site; who has no other one is removed."""
    confirm(f"Take {email} off site {site}? They are logged out at once.", yes)
    with administration(config, assignments) as service:
        service.remove_user(site, email)
    click.echo(f"{email} is off site {site}.")


def _password(file: Path | None) -> str:
    if file is None:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "there is no terminal to ask for the password on: use --password-file FILE"
            )
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    from tracker.access.setup import PasswordFileUnusable, read_password_file

    try:
        return read_password_file(file)
    except PasswordFileUnusable as error:
        reason = str(error).removeprefix("auth.admin_password_file: ")
        raise click.UsageError(f"--password-file: {reason}") from error
