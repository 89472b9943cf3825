"""The cookie of a login."""

import logging

from starlette.requests import HTTPConnection
from starlette.responses import Response

from tracker.http.clients import is_loopback
from tracker.http.errors import APIError
from tracker.http.origin import host_of

log = logging.getLogger(__name__)

NAME = "__Host-tracker_login"
NAME_ON_LOOPBACK = "tracker_login"
"""``__Host-`` and ``Secure`` need HTTPS, which one's own machine rarely has."""


class LoginCookie:
    """Which of the two names counts depends on the host that the browser asked.

    So a page of a neighbouring host, which may set cookies without ``__Host-``, cannot
    bring a login of its own into another's browser.
    """

    def __init__(self) -> None:
        self._has_warned = False

    def read(self, connection: HTTPConnection) -> str | None:
        if "cookie" not in connection.headers:
            return None
        return connection.cookies.get(NAME_ON_LOOPBACK if _is_local(connection) else NAME)

    def need_a_browser_that_keeps_it(self, connection: HTTPConnection) -> None:
        """Raise ``APIError`` (403) where a browser would drop the cookie: on a page without HTTPS."""
        if connection.headers.get("origin", "").startswith("http://") and not _is_local(connection):
            raise APIError(403, "Logging in needs HTTPS here: put a proxy with a certificate in front")

    def set(self, response: Response, connection: HTTPConnection, token: str) -> None:
        is_local = _is_local(connection)
        if is_local and not self._has_warned:
            self._has_warned = True
            log.warning("a login over http on this machine: its cookie is not marked as secure")
        self._write(response, token, is_local)

    def clear(self, response: Response, connection: HTTPConnection) -> None:
        self._write(response, "", _is_local(connection), max_age_s=0)

    def _write(self, response: Response, value: str, is_local: bool, max_age_s: int | None = None) -> None:
        response.set_cookie(
            NAME_ON_LOOPBACK if is_local else NAME,
            value,
            max_age=max_age_s,
            path="/",
            secure=not is_local,
            httponly=True,
            samesite="lax",
        )


def _is_local(connection: HTTPConnection) -> bool:
    host = host_of(connection)
    return host is not None and is_loopback(host)
