"""The signature, against the example of Standard Webhooks and against a few lines of our own."""

import hmac
from base64 import b64decode, b64encode

from tracker.core.webhooks import Secret
from tracker.notify import signing

EXAMPLE = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_the_example_of_the_scheme_gives_its_signature() -> None:
    headers = signing.headers(
        EXAMPLE, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330.9, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_new_secret_signs_with_all_of_its_bytes() -> None:
    secret = signing.new_secret(lambda size: bytes(range(size)))
    assert b64decode(secret.reveal().removeprefix("whsec_")) == bytes(range(32))
    sent = signing.headers(secret, "msg_1", 5.0, b"body")
    expected = b64encode(hmac.new(bytes(range(32)), b"msg_1.5.body", "sha256").digest()).decode()
    assert sent["webhook-signature"] == f"v1,{expected}"
    assert signing.new_secret() != signing.new_secret()


def test_S4_19_a_secret_does_not_show_itself() -> None:
    assert EXAMPLE.reveal() not in f"{EXAMPLE} {EXAMPLE!r} {[EXAMPLE]} {(EXAMPLE, 'x')}"
