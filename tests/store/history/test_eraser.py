"""One visitor out of both files, so that the raw files do not hold a text of them any more."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.store.history.opened import FOR_EVER, START_S, OpenStore, event, open_store
from tracker.core.identity import Company, Contact, Identity
from tracker.core.visitor import Visitor
from tracker.store.erasure import JournalErased, Known
from tracker.store.history.outbox import EndedVisit, HiddenSession, RejectedInput
from tracker.store.identities import Identities

SESSION, USER, IP, EMAIL = "canary-session", "canary-user", "185.242.99.77", "canary@acme.example"
CANARIES = (SESSION, USER, IP, EMAIL, "/canary-page", "canary-event", "Canary Name")
CONTACT = Contact("g", "Canary Name", email_addresses=(EMAIL,))
VISIT = EndedVisit(
    "default", SESSION, "events", IP, START_S, START_S + 1, "closed", user_id=USER, contact=CONTACT
)


def found_in(folder: Path, texts: Iterable[str] = CANARIES) -> list[tuple[str, str]]:
    """Every text that stands somewhere in the raw files."""
    return [
        (file.name, text)
        for file in sorted(folder.iterdir())
        for text in texts
        if text.encode() in file.read_bytes()
    ]


async def fill(store: OpenStore) -> None:
    """A visitor in all tables, among others."""
    theirs = event("canary-event", session_id=SESSION, user_id=USER, ip=IP, page="/canary-page")
    others = [
        event(f"o{number}", session_id=f"s{number}", user_id="bob", page="/other") for number in range(50)
    ]
    store.outbox.put(VISIT)
    store.outbox.put(HiddenSession("default", SESSION))
    store.outbox.put(RejectedInput("default", START_S, "http", "invalid", f"{SESSION} {USER} {IP} {EMAIL}"))
    await store.store([*others[:25], theirs, *others[25:]])


@pytest.mark.parametrize(
    "named", [{"session_id": SESSION}, {"user_id": USER}, {"ip": IP}, {"email": EMAIL.upper()}]
)
async def test_S4_21_no_file_holds_a_text_of_an_erased_visitor(tmp_path: Path, named: dict[str, str]) -> None:
    async with open_store(tmp_path) as store:
        await fill(store)
        await store.journal.prune(10)
        identities = Identities(store.journal_file.writer, 100, 1e9)
        known = Known(addresses=frozenset({IP}))
        visitor = Visitor("default")._replace(**named)  # type: ignore[arg-type]  # names are the test's own
        await store.journal.append("default", [event("canary-late", session_id=SESSION, user_id=USER, ip=IP)])
        assert {text for _, text in found_in(tmp_path)} == set(CANARIES)
        kept = [(IP, Identity(Company("c", "Acme"), CONTACT), START_S)]
        await asyncio.to_thread(identities.save, kept)
        erased = await store.eraser.erase(visitor, known)
        assert (erased.events, erased.sessions, erased.rejects) == (2, 1, 1)
        assert erased.addresses == {IP}
        await store.eraser.make_compact()
        assert found_in(tmp_path) == []
        again = await store.eraser.erase(visitor, known)
        assert again == (0, 0, 0, frozenset())
        assert len((await store.history.events(FOR_EVER)).events) == 50
    assert found_in(tmp_path) == [], "nor after the end"


async def test_S4_21_what_waits_in_the_journal_goes_and_its_numbers_are_not_given_again(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        await store.journal.append("default", [event("a"), event("canary-event", session_id=SESSION)])
        committed: list[JournalErased] = []
        erased = await store.eraser.erase(Visitor("default", session_id=SESSION), on_commit=committed.append)
        assert erased.events == 1
        assert committed[0].session_ids == {SESSION}
        (stored,) = await store.journal.append("default", [event("b")])
        assert stored.seq == 3, "a number twice would be left out by whoever has read so far"
        await store.mover.catch_up()
        assert [one.id for one in (await store.history.events(FOR_EVER)).events] == ["b", "a"]


async def test_S4_21_another_visitor_with_a_similar_address_stays(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for session_id, email in (("jo", "jo" + EMAIL), ("org", EMAIL + ".org")):
            contact = Contact("g", "N", email_addresses=(email,))
            store.outbox.put(VISIT._replace(session_id=session_id, user_id=None, contact=contact))
        await store.store([event("e", metadata={"m": "jo" + EMAIL}), event("f", ip="185.242.99.7")])
        assert (await store.eraser.erase(Visitor("default", email=EMAIL)))[:3] == (0, 0, 0)
        assert (await store.eraser.erase(Visitor("default", ip="185.242.99")))[:3] == (0, 0, 0)


async def test_S4_21_another_site_is_left_alone(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e", site="other", session_id=SESSION)])
        assert (await store.eraser.erase(Visitor("default", session_id=SESSION))).events == 0
        assert (await store.eraser.erase(Visitor(None, session_id=SESSION))).events == 1
