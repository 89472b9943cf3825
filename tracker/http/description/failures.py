"""Every failure that the service answers with, by its status."""

from tracker.http.access import SITE_UNKNOWN
from tracker.http.bodies import too_large
from tracker.http.description.parts import Failing
from tracker.http.errors import APIError, FieldFault
from tracker.http.events import CONTENT_TYPES, MAX_BODY_BYTES
from tracker.http.protocol import RequestLimits

__all__ = ["FAILURES", "NAMING_UNKNOWN", "SITE_UNKNOWN"]

NAMING_UNKNOWN = APIError(422, "The naming is not known", [FieldFault("naming", "must be camel or snake")])

FAILURES: dict[int, Failing] = {
    400: Failing(
        "The body is no JSON that is accepted: malformed, not UTF-8, a key twice, nested too deep; or the "
        "request is not valid HTTP.",
        APIError(400, "The body is empty.", [FieldFault("body", "The body is empty.")]),
    ),
    401: Failing("There are no credentials, or no good ones.", APIError(401, "The key is not valid")),
    429: Failing(
        "Too many; the header tells when to ask again.",
        APIError(429, "Too many attempts; try again later"),
        ("Retry-After",),
    ),
    403: Failing(
        "A web page of another origin asks.",
        APIError(403, "Pages of this origin may not do this; see server.allowed_origins"),
    ),
    404: Failing("There is nothing here, or no such site.", APIError(404, "There is nothing here")),
    405: Failing(
        "The method is not allowed here; the header tells which are.",
        APIError(405, "This method is not allowed here"),
        ("Allow",),
    ),
    409: Failing(
        "Another event has this id.",
        APIError(
            409,
            "Another event has this id",
            [FieldFault("id", "is taken by an event with other content; use a new one")],
        ),
    ),
    413: Failing("The body is too large. The connection is closed.", too_large(MAX_BODY_BYTES)),
    415: Failing(
        "The body is of another content type, or encoded.",
        APIError(415, f"Send the body as {' or '.join(CONTENT_TYPES)} in the header Content-Type"),
    ),
    422: Failing("Read, but not valid. Every wrong field is named.", NAMING_UNKNOWN),
    431: Failing(
        "The address and the headers are too large together. The connection is closed.",
        APIError(431, f"The head of the request is larger than {RequestLimits().head_bytes} bytes"),
    ),
    503: Failing(
        "It cannot be done now; the header tells when to ask again.",
        APIError(503, "The history cannot answer now; ask again"),
        ("Retry-After",),
    ),
}
