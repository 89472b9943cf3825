"""What follows from each effect of the core, part by part. The hub brings its own shell."""

from collections import Counter
from collections.abc import Callable

from tracker.core.effects import (
    Alert,
    AlertKind,
    FeedGap,
    Lookup,
    ResetDone,
    SessionChanged,
    SessionDisowned,
    SessionEnded,
    SessionHidden,
    StatisticsChanged,
    VisitorForgotten,
    VisitRevealed,
)
from tracker.core.session import Session
from tracker.pipeline import Shell
from tracker.store.checkpoints import Checkpoints
from tracker.store.history.outbox import EndedVisit, FeedGapSeen, HiddenSession, Outbox


def asking(submit: Callable[[Lookup], None], address_to_ask: Callable[[str, str], str]) -> Shell:
    """``address_to_ask``: what is sent out, from the canonical address and the one that is shown."""
    return {
        Lookup: lambda lookup: submit(lookup._replace(ip=address_to_ask(lookup.address, lookup.ip))),
    }


def surviving_restarts(checkpoints: Checkpoints) -> Shell:
    def forget(forgotten: VisitorForgotten) -> None:
        for session in forgotten.sessions:
            checkpoints.mark(session)

    return {
        SessionChanged: lambda changed: checkpoints.mark(changed.session, changed.only_times),
        SessionEnded: lambda ended: checkpoints.mark(ended.session),
        SessionHidden: lambda hidden: checkpoints.mark(hidden.session),
        VisitorForgotten: forget,
        StatisticsChanged: lambda changed: checkpoints.mark_site(changed.site),
        ResetDone: lambda done: checkpoints.mark_site(done.site),
    }


def counting_alerts(alerts: Counter[AlertKind]) -> Shell:
    def count(alert: Alert) -> None:
        alerts[alert.kind] += 1

    return {Alert: count}


def telling_history(outbox: Outbox) -> Shell:
    def tell_end(session: Session, reason: str) -> None:
        outbox.put(EndedVisit.of(session, reason))

    def tell_visible_end(ended: SessionEnded) -> None:
        if ended.session.is_visible:
            tell_end(ended.session, ended.reason.value)

    def tell_disowned(disowned: SessionDisowned) -> None:
        outbox.put(HiddenSession(disowned.session.site, disowned.session.id))

    return {
        SessionEnded: tell_visible_end,
        VisitRevealed: lambda revealed: tell_end(revealed.session, revealed.reason.value),
        SessionDisowned: tell_disowned,
        FeedGap: lambda gap: outbox.put(FeedGapSeen(*gap)),
    }
