"""Keys: how they are made, read and checked.

A key is ``trk_<letter>_<id>_<secret>``: the letter tells people what it is for, the
id finds it, the secret has 160 random bits. So a plain SHA-256 is safe to keep: there
is nothing to guess, and a check costs microseconds.
"""

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from tracker.access.verdicts import Denied, Reason
from tracker.core.accounts import Key, Scope, letter_of

RandomBytes = Callable[[int], bytes]

ID_BYTES = 5
SECRET_BYTES = 20
MAX_NAME = 100
MAX_ORIGINS = 20
FORM = re.compile(r"trk_[ira]_([a-z2-7]{8})_[a-z2-7]{32}", re.ASCII)
PREFIX_FORM = re.compile(r"(?:trk_[ira]_)?([a-z2-7]{8})", re.ASCII)
ORIGIN_FORM = re.compile(
    r"(https?)://((?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?", re.ASCII
)
USUAL_PORTS = {"http": "80", "https": "443"}

NOBODYS_DIGEST = bytes(32)


class KeyNotValid(ValueError):
    """A key of this kind is not made; ``field`` says what is wrong with what was asked for."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class NewKey(NamedTuple):
    key: Key
    text: str
    """What is handed out, once."""


def make_key(
    site: str,
    scopes: Collection[Scope],
    name: str,
    origins: Collection[str],
    now_s: float,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> NewKey:
    """Make a key of ``site``. ``origins`` bind an ingest key to pages of these; empty: any page.

    Raises:
        KeyNotValid: no scope, origins for more than ingest, or a text that is none.
    """
    wanted = frozenset(scopes)
    if not wanted:
        raise KeyNotValid("scopes", "at least one is needed")
    if origins and wanted != {Scope.INGEST}:
        raise KeyNotValid("origins", "only an ingest key can be bound to origins")
    if len(origins) > MAX_ORIGINS:
        raise KeyNotValid("origins", f"at most {MAX_ORIGINS}")
    if len(name) > MAX_NAME or not name.isprintable():
        raise KeyNotValid("name", f"at most {MAX_NAME} printable characters")
    bound = tuple(sorted({canonical_origin(origin) for origin in origins}))
    key_id = _readable(random_bytes(ID_BYTES))
    text = f"trk_{letter_of(wanted)}_{key_id}_{_readable(random_bytes(SECRET_BYTES))}"
    return NewKey(Key(key_id, site, name, wanted, digest_of(text), bound, now_s), text)


def canonical_origin(text: str) -> str:
    """Return an origin as browsers send it: ``https://example.com``, without the usual port.

    Raises:
        KeyNotValid: it is none.
    """
    found = ORIGIN_FORM.fullmatch(text.lower())
    if found is None:
        raise KeyNotValid("origins", "each must be a scheme and a host, like https://example.com")
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" + (f":{port}" if port and port != USUAL_PORTS[scheme] else "")


def id_of(prefix: str) -> str | None:
    """Return the id in a shown prefix (or in a bare id); ``None`` when it is neither."""
    found = PREFIX_FORM.fullmatch(prefix)
    return found[1] if found else None


def check_key(keys: Mapping[str, Key], text: str, origin: str | None, in_url: bool = False) -> Key | Denied:
    """Return the key that ``text`` is, by id in ``keys``; no scope is checked yet.

    ``origin``: the request's header, as it came. ``in_url``: it stood in the URL, where
    only a key that can do nothing but ingest may stand.
    """
    found = FORM.fullmatch(text)
    key = keys.get(found[1]) if found else None
    is_right = hmac.compare_digest(digest_of(text), key.digest if key else NOBODYS_DIGEST)
    if key is None or not is_right:
        return Denied(Reason.BAD_KEY)
    if key.revoked_at is not None:
        return Denied(Reason.REVOKED_KEY)
    if in_url and key.scopes != {Scope.INGEST}:
        return Denied(Reason.KEY_IN_URL)
    if key.origins and origin not in key.origins:
        return Denied(Reason.WRONG_ORIGIN)
    return key


def digest_of(text: str) -> bytes:
    """SHA-256 of a key or a token: those have too many random bits to be guessed."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _readable(random: bytes) -> str:
    return b32encode(random).decode().lower()
