"""``/api/webhooks…`` and ``/api/watches…``: who else is told, and of whom."""

from tracker.core.watches import WatchKind
from tracker.core.webhooks import DeliveryState, HookEvent
from tracker.http.description.parameters import COMMON
from tracker.http.description.parts import JSON, Example, Operation, Schema, Success
from tracker.http.description.samples import AT
from tracker.http.fields import not_valid
from tracker.http.watches import NO_SUCH_WATCH, Watches, WatchId, WatchRow
from tracker.http.webhooks import (
    NO_SUCH_WEBHOOK,
    Deliveries,
    NewWebhook,
    Replayed,
    TrialResult,
    WebhookId,
    WebhookList,
    WebhookRow,
)

TAG = "Who else is told"
UNREAD = (400, 403, 413, 415, 422)
ONE = (*COMMON, "id")
UNKNOWN = {"id": "wh_of-another-day"}
URL = "https://93.184.215.14/hooks/visitors"
HOOK = "wh_k3jf72hak3jf72ha"
RULE = "wl_k3jf72hak3jf72ha"
SECRET = "whsec_" + "A" * 43 + "="
NO_PRIVATE = not_valid("url", "must not lead to a private, local or reserved address")


def _body(**required: Schema) -> dict[str, Schema]:
    return {JSON: {"type": "object", "properties": required, "required": list(required)}}


OPERATIONS = [
    Operation(
        "POST", "/api/webhooks", TAG, "createWebhook", "Make a webhook",
        "The secret is shown this once. docs/webhooks.md tells what is sent and how to check it.", COMMON,
        _body(
            url={"type": "string", "format": "uri", "maxLength": 2000},
            events={"type": "array", "items": {"enum": [*HookEvent]}, "minItems": 1},
        ),
        {201: Success("The webhook and its secret.", (NewWebhook,))},
        (*UNREAD, 503),
        (
            Example("created", 201, "For two events",
                    NewWebhook(HOOK, URL, ["alert", "visit.identified"], SECRET),
                    body={"url": URL, "events": ["visit.identified", "alert"]},
                    message="Keep the secret: it is not shown again"),
            Example("private", 422, "Into a private network", NO_PRIVATE,
                    body={"url": "https://10.0.0.1/", "events": ["alert"]}),
            Example("incomplete", 422, "Without events", not_valid("events", "at least one is needed"),
                    body={"url": URL}),
        ),
    ),
    Operation(
        "GET", "/api/webhooks", TAG, "getWebhooks", "The webhooks of the site", "", COMMON,
        successes={200: Success("Its webhooks.", (WebhookList,))},
        failures=(503,),
        examples=(Example(
            "webhooks", 200, "One webhook",
            WebhookList([WebhookRow(HOOK, URL, ["visit.identified"], AT, None, 0, 0)]),
            message="The webhooks of the site"),),
    ),
    Operation(
        "DELETE", "/api/webhooks/{id}", TAG, "removeWebhook", "Remove a webhook",
        "What waits for it is not sent any more. A browser sends it as application/json.", ONE,
        successes={200: Success("Removed.", (WebhookId,))},
        failures=(403, 503),
        examples=(Example("unknownWebhook", 404, "No such webhook", NO_SUCH_WEBHOOK, path=UNKNOWN),),
    ),
    Operation(
        "POST", "/api/webhooks/{id}/test", TAG, "testWebhook", "Try a webhook out",
        "Sends one message of the type `webhook.test` at once. Where it is taken, a webhook that was "
        "disabled is enabled again.", ONE,
        successes={200: Success("What came of it.", (TrialResult,))},
        failures=(403, 429, 503),
        examples=(Example("unknownWebhook", 404, "No such webhook", NO_SUCH_WEBHOOK, path=UNKNOWN),),
    ),
    Operation(
        "GET", "/api/webhooks/{id}/deliveries", TAG, "getDeliveries", "The last 100 messages",
        f"Each is {', '.join(DeliveryState)}.", ONE,
        successes={200: Success("The newest first.", (Deliveries,))},
        failures=(503,),
        examples=(Example("unknownWebhook", 404, "No such webhook", NO_SUCH_WEBHOOK, path=UNKNOWN),),
    ),
    Operation(
        "POST", "/api/webhooks/{id}/replay", TAG, "replayWebhook", "Send again what was given up",
        "All of it, or one message by its `id`. What was delivered is never sent again.", ONE,
        {JSON: {"type": "object", "properties": {"id": {"type": "string"}}}},
        {200: Success("How many are sent again.", (Replayed,))},
        (*UNREAD, 409, 503),
        (
            Example("unknownWebhook", 404, "No such webhook", NO_SUCH_WEBHOOK, path=UNKNOWN, body={}),
            Example("noText", 422, "A message by a number", not_valid("id", "must be a string"),
                    path=UNKNOWN, body={"id": 5}),
        ),
    ),
    Operation(
        "POST", "/api/watches", TAG, "createWatch", "Look out for visitors",
        "By the domain of their company (`acme.com`, or `*.acme.com` for all below it), a part of its name, "
        "their country, or how a page begins that they saw.", COMMON,
        _body(
            kind={"enum": [*WatchKind]},
            pattern={"type": "string", "minLength": 1, "maxLength": 200},
        ),
        {201: Success("The rule.", (WatchRow,))},
        (*UNREAD, 503),
        (
            Example("domain", 201, "Everybody of a company", WatchRow(RULE, "domain", "*.acme.com", AT),
                    body={"kind": "domain", "pattern": "*.acme.com"},
                    message="Visits that are identified from now on are looked at"),
            Example("incomplete", 422, "Nothing to look for", not_valid("pattern", "is required"),
                    body={"kind": "domain"}),
        ),
    ),
    Operation(
        "GET", "/api/watches", TAG, "getWatches", "The watch list of the site", "", COMMON,
        successes={200: Success("Its rules.", (Watches,))},
        examples=(Example("watches", 200, "One rule",
                          Watches([WatchRow(RULE, "domain", "*.acme.com", AT)]),
                          message="The watch list of the site"),),
    ),
    Operation(
        "DELETE", "/api/watches/{id}", TAG, "removeWatch", "Take a rule off the watch list",
        "A browser sends it as application/json.", ONE,
        successes={200: Success("Taken off.", (WatchId,))},
        failures=(403, 503),
        examples=(Example("unknownWatch", 404, "No such rule", NO_SUCH_WATCH, path=UNKNOWN),),
    ),
]  # fmt: skip
