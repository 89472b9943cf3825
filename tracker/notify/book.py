"""The webhooks of all sites: made, listed, tried out and removed by their admins."""

import asyncio
import secrets
from base64 import b32encode
from collections.abc import Callable, Collection, Container, Mapping
from typing import Any, Protocol

from tracker.core.clock import Clock
from tracker.core.webhooks import (
    Delivery,
    DeliveryCounts,
    DeliveryState,
    HookEvent,
    NotDead,
    Secret,
    Trial,
    TrialBusy,
    UnknownDelivery,
    UnknownWebhook,
    Webhook,
    WebhookDisabled,
    WebhookRefused,
)
from tracker.notify.dispatcher import Dispatcher
from tracker.notify.guard import Guard, NotAllowed, Unresolved
from tracker.notify.messages import Messages
from tracker.notify.sender import Reason, Sender
from tracker.notify.signing import new_secret

MAX_WEBHOOKS = 20
"""Of one site."""
SHOWN_DELIVERIES = 100
TRIALS_AT_ONCE = 4
SAVE_TIMEOUT_S = 5.0
ID_BYTES = 10


class HookStore(Protocol):
    async def load(self) -> list[Webhook]: ...

    async def add(self, hook: Webhook) -> None: ...

    async def remove(self, webhook: str) -> None: ...

    async def disable(self, webhook: str, at: float, reason: str) -> None: ...

    async def enable(self, webhook: str) -> None: ...

    async def latest(self, webhook: str, limit: int) -> list[Delivery]: ...

    async def find(self, webhook: str, delivery: str) -> Delivery | None: ...

    async def replay(self, webhook: str, at: float, delivery: str | None = None) -> int: ...

    async def counts(self) -> dict[str, DeliveryCounts]: ...


