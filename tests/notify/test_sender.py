"""One try against a real receiver: what counts as taken, and that it leads and keeps us nowhere."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.notify.receiver import Call, Receiver, Reply, answer, drop, hold, receiver
from tests.support.clock import START, FakeClock
from tracker.core.webhooks import HookEvent, Secret, Webhook
from tracker.notify.guard import Guard
from tracker.notify.sender import Outcome, Reason, Sender
from tracker.notify.signing import new_secret

CERTIFICATE = Path(__file__).parent / "hooks.example.pem"
SECRET = new_secret()
BODY = '{"id":"msg_1","data":"ü"}'.encode()


def webhook(url: str) -> Webhook:
    return Webhook("wh_1", "default", Secret(url), frozenset(HookEvent), SECRET, 1.0)


def sender(timeout_s: float = 10.0) -> Sender:
    return Sender(Guard(allow_private=True), FakeClock(), timeout_s)


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as here:
        yield here


async def test_the_message_arrives_signed(there: Receiver) -> None:
    assert await sender().send(webhook(f"{there.url}?q=1"), "msg_1", BODY) == Outcome(204)
    (call,) = there.calls
    assert (call.target, call.body, call.id) == ("/hook?q=1", BODY, "msg_1")
    assert call.is_signed_with(SECRET.reveal())
    assert not call._replace(body=BODY + b" ").is_signed_with(SECRET.reveal())
    assert call.headers["content-type"] == "application/json"
    assert call.headers["host"] == f"127.0.0.1:{there.port}"
    assert call.headers["webhook-timestamp"] == str(int(START.unix_s))


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(200, b"thanks"), Outcome(200)),
        (answer(299), Outcome(299)),
        (answer(500), Outcome(500, Reason.STATUS)),
        (answer(404), Outcome(404, Reason.STATUS)),
        (answer(410), Outcome(410, Reason.GONE)),
        (answer(429, retry_after="120"), Outcome(429, Reason.STATUS, 120.0)),
        (answer(503, retry_after="999999"), Outcome(503, Reason.STATUS, 3600.0)),
        (answer(503, retry_after="Sat, 01 Jan 2000 00:00:00 GMT"), Outcome(503, Reason.STATUS, 0.0)),
        (answer(503, retry_after="soon"), Outcome(503, Reason.STATUS)),
        (drop, Outcome(None, Reason.CONNECTION)),
    ],
)
async def test_what_an_answer_means(there: Receiver, reply: Reply, outcome: Outcome) -> None:
    there.reply = reply
    assert await sender().send(webhook(there.url), "msg_1", BODY) == outcome
    assert len(there.calls) == 1


async def test_S4_14_a_redirect_is_a_failure_and_is_not_followed(there: Receiver) -> None:
    async with receiver() as inside:
        for status in (301, 302, 303, 307, 308):
            there.reply = answer(status, location=inside.url)
            assert await sender().send(webhook(there.url), "m", b"{}") == Outcome(status, Reason.REDIRECT)
        assert inside.calls == []


async def test_a_receiver_that_never_answers_is_left(there: Receiver) -> None:
    there.reply = hold(asyncio.Event())
    assert await sender(0.2).send(webhook(there.url), "m", b"{}") == Outcome(None, Reason.TIMEOUT)


async def test_nobody_there_is_a_failure() -> None:
    async with receiver() as gone:
        url = gone.url
    assert await sender().send(webhook(url), "m", b"{}") == Outcome(None, Reason.CONNECTION)


@pytest.mark.parametrize("status", [200, 500])
async def test_an_answer_without_end_is_read_up_to_a_limit(there: Receiver, status: int) -> None:
    sent = 0

    async def flood(call: Call, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 {status} Whatever\r\n\r\n".encode())
        while True:
            writer.write(b"x" * 65_536)
            sent += 65_536
            await writer.drain()

    there.reply = flood
    outcome = await sender().send(webhook(there.url), "m", b"{}")
    assert outcome.status == status
    assert sent < 16 * 1024 * 1024, "the buffers of the sockets, not more"


async def test_what_was_answered_stands_although_its_end_never_comes(there: Receiver) -> None:
    async def drip(call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab")
        await asyncio.Event().wait()

    there.reply = drip
    assert await sender(0.3).send(webhook(there.url), "m", b"{}") == Outcome(200)


async def test_S4_14_an_address_is_checked_at_each_use(there: Receiver) -> None:
    strict = Sender(Guard(), FakeClock())
    assert await strict.send(webhook(there.url), "m", b"{}") == Outcome(None, Reason.FORBIDDEN)
    assert there.calls == []


async def test_S4_19_neither_the_url_nor_the_secret_is_logged(
    there: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    async def broken(host: str, port: int) -> Sequence[str]:
        raise RuntimeError("https://canary.example/")

    hook = webhook("https://canary.example/canary-token")
    failing = Sender(Guard(resolve=broken), FakeClock())
    assert await failing.send(hook, "m", b"{}") == Outcome(None, Reason.INTERNAL)
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text
    assert "canary" not in repr(hook)
    assert SECRET.reveal() not in repr(hook)


# TLS


def at_home(*addresses: str) -> Guard:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses or ["127.0.0.1"]

    return Guard(allow_private=True, resolve=resolve)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def serving() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_S4_14_the_checked_address_is_called_and_the_certificate_is_the_names() -> None:
    async with receiver(tls=serving()) as there:
        named = webhook(f"https://hooks.example:{there.port}/hook")
        secure = Sender(at_home(), FakeClock(), tls=trusting)
        assert await secure.send(named, "m", b"{}") == Outcome(204)
        assert there.calls[0].headers["host"] == f"hooks.example:{there.port}"
        other = webhook(f"https://other.example:{there.port}/hook")
        assert await secure.send(other, "m", b"{}") == Outcome(None, Reason.TLS)
        unknown = Sender(at_home(), FakeClock())
        assert await unknown.send(named, "m", b"{}") == Outcome(None, Reason.TLS)
        assert len(there.calls) == 1


async def test_the_next_address_is_tried_where_nobody_listens_at_the_first() -> None:
    async with receiver(tls=serving()) as there:
        named = webhook(f"https://hooks.example:{there.port}/hook")
        guard = at_home("127.0.0.2", "127.0.0.1")
        assert await Sender(guard, FakeClock(), tls=trusting).send(named, "m", b"{}") == Outcome(204)
