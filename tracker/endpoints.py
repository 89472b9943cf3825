"""Everything that is answered over HTTP, each group of endpoints with the parts that it needs."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from tracker.accounts import account_routes
from tracker.http.description.endpoints import routes as description_routes
from tracker.http.erasure import ErasureEndpoint
from tracker.http.events import EventEndpoint
from tracker.http.figures import EncodedStatistics
from tracker.http.metrics import MetricsEndpoint
from tracker.http.pages import routes as page_routes
from tracker.http.past import PastEndpoints
from tracker.http.sessions import SessionEndpoints
from tracker.http.status import StatusEndpoints
from tracker.http.visitors import VisitorEndpoints
from tracker.http.websocket import LiveSocket
from tracker.ingest.event_ids import EventIds
from tracker.report import report

if TYPE_CHECKING:
    from tracker.wiring import Service


def routes(service: "Service", anonymous_id: Callable[[str, str], str]) -> list[BaseRoute]:
    live_site, clock, server = service.core.site, service.clock, service.settings.server
    statistics = EncodedStatistics(
        lambda site: live_site(site).statistics(), version=lambda: service.pipeline.inputs
    )
    events = EventEndpoint(
        service.door, service.rejects, clock, service.gate, EventIds(), anonymous_id, statistics
    )
    return [
        *events.routes(),
        *PastEndpoints(
            service.history, clock, server.timezone, live_site, service.gate.charge_export
        ).routes(),
        *ErasureEndpoint(service.erase).routes(),
        *VisitorEndpoints(live_site, clock, service.reset).routes(),
        *SessionEndpoints(live_site, clock, service.session_events, service.history).routes(),
        *LiveSocket(service.hub, clock, service.access.watchers, server.allowed_origins).routes(),
        *StatusEndpoints(partial(report, service), service.faults, service.degraded).routes(),
        *MetricsEndpoint(partial(_exposition, service)).routes(),
        *service.notifying.routes(),
        *account_routes(service.gate, service.settings, clock),
        *description_routes(),
        *page_routes(),
    ]


def _exposition(service: "Service") -> bytes:
    # Loaded at the first question, which takes 0.04 s: 1.3 MiB that are not needed until somebody watches.
    from tracker.metrics.exposition import exposition

    return exposition(service)
