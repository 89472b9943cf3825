"""``/asyncapi.json``: the live feed, made from the Structs of its messages and requests."""

from typing import Any

import msgspec

from tracker.core.inputs import UpstreamState
from tracker.http.description import samples
from tracker.http.description.openapi import version
from tracker.http.description.parts import JSON, Schema
from tracker.http.description.schemas import components, plain
from tracker.http.sites import DEFAULT_SITE
from tracker.http.websocket import MAX_MESSAGE_BYTES, MESSAGES_BURST, MESSAGES_PER_SECOND
from tracker.live import messages, requests
from tracker.live.encoding import Naming

PATH = "/ws"
ABOUT = f"""One WebSocket connection is one dashboard. It first gets a snapshot of everything that is
live, then every change. With `batch=1` a frame is an array: the messages of one tick. `seq` rises by
one with each message of the site; a gap means that something is missing: send `resume`. Messages for
one dashboard alone carry the number of the site message before them.

A dashboard may send {MESSAGES_PER_SECOND:.0f} messages a second ({MESSAGES_BURST:.0f} at once) of at
most {MAX_MESSAGE_BYTES:,} bytes. What cannot be understood is answered with `error`, and the connection
stays."""

SENT: dict[str, tuple[str, messages.Wire]] = {
    "snapshot": ("First, and whenever messages were lost.", samples.SNAPSHOT),
    "visitor_update": (
        "An event happened, or the figures changed.",
        messages.VisitorUpdate(samples.FEED_EVENT, samples.STATISTICS),
    ),
    "session_activity": ("A session is new or different.", samples.ROW),
    "session_ended": ("A row goes.", messages.SessionEnded("s1", "expired")),
    "averages": ("They changed, at most once a second.", messages.AveragesUpdate(1.0, 90.0, 42.5, 0)),
    "user_connected": ("A dashboard came.", messages.UserConnected(2, samples.AT)),
    "user_disconnected": ("A dashboard went.", messages.UserDisconnected(1)),
    "alert": (
        "Something is worth a look.",
        samples.ALERT,
    ),
    "upstream_status": (
        "The session feed came or went.",
        messages.UpstreamStatus(UpstreamState.DOWN, samples.AT),
    ),
    "detailed_stats": (
        "The answer to request_detailed_stats.",
        messages.DetailedStats(
            {"country": "DE"},
            samples.STATISTICS,
            [samples.ROW],
            [samples.FEED_EVENT],
            {"DE": 1},
            {"/pricing": 1},
            {"mobile": 1},
        ),
    ),
    "reset": ("The live figures began anew.", messages.Reset(samples.AT)),
    "error": ("A message could not be understood.", messages.Error("A message must be JSON", None)),
    "action_tracked": ("The answer to track_dashboard_action.", messages.ActionTracked("export")),
    "pong": ("The answer to ping.", messages.Pong(samples.AT)),
}
"""When each type is sent, and an example of its ``data``."""

RECEIVED: dict[type[msgspec.Struct], tuple[str, msgspec.Struct, tuple[str, ...]]] = {
    requests.DetailedStatsRequest: (
        "Ask for the figures over the sessions that match.",
        requests.DetailedStatsRequest(requests.Filter(country="DE")),
        ("detailed_stats",),
    ),
    requests.TrackAction: (
        "Tell what was done on the dashboard; it is counted.",
        requests.TrackAction("export", {"format": "csv"}),
        ("action_tracked",),
    ),
    requests.Resume: (
        "Ask for what came after a number; a snapshot when not all of it is known any more.",
        requests.Resume(17),
        ("snapshot",),
    ),
    requests.Ping: ("Ask whether the service is there.", requests.Ping(), ("pong",)),
}
"""What each request is for, an example, and what answers it beside ``error``."""

QUERY: Schema = {
    "type": "object",
    "properties": {
        "site": {"type": "string", "default": DEFAULT_SITE, "description": "Whose visitors."},
        "naming": {"enum": [*Naming], "default": "camel", "description": "How field names are written."},
        "batch": {"enum": ["0", "1"], "default": "0", "description": "1: a frame is an array of messages."},
        "resume": {
            "type": "string",
            "pattern": "^[0-9]{1,16}$",
            "description": "`seq` of the last message of an earlier connection: what came since is sent "
            "instead of the first snapshot, while it is still known.",
        },
    },
}


def document(naming: Naming = Naming.CAMEL) -> dict[str, Any]:
    """Return the AsyncAPI document for messages in ``naming``."""
    sent, received = list(messages.MESSAGES), list(RECEIVED)
    references, schemas = components([*messages.MESSAGES.values(), *received], naming)
    described = {
        **{name: _message(name, data, naming) for name, data in zip(sent, references, strict=False)},
        **{
            tag_of(kind): _request(kind, payload)
            for kind, payload in zip(received, references[len(sent) :], strict=True)
        },
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tracker: the live feed",
            "version": version(),
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": JSON,
        "servers": {"local": {"host": "localhost:3000", "protocol": "ws"}},
        "channels": {
            "live": {
                "address": PATH,
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in described},
                "bindings": {"ws": {"method": "GET", "query": QUERY, "bindingVersion": "0.1.0"}},
            }
        },
        "operations": _operations(),
        "components": {"messages": described, "schemas": schemas},
    }


def tag_of(kind: type[msgspec.Struct]) -> str:
    """Return the ``type`` by which a request is known."""
    return str(kind.__struct_config__.tag)


def _message(name: str, data: Schema, naming: Naming) -> dict[str, Any]:
    summary, example = SENT[name]
    payload = {
        "type": "object",
        "properties": {"type": {"const": name}, "data": data, "seq": {"type": "integer"}},
        "required": ["type", "data", "seq"],
    }
    shown = {"type": name, "data": plain(example, naming), "seq": 17}
    return {"name": name, "summary": summary, "payload": payload, "examples": [{"payload": shown}]}


def _request(kind: type[msgspec.Struct], payload: Schema) -> dict[str, Any]:
    summary, example, _ = RECEIVED[kind]
    shown = msgspec.to_builtins(example)
    return {"name": tag_of(kind), "summary": summary, "payload": payload, "examples": [{"payload": shown}]}


def _operations() -> dict[str, Any]:
    """Sending and receiving are the service's."""
    channel = {"$ref": "#/channels/live"}
    answers = {answer for _, _, names in RECEIVED.values() for answer in names} - {"snapshot"}
    told = [name for name in messages.MESSAGES if name not in answers]
    operations = {
        "tell": {
            "action": "send",
            "summary": "What every dashboard is told",
            "channel": channel,
            "messages": [_in_channel(name) for name in told],
        }
    }
    for kind, (summary, _, names) in RECEIVED.items():
        operations[tag_of(kind)] = {
            "action": "receive",
            "summary": summary,
            "channel": channel,
            "messages": [_in_channel(tag_of(kind))],
            "reply": {"channel": channel, "messages": [_in_channel(name) for name in (*names, "error")]},
        }
    return operations


def _in_channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/live/messages/{name}"}
