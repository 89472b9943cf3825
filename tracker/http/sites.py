"""Which site a request is about."""

from starlette.requests import HTTPConnection

from tracker.http.errors import APIError, FieldFault

DEFAULT_SITE = "default"


def site_of(connection: HTTPConnection) -> str:
    """Return the site that ``?site=`` names, or ``default``. There is no other one yet."""
    site = connection.query_params.get("site") or DEFAULT_SITE
    if site != DEFAULT_SITE:
        raise APIError(404, "There is no such site", [FieldFault("site", "is not known")])
    return site
