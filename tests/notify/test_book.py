"""Who may be told: made within bounds, of one site alone, back after a restart."""

from pathlib import Path

import pytest

from tests.notify.receiver import receiver
from tests.notify.rig import rig
from tracker.core.webhooks import (
    HookEvent,
    NotDead,
    UnknownDelivery,
    UnknownWebhook,
    WebhookDisabled,
    WebhookRefused,
)
from tracker.notify.book import MAX_WEBHOOKS


async def test_webhooks_come_back_with_their_secrets(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with receiver() as there:
        async with rig(path, runs=False) as on:
            made = await on.book.create("default", there.url, [HookEvent.ALERT])
            on.clock.advance(1)
            gone = await on.hook(there)
            await on.book.gone(gone)
        assert path.stat().st_mode & 0o777 == 0o600
        async with rig(path, runs=False) as on:
            kept, disabled = on.book.of("default")
            assert kept == made
            assert kept.secret.reveal() == made.secret.reveal()
            assert disabled.disabled_at is not None
            assert on.book.enabled(gone.id) is None
            assert on.book.wanted["default"][HookEvent.ALERT] == (made.id,)
            assert on.book.wanted["default"][HookEvent.VISIT_IDENTIFIED] == ()
            await on.book.remove("default", made.id)
            assert on.book.wanted == {}


async def test_a_site_has_so_many_and_another_has_its_own() -> None:
    async with receiver() as there, rig(runs=False) as on:
        for _ in range(MAX_WEBHOOKS):
            await on.hook(there)
        with pytest.raises(WebhookRefused, match="at most 20"):
            await on.hook(there)
        assert (await on.hook(there, "other")).site == "other"
        with pytest.raises(WebhookRefused, match="at least one"):
            await on.book.create("other", there.url, [])
        with pytest.raises(WebhookRefused, match="no address"):
            await on.book.create("other", "https://no-such-name.invalid/", [HookEvent.ALERT])


async def test_a_removed_site_is_forgotten_and_gets_no_webhook_any_more() -> None:
    sites = {"default", "other"}
    async with receiver() as there, rig(runs=False, sites=sites) as on:
        hook, kept = await on.hook(there, "other"), await on.hook(there)
        sites.remove("other")
        await on.book.forget_site("other")
        assert on.book.of("other") == []
        assert on.book.enabled(hook.id) is None
        assert on.book.wanted.keys() == {"default"}
        assert on.book.of("default") == [kept]
        # What comes too late: the answer of a call that was under way, and one who did not know.
        await on.book.gone(hook)
        assert on.book.of("other") == []
        with pytest.raises(WebhookRefused, match="removed"):
            await on.hook(there, "other")
        assert [one.id for one in await on.tables.load() if one.site == "other"] == [hook.id]


async def test_S4_02_what_is_of_another_site_is_not_known() -> None:
    async with receiver() as there, rig(runs=False) as on:
        hook = await on.hook(there)
        for asking in (
            on.book.remove("other", hook.id),
            on.book.try_out("other", hook.id),
            on.book.deliveries("other", hook.id),
            on.book.replay("other", hook.id),
            on.book.remove("default", "wh_unknown"),
        ):
            with pytest.raises(UnknownWebhook):
                await asking
        assert on.book.of("default") == [hook]
        assert there.calls == []


async def test_only_what_was_given_up_is_sent_again() -> None:
    async with receiver() as there, rig(runs=False) as on:
        hook = await on.hook(there)
        await on.alert("waits")
        (one,) = await on.book.deliveries("default", hook.id)
        with pytest.raises(NotDead):
            await on.book.replay("default", hook.id, one.id)
        with pytest.raises(UnknownDelivery):
            await on.book.replay("default", hook.id, "msg_unknown")
        await on.book.gone(hook)
        assert await on.states(hook) == ["dead"]
        with pytest.raises(WebhookDisabled):
            await on.book.replay("default", hook.id)
