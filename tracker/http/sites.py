"""Which site a request is about."""

from starlette.requests import HTTPConnection

from tracker.core.accounts import DEFAULT_SITE
from tracker.http.access import admitted

__all__ = ["DEFAULT_SITE", "site_of"]


def site_of(connection: HTTPConnection) -> str:
    """Return the site that the gate let the request through to."""
    return admitted(connection).site