class HookBook:
    """Holds at most 20 webhooks a site. What is asked of another site's is ``UnknownWebhook``.

    All methods raise what the store raises when the disk does not take it.
    """

    def __init__(
        self,
        store: HookStore,
        guard: Guard,
        sender: Sender,
        messages: Messages,
        clock: Clock,
        sites: Container[str],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """``sites``: those that there are; it may change."""
        self._store = store
        self._guard = guard
        self._sender = sender
        self._messages = messages
        self._clock = clock
        self._sites = sites
        self._random_bytes = random_bytes
        self._hooks: dict[str, Webhook] = {}
        self._changing = asyncio.Lock()
        self._on_trial: set[str] = set()
        self.wanted: dict[str, Mapping[HookEvent, tuple[str, ...]]] = {}
        """Ids of enabled webhooks, by site and event; a site without any is not in it."""
        self.dispatcher: Dispatcher | None = None

    @property
    def size(self) -> int:
        return len(self._hooks)

    async def load(self) -> None:
        self._hooks = {hook.id: hook for hook in await self._store.load()}
        for site in {hook.site for hook in self._hooks.values()}:
            self._index(site)

    def enabled(self, webhook: str) -> Webhook | None:
        """Return the webhook if messages may be sent to it."""
        hook = self._hooks.get(webhook)
        return hook if hook is not None and hook.disabled_at is None else None

    def of(self, site: str) -> list[Webhook]:
        """Return the webhooks of a site, the oldest first."""
        return [hook for hook in self._hooks.values() if hook.site == site]

    async def counts(self) -> dict[str, DeliveryCounts]:
        return await self._store.counts()

    async def create(self, site: str, url: str, events: Collection[HookEvent]) -> Webhook:
        """Make a webhook with a new secret.

        Raises:
            WebhookRefused: the URL may not be called, or there are too many.
        """
        if not events:
            raise WebhookRefused("events", "at least one is needed")
        try:
            async with asyncio.timeout(SAVE_TIMEOUT_S):
                await self._guard.target(url)
        except NotAllowed as error:
            raise WebhookRefused("url", error.reason) from error
        except (Unresolved, TimeoutError) as error:
            raise WebhookRefused("url", "names a host that has no address") from error
        async with self._changing:
            if site not in self._sites:
                raise WebhookRefused("body", "the site is removed")
            if len(self.of(site)) >= MAX_WEBHOOKS:
                raise WebhookRefused("body", f"a site has at most {MAX_WEBHOOKS} webhooks")
            secret, now = new_secret(self._random_bytes), self._clock.now().unix_s
            hook = Webhook(f"wh_{self._token()}", site, Secret(url), frozenset(events), secret, now)
            await self._store.add(hook)
            self._put(hook)
        return hook

    async def remove(self, site: str, webhook: str) -> Webhook:
        """Remove a webhook with all that waits for it. What is under way comes to its end."""
        async with self._changing:
            hook = self._known(site, webhook)
            await self._store.remove(webhook)
            del self._hooks[webhook]
            self._index(site)
        if self.dispatcher is not None:
            self.dispatcher.forget(webhook)
        return hook

    async def forget_site(self, site: str) -> None:
        """Know nothing more of a site that was removed; the store has removed its webhooks with it."""
        async with self._changing:
            for hook in self.of(site):
                del self._hooks[hook.id]
                if self.dispatcher is not None:
                    self.dispatcher.forget(hook.id)
            self._index(site)

    async def gone(self, hook: Webhook) -> None:
        """Send nothing more to a receiver that said so."""
        async with self._changing:
            if hook.id in self._hooks:
                at = self._clock.now().unix_s
                await self._store.disable(hook.id, at, Reason.GONE)
                self._put(self._hooks[hook.id]._replace(disabled_at=at))

    async def try_out(self, site: str, webhook: str) -> Trial:
        """Send one message at once, and tell what came of it. A success enables it again.

        Raises:
            UnknownWebhook, TrialBusy
        """
        hook = self._known(site, webhook)
        if webhook in self._on_trial or len(self._on_trial) >= TRIALS_AT_ONCE:
            raise TrialBusy
        self._on_trial.add(webhook)
        try:
            message = self._messages.trial(site, self._clock.now().unix_s, self._token())
            outcome = await self._sender.send(hook, message.id, message.body.encode())
        finally:
            self._on_trial.discard(webhook)
        if outcome.reason is None:
            await self._works(webhook)
        return Trial(outcome.reason is None, outcome.status, outcome.reason.value if outcome.reason else "")

    async def deliveries(self, site: str, webhook: str) -> list[Delivery]:
        """Return the last 100 messages, the newest first."""
        self._known(site, webhook)
        return await self._store.latest(webhook, SHOWN_DELIVERIES)

    async def replay(self, site: str, webhook: str, delivery: str | None = None) -> int:
        """Let dead messages be sent again, all or one; return how many.

        Raises:
            UnknownWebhook, UnknownDelivery, NotDead, WebhookDisabled
        """
        hook = self._known(site, webhook)
        if hook.disabled_at is not None:
            raise WebhookDisabled
        if delivery is not None:
            found = await self._store.find(webhook, delivery)
            if found is None:
                raise UnknownDelivery
            if found.state is not DeliveryState.DEAD:
                raise NotDead
        replayed = await self._store.replay(webhook, self._clock.now().unix_s, delivery)
        if self.dispatcher is not None:
            self.dispatcher.forgive(webhook)
        return replayed

    async def _works(self, webhook: str) -> None:
        async with self._changing:
            hook = self._hooks.get(webhook)
            if hook is None:
                return
            if hook.disabled_at is not None:
                await self._store.enable(webhook)
                self._put(hook._replace(disabled_at=None))
        if self.dispatcher is not None:
            self.dispatcher.forgive(webhook)

    def _known(self, site: str, webhook: str) -> Webhook:
        hook = self._hooks.get(webhook)
        if hook is None or hook.site != site:
            raise UnknownWebhook
        return hook

    def _put(self, hook: Webhook) -> None:
        self._hooks[hook.id] = hook
        self._index(hook.site)

    def _index(self, site: str) -> None:
        enabled = [hook for hook in self.of(site) if hook.disabled_at is None]
        by_event = {event: tuple(hook.id for hook in enabled if event in hook.events) for event in HookEvent}
        if enabled:
            self.wanted[site] = by_event
        else:
            self.wanted.pop(site, None)

    def _token(self) -> str:
        return b32encode(self._random_bytes(ID_BYTES)).decode().lower()

    def status(self) -> dict[str, Any]:
        return {"webhooks": self.size, "sites": len(self.wanted), "trialsUnderway": len(self._on_trial)}
