"""Access control of the running service: built from the settings, ready to be asked."""

import logging
from pathlib import Path

from starlette.routing import BaseRoute

from tracker.access.book import SiteNotValid
from tracker.access.control import AccessControl, OpenToTheWorld, mode_of
from tracker.access.passwords import PasswordRefused, Passwords
from tracker.access.principal import Mode
from tracker.access.setup import PasswordFileUnusable, read_password_file
from tracker.access.users import UserNotValid
from tracker.core.clock import Clock
from tracker.http.access import Gate
from tracker.http.auth import LoginEndpoints
from tracker.http.auth_sites import SiteEndpoints
from tracker.http.auth_users import UserEndpoints
from tracker.http.clients import is_loopback
from tracker.settings import Settings, SettingsError
from tracker.store.accounts import AccountTables
from tracker.store.audit import AuditTable
from tracker.store.database import Database

log = logging.getLogger(__name__)


def mode_in(settings: Settings) -> Mode:
    """Return whether keys and logins are needed. Raises ``SettingsError`` for a service open to all."""
    try:
        return mode_of(settings.auth.mode, is_loopback(settings.server.host))
    except OpenToTheWorld as error:
        raise SettingsError([str(error)]) from error


async def open_accounts(settings: Settings, database: Database, clock: Clock) -> AccessControl:
    """Load what was kept, and make the site of the session emitter where it is missing.

    Raises:
        SettingsError: ``auth`` or ``upstream.site`` cannot be used.
        StoreError: the store cannot be read or written.
    """
    mode = mode_in(settings)
    writer = database.writer
    tables, audit = AccountTables(writer), AuditTable(writer)
    passwords = Passwords()
    try:
        access = AccessControl(
            tables,
            audit,
            clock,
            mode,
            settings.auth,
            settings.limits,
            passwords,
            viewers_see_contacts=settings.privacy.viewers_see_contacts,
        )
        await access.load()
        if settings.upstream.enabled:
            await _add_upstream_site(access, settings.upstream.site)
    except UserNotValid as error:
        raise SettingsError([f"auth.admin_email: {error.reason}"]) from error
    except BaseException:
        passwords.close()
        raise
    return access


def account_routes(gate: Gate, settings: Settings, clock: Clock) -> list[BaseRoute]:
    """Return the routes under ``/api/auth``."""
    is_open = settings.auth.open_registration
    sites = SiteEndpoints(gate, clock, settings.limits.login_per_minute if is_open else None)
    logins = LoginEndpoints(gate, settings.server.allowed_origins)
    return [*logins.routes(), *sites.routes(), *UserEndpoints(gate).routes()]


async def setup_token(access: AccessControl, settings: Settings) -> str | None:
    """Make the administrator with the password in ``auth.admin_password_file``, where one is missing.

    Without that file, and where logins are needed, return the token of the one-time setup link.

    Raises:
        SettingsError: the file, or the password in it, cannot be used.
    """
    file = settings.auth.admin_password_file
    if access.mode is Mode.OPEN and not file:
        return None
    try:
        return await access.setup.prepare(read_password_file(Path(file)) if file else None)
    except PasswordFileUnusable as error:
        raise SettingsError([str(error)]) from error
    except PasswordRefused as error:
        faults = [f"auth.admin_password_file: the password {fault}" for fault in error.faults]
        raise SettingsError(faults) from error


async def _add_upstream_site(access: AccessControl, site: str) -> None:
    if site in access.book.sites:
        return
    try:
        await access.book.add_site(site)
    except SiteNotValid as error:
        raise SettingsError([f"upstream.site: {error.reason}"]) from error
    log.info("the site of the session emitter is new: %s", site)
