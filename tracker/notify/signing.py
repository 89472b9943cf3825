"""Signatures by which a receiver knows that a message is ours: the scheme "Standard Webhooks", v1."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

from tracker.core.webhooks import Secret

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> Secret:
    return Secret(PREFIX + b64encode(random_bytes(SECRET_BYTES)).decode())


def headers(secret: Secret, message_id: str, unix_s: float, body: bytes) -> dict[str, str]:
    """Return what is sent beside ``body`` at ``unix_s``."""
    key = b64decode(secret.reveal().removeprefix(PREFIX))
    timestamp = str(int(unix_s))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signature = b64encode(hmac.digest(key, signed, sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
