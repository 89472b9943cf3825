"""Headers that every answer carries, good or bad."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
SECURITY_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
NO_STORE = (b"cache-control", b"no-store")
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
"""For answers over TLS: whose browser came that way once does not come without it for a year."""
_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)

RawHeaders = list[tuple[bytes, bytes]]


def as_lines(*headers: tuple[bytes, bytes]) -> bytes:
    """Return headers as they stand in an answer."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)


def with_security_headers(headers: RawHeaders) -> RawHeaders:
    """Return ``headers``, names in lower case, with ours, and ``no-store`` where no caching is named."""
    complete = [header for header in headers if header[0] not in _NAMES]
    complete += SECURITY_HEADERS
    if all(header[0] != b"cache-control" for header in headers):
        complete.append(NO_STORE)
    return complete


class SecurityHeaders:
    """Adds the headers to every answer of ``app``. ``came_over_tls`` is asked for each request's scope."""

    def __init__(self, app: ASGIApp, came_over_tls: Callable[[Scope], bool]) -> None:
        self._app = app
        self._came_over_tls = came_over_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_security_headers(message["headers"])
                if self._came_over_tls(scope):
                    message["headers"].append(STRICT_TRANSPORT)
            await send(message)

        await self._app(scope, receive, send_with_headers)
