"""Nothing lost, nothing twice by its id, nobody held up: against receivers that fail, sleep and come back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.notify.receiver import Call, Receiver, answer, drop, hold, receiver
from tests.notify.rig import Rig, rig
from tests.support.service import until
from tracker.notify.dispatcher import Limits
from tracker.notify.schedule import MAX_TRIES, PAUSES_S

WITHIN_S = 15.0


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as here:
        yield here


@pytest.fixture
async def on() -> AsyncIterator[Rig]:
    async with rig() as parts:
        yield parts


async def calls(there: Receiver, count: int) -> None:
    await until(lambda: len(there.calls) >= count, WITHIN_S)


async def test_a_receiver_that_fails_in_every_way_gets_everything_once_it_is_back(
    on: Rig, there: Receiver
) -> None:
    hook = await on.hook(there)
    there.script = [answer(500), drop, answer(302, location="/"), answer(404), answer(429)]
    texts = [f"alert {number}" for number in range(30)]
    await on.alert(*texts)
    for _ in range(600):
        if await on.states(hook) == ["delivered"] * 30:
            break
        await on.idle()
        on.advance(30)
        await asyncio.sleep(0.02)
    await on.all_are(hook, "delivered", 30)
    assert {call.message["data"]["message"] for call in there.calls} == set(texts)
    assert all(call.is_signed_with(hook.secret.reveal()) for call in there.calls)
    # Five tries were not taken; every message was taken by one try.
    assert len(there.calls) == 35
    assert len(set(there.ids)) == 30
    assert (on.dispatcher.delivered, sum(on.dispatcher.failed.values())) == (30, 5)


async def test_what_was_delivered_is_never_sent_again(tmp_path: Path, there: Receiver) -> None:
    path = tmp_path / "t.journal"
    async with rig(path) as on:
        hook = await on.hook(there)
        await on.alert("one")
        await on.all_are(hook, "delivered", 1)
        # The same thing told again, as after a crash.
        await on.alert("one")
        assert len(await on.listed(hook)) == 1
        assert await on.book.replay(hook.site, hook.id) == 0
    async with rig(path) as on:
        await on.alert("one", "two")
        await on.all_are(hook, "delivered", 2)
        on.advance(100_000)
        await on.idle()
    assert [call.message["data"]["message"] for call in there.calls] == ["one", "two"]


async def test_a_message_survives_the_process_that_was_sending_it(tmp_path: Path, there: Receiver) -> None:
    path = tmp_path / "t.journal"
    there.reply = hold(asyncio.Event())
    async with rig(path) as on:
        hook = await on.hook(there)
        await on.alert("one")
        await calls(there, 1)
    there.reply = answer(204)
    async with rig(path) as on:
        await on.all_are(hook, "delivered", 1)
    assert there.ids[0] == there.ids[1]
    assert len(there.ids) == 2


async def test_retries_grow_to_a_dead_letter_that_can_be_sent_again(on: Rig, there: Receiver) -> None:
    hook = await on.hook(there)
    there.reply = answer(500)
    await on.alert("one")
    for tries in range(1, MAX_TRIES):
        await calls(there, tries)
        await on.idle()
        (one,) = await on.listed(hook)
        assert (one.state, one.tries, one.status, one.reason) == ("pending", tries, 500, "status")
        pause_s = (one.due_at or 0.0) - on.clock.now().unix_s
        assert 0.8 <= pause_s / PAUSES_S[tries - 1] <= 1.2
        on.advance(max(pause_s, 80.0))
    await on.all_are(hook, "dead", 1)
    assert len(there.calls) == MAX_TRIES
    on.advance(100_000)
    assert (await on.listed(hook))[0].tries == MAX_TRIES
    there.reply = answer(204)
    assert await on.book.replay(hook.site, hook.id, there.ids[0]) == 1
    await on.all_are(hook, "delivered", 1)
    assert set(there.ids) == {there.ids[0]}


async def test_retry_after_is_obeyed_for_all_that_is_for_this_receiver(on: Rig, there: Receiver) -> None:
    hook = await on.hook(there)
    there.script = [answer(429, retry_after="600")]
    await on.alert("one")
    await calls(there, 1)
    await on.idle()
    await on.alert("two")
    on.advance(599)
    await asyncio.sleep(0.1)
    assert len(there.calls) == 1
    on.advance(2)
    await on.all_are(hook, "delivered", 2)


async def test_a_receiver_that_is_gone_gets_nothing_more_until_it_takes_a_test(
    on: Rig, there: Receiver
) -> None:
    hook = await on.hook(there)
    there.reply = answer(410)
    await on.alert("one")
    await until(lambda: on.book.enabled(hook.id) is None, WITHIN_S)
    await on.alert("two")
    assert await on.states(hook) == ["dead"]
    assert on.book.wanted == {}
    assert len(there.calls) == 1
    assert not (await on.book.try_out(hook.site, hook.id)).delivered
    assert on.book.enabled(hook.id) is None
    there.reply = answer(204)
    assert (await on.book.try_out(hook.site, hook.id)).delivered
    await on.alert("three")
    assert await on.book.replay(hook.site, hook.id) == 1
    await on.all_are(hook, "delivered", 2)


async def test_a_slow_receiver_holds_up_nobody_else(there: Receiver) -> None:
    never = asyncio.Event()
    async with rig(limits=Limits(in_all=6, a_site=5)) as on, receiver() as slow:
        slow.reply = hold(never)
        await on.hook(slow)
        await on.hook(slow)
        quick = await on.hook(there)
        await on.alert(*(f"alert {number}" for number in range(20)))
        await on.all_are(quick, "delivered", 20)
        assert slow.most_open <= 2 * 2
        # Nor does a site that is full of such receivers hold up another site.
        await on.hook(slow)
        other = await on.hook(there, "other")
        await on.alert("one")
        await on.alert("elsewhere", site="other")
        await on.all_are(other, "delivered", 1)
        assert on.dispatcher.in_flight <= 6


async def test_a_receiver_that_is_down_is_not_called_for_every_message(on: Rig, there: Receiver) -> None:
    hook = await on.hook(there)
    there.reply = answer(503)
    await on.alert(*(f"alert {number}" for number in range(50)))
    await calls(there, 1)
    await on.idle()
    await asyncio.sleep(0.1)
    assert len(there.calls) <= 2, "those that were under way at the first failure"
    there.reply = answer(204)
    on.advance(100)
    await on.all_are(hook, "delivered", 50)


async def test_a_webhook_that_is_removed_is_not_called(on: Rig, there: Receiver) -> None:
    hook = await on.hook(there)
    there.reply = answer(500)
    await on.alert("one")
    await calls(there, 1)
    await on.idle()
    await on.book.remove(hook.site, hook.id)
    on.advance(1_000)
    await asyncio.sleep(0.05)
    assert len(there.calls) == 1
    assert await on.tables.latest(hook.id, 10) == []


async def test_what_cannot_be_recorded_yet_is_not_sent_again(
    there: Receiver, on: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    hook = await on.hook(there)
    connection_is_back = asyncio.Event()
    writer = on.tables._writer

    def refuse() -> None:
        writer._connection.execute("PRAGMA query_only = 1")

    def accept() -> None:
        writer._connection.execute("PRAGMA query_only = 0")

    async def then_refuse(call: Call, stream: asyncio.StreamWriter) -> None:
        await asyncio.wrap_future(writer._thread.submit(refuse))
        await answer(204)(call, stream)
        connection_is_back.set()

    there.reply = then_refuse
    await on.alert("one")
    await connection_is_back.wait()
    await until(lambda: "tried again" in caplog.text, WITHIN_S)
    on.advance(1_000)
    assert on.dispatcher.in_flight == 1
    await asyncio.wrap_future(writer._thread.submit(accept))
    await on.all_are(hook, "delivered", 1)
    assert len(there.calls) == 1
