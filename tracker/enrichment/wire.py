"""The shape of an answer, and the only place that reads one.

Fields that are not named here are dropped; every field may be ``null`` or absent
but ``data``, without which it is no answer.
"""

from msgspec import DecodeError, Struct, ValidationError, json

from tracker.enrichment.errors import BadResponse


class WireCompany(Struct, rename="camel"):
    guid: str | None = None
    name: str | None = None
    domain: str | None = None


class WireContact(Struct, rename="camel"):
    guid: str | None = None
    name: str | None = None
    title: str | None = None
    email_addresses: list[str | None] | None = None
    phone_numbers: list[str | None] | None = None


class WireData(Struct):
    company: WireCompany | None = None
    contact: WireContact | None = None


class Answer(Struct):
    data: WireData | None


_decoder = json.Decoder(Answer)


def decode(body: bytes) -> Answer:
    """Read the body of a 200.

    Raises:
        BadResponse: it is not JSON, or of another shape.
    """
    try:
        return _decoder.decode(body)
    except ValidationError as error:
        raise BadResponse("wrong_shape") from error
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadResponse("not_json") from error
