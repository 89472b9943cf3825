"""``/api/webhooks…``: who else is told of what happens on the site."""

from collections.abc import Collection, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.audit import Action
from tracker.access.principal import Need
from tracker.core.webhooks import Delivery, DeliveryCounts, HookEvent, Trial, Webhook
from tracker.http import queries
from tracker.http.access import GuardedRoute, admitted
from tracker.http.errors import APIError, FieldFault
from tracker.http.fields import not_valid, read_fields
from tracker.http.responses import success
from tracker.live.messages import Wire
from tracker.live.rows import iso

NO_SUCH_WEBHOOK = APIError(404, "There is no such webhook", [FieldFault("id", "is not known")])
NO_SUCH_MESSAGE = APIError(404, "There is no such message", [FieldFault("id", "is not known")])


class Hooks(Protocol):
    def of(self, site: str) -> list[Webhook]: ...

    async def counts(self) -> Mapping[str, DeliveryCounts]: ...

    async def create(self, site: str, url: str, events: Collection[HookEvent]) -> Webhook: ...

    async def remove(self, site: str, webhook: str) -> Webhook: ...

    async def try_out(self, site: str, webhook: str) -> Trial: ...

    async def deliveries(self, site: str, webhook: str) -> list[Delivery]: ...

    async def replay(self, site: str, webhook: str, delivery: str | None = None) -> int: ...


class WebhookRow(Wire, frozen=True):
    id: str
    url: str
    events: list[str]
    created_at: str
    disabled_at: str | None
    """Since when nothing is sent: the receiver answered with 410."""
    pending: int
    dead: int
    """Messages that were given up."""


class WebhookList(Wire, frozen=True):
    webhooks: list[WebhookRow]


class NewWebhook(Wire, frozen=True):
    id: str
    url: str
    events: list[str]
    secret: str
    """What messages are signed with. It is shown this once."""


class WebhookId(Wire, frozen=True):
    id: str


class TrialResult(Wire, frozen=True):
    delivered: bool
    status: int | None
    """HTTP status of the answer; `null` without one."""
    reason: str | None
    """Why it was not delivered."""


class DeliveryRow(Wire, frozen=True):
    id: str
    type: str
    at: str
    state: str
    tries: int
    next_try_at: str | None
    settled_at: str | None
    status: int | None
    """HTTP status of the last try; `null` without an answer."""
    reason: str | None
    """Why the last try failed, or why it was given up."""


class Deliveries(Wire, frozen=True):
    deliveries: list[DeliveryRow]


class Replayed(Wire, frozen=True):
    replayed: int


class WebhookEndpoints:
    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def routes(self) -> list[BaseRoute]:
        one = "/api/webhooks/{id}"
        return [
            GuardedRoute("/api/webhooks", self.webhooks, Need.ADMIN, ["GET", "POST"]),
            GuardedRoute(one, self.remove, Need.ADMIN, ["DELETE"]),
            GuardedRoute(f"{one}/test", self.try_out, Need.ADMIN, ["POST"]),
            GuardedRoute(f"{one}/deliveries", self.deliveries, Need.ADMIN),
            GuardedRoute(f"{one}/replay", self.replay, Need.ADMIN, ["POST"]),
        ]

    async def webhooks(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        if request.method == "POST":
            return await self._create(request)
        hooks = self._hooks.of(admitted(request).site)
        counts = await self._hooks.counts() if hooks else {}
        rows = [_row(hook, counts.get(hook.id, DeliveryCounts())) for hook in hooks]
        return success(request, WebhookList(rows), "The webhooks of the site")

    async def _create(self, request: Request) -> Response:
        fields = await read_fields(request)
        url, events = fields.text("url"), fields.texts("events")
        fields.check()
        if not all(event in set(HookEvent) for event in events):
            raise not_valid("events", f"must be some of {', '.join(HookEvent)}")
        asking = admitted(request)
        hook = await self._hooks.create(asking.site, url, [HookEvent(event) for event in events])
        asking.note(Action.WEBHOOK_CREATED, hook.id)
        events = [*map(str, sorted(hook.events))]
        data = NewWebhook(hook.id, hook.url.reveal(), events, hook.secret.reveal())
        return success(request, data, "Keep the secret: it is not shown again", 201)

    async def remove(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        asking = admitted(request)
        hook = await self._hooks.remove(asking.site, request.path_params["id"])
        asking.note(Action.WEBHOOK_REMOVED, hook.id)
        return success(request, WebhookId(hook.id), "The webhook is removed, with all that waited for it")

    async def try_out(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        trial = await self._hooks.try_out(admitted(request).site, request.path_params["id"])
        message = "The receiver took the test" if trial.delivered else "The receiver did not take the test"
        return success(request, TrialResult(trial.delivered, trial.status, trial.reason or None), message)

    async def deliveries(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        found = await self._hooks.deliveries(admitted(request).site, request.path_params["id"])
        rows = [_delivery_row(one) for one in found]
        return success(request, Deliveries(rows), "The last messages, the newest first")

    async def replay(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        fields = await read_fields(request, can_be_empty=True)
        message_id = fields.optional_text("id")
        fields.check()
        asking = admitted(request)
        webhook = request.path_params["id"]
        replayed = await self._hooks.replay(asking.site, webhook, message_id)
        asking.note(Action.WEBHOOK_REPLAYED, webhook)
        return success(request, Replayed(replayed), "They are sent again")


def _row(hook: Webhook, counts: DeliveryCounts) -> WebhookRow:
    disabled = None if hook.disabled_at is None else iso(hook.disabled_at)
    url, events = hook.url.reveal(), [*map(str, sorted(hook.events))]
    return WebhookRow(hook.id, url, events, iso(hook.created_at), disabled, counts.pending, counts.dead)


def _delivery_row(one: Delivery) -> DeliveryRow:
    next_try = None if one.due_at is None else iso(one.due_at)
    settled = None if one.settled_at is None else iso(one.settled_at)
    state, reason = one.state.value, one.reason or None
    return DeliveryRow(one.id, one.type, iso(one.at), state, one.tries, next_try, settled, one.status, reason)
