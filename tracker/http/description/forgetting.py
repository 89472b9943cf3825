"""``POST /api/visitors/erase``."""

from tracker.http.description.parameters import COMMON, IDENTIFIER
from tracker.http.description.parts import JSON, Example, Operation, Schema, Success
from tracker.http.erasure import MAX_EMAIL, MAX_ID, MAX_IP, NAMES, Answer, Counts
from tracker.http.errors import APIError, FieldFault
from tracker.live.encoding import Naming

LIMITS = {"userId": MAX_ID, "sessionId": MAX_ID, "ip": MAX_IP, "email": MAX_EMAIL}
NOBODY = APIError(
    422,
    "It is not clear who is meant",
    [FieldFault("body", f"must hold exactly one of {', '.join(NAMES)}")],
)

OPERATIONS = [
    Operation(
        "POST",
        "/api/visitors/erase",
        "Who is here now",
        "eraseVisitor",
        "Forget one visitor",
        "Returns when nothing of the visitor is left, however often it is asked.",
        COMMON,
        {JSON: {"$ref": "#/components/schemas/Visitor"}},
        {200: Success("How much was erased.", (Answer,))},
        (400, 403, 413, 415, 422, 503),
        (
            Example(
                "user", 200, "By your own name for the user", Answer(Counts(3, 1, 0, 0, 1)),
                body={"userId": "u-who-left"}, message="Nothing is kept of this visitor",
            ),
            Example(
                "address", 200, "By an address", Answer(Counts(3, 1, 0, 1, 1)),
                body={"ip": "203.0.113.9"}, message="Nothing is kept of this visitor",
            ),
            Example("nobody", 422, "Nobody", NOBODY, body={}),
        ),
    ),
]  # fmt: skip


def visitor_schemas(naming: Naming) -> dict[str, Schema]:
    """Return the component that names a visitor."""
    names = NAMES if naming is Naming.CAMEL else {snake: snake for snake in NAMES.values()}
    limits = dict(zip(names, LIMITS.values(), strict=True))
    text = {"type": "string", "minLength": 1, "pattern": IDENTIFIER}
    properties = {name: {**text, "maxLength": limit} for name, limit in limits.items()}
    properties["email"] = {"type": "string", "format": "email", "maxLength": MAX_EMAIL}
    return {
        "Visitor": {
            "title": "Visitor",
            "description": "Whom to forget: exactly one of these.",
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }
    }
