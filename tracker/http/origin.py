"""Which web pages may connect: their own service's, and those that the settings name."""

import re
from collections.abc import Collection

from starlette.requests import HTTPConnection

from tracker.http.errors import APIError

_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
NOT_OURS = "Pages of this origin may not do this; see server.allowed_origins"


def check_origin(connection: HTTPConnection, allowed: Collection[str]) -> None:
    """Raise ``APIError`` (403) when a page of another origin asks: a browser asks in its user's name."""
    headers = connection.headers
    if not is_allowed(headers.getlist("origin"), headers.getlist("host"), allowed):
        raise APIError(403, NOT_OURS)


def check_own_page(connection: HTTPConnection, allowed: Collection[str]) -> None:
    """Raise ``APIError`` (403) unless the browser says that a page of ours asks.

    Stricter than :func:`check_origin`: who says nothing is refused. For what a browser
    does with its cookie.
    """
    site = connection.headers.get("sec-fetch-site")
    is_said = "origin" in connection.headers
    # A page of an allowed origin may open a socket.
    if site is not None and connection.scope["type"] != "websocket":
        is_said = site == "same-origin"
    if not is_said:
        raise APIError(403, NOT_OURS)
    check_origin(connection, allowed)


def host_of(connection: HTTPConnection) -> str | None:
    """Return the host that was asked, without port and brackets; ``None`` when it is not clear."""
    hosts = connection.headers.getlist("host")
    return host_in(hosts[0]) if len(hosts) == 1 else None


def host_in(value: str) -> str | None:
    """Return the host in a header Host, without port and brackets; ``None`` when there is none."""
    found = _HOST.fullmatch(value)
    return None if found is None else found[1].lower().strip("[]")


def is_allowed(origins: list[str], hosts: list[str], allowed: Collection[str]) -> bool:
    """Tell whether a page may connect, from the values of its Origin and Host headers.

    Browsers always send one Origin with a WebSocket handshake; a client without
    is no browser and carries nobody's cookies unasked. Compared are host and
    port: behind a proxy that ends TLS the scheme of the request is not the page's.
    """
    if not origins:
        return True
    if len(origins) > 1 or len(hosts) != 1:
        return False
    return origins[0] in allowed or _is_same(origins[0], hosts[0])


def _is_same(origin: str, host: str) -> bool:
    page, service = _ORIGIN.fullmatch(origin), _HOST.fullmatch(host)
    if page is None or service is None:
        return False
    if page[2].lower() != service[1].lower():
        return False
    default = _DEFAULT_PORTS[page[1].lower()]
    return int(page[3] or default) == int(service[2] or default)
