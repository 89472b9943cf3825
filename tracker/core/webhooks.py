"""Who is told of what happens, outside of this house, and what has become of each message."""

from enum import StrEnum
from typing import NamedTuple


class HookEvent(StrEnum):
    """What a webhook may want to hear of."""

    VISIT_IDENTIFIED = "visit.identified"
    """It became known whose visit it is; once a visit."""
    ALERT = "alert"
    WATCH_MATCHED = "watch.matched"
    """A visit that a rule of the watch list speaks of; once a visit and rule."""


class Secret:
    """A text that never gets into a log by mistake."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)"


class Webhook(NamedTuple):
    id: str
    site: str
    url: Secret
    """Services like chats put their password into the address."""
    events: frozenset[HookEvent]
    secret: Secret
    """What messages are signed with: ``whsec_`` and base64."""
    created_at: float
    disabled_at: float | None = None
    """Since when nothing is sent: the receiver said that it is gone for good."""


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up; it can be sent again by hand."""


class NewDelivery(NamedTuple):
    """One message for one webhook, to be kept until it is delivered or given up."""

    webhook: str
    id: str
    """The same for every try, and for the same thing told again after a crash."""
    site: str
    type: str
    at: float
    session_id: str | None
    """Of the visitor it tells of: what has to go when they are forgotten."""
    body: str


class DueDelivery(NamedTuple):
    number: int
    webhook: str
    id: str
    body: str
    tries: int
    """Those that were made."""
    due_at: float


class Delivery(NamedTuple):
    """What is told of one message."""

    id: str
    type: str
    at: float
    state: DeliveryState
    tries: int
    due_at: float | None
    """When it is tried next; ``None`` when it is settled."""
    settled_at: float | None
    status: int | None
    """HTTP status of the last try; ``None`` without an answer."""
    reason: str
    """A word of ours for what went wrong last; empty when nothing did."""


class Settlement(NamedTuple):
    """What one try has led to."""

    number: int
    state: DeliveryState
    tries: int
    due_at: float
    """When to try again; of no meaning unless it is pending."""
    at: float
    status: int | None
    reason: str


class DeliveryCounts(NamedTuple):
    pending: int = 0
    dead: int = 0


class WebhookRefused(Exception):
    """``field`` of what was asked for is not possible; ``reason`` says why and repeats nothing."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class UnknownWebhook(Exception):
    """The site has no such webhook."""


class UnknownDelivery(Exception):
    """The webhook has no such message."""


class NotDead(Exception):
    """The message waits, or was delivered: it is not sent again."""


class WebhookDisabled(Exception):
    """Nothing is sent: its receiver is gone."""


class TrialBusy(Exception):
    """Another trial is under way."""

    retry_after_s = 10


class Trial(NamedTuple):
    """What became of one message that was sent to try a webhook out."""

    delivered: bool
    status: int | None
    reason: str
