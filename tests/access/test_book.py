"""Sites and keys, and FAULTS.md 4.2 and 4.4."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.access.opened import open_access, stop_writing
from tests.support.clock import FakeClock
from tracker.access.book import KEYS_PER_SITE, BookFull, SiteNotValid, UnknownSite
from tracker.access.principal import Principal
from tracker.access.verdicts import Denied, Reason
from tracker.core.accounts import Scope
from tracker.store.errors import JournalUnavailable


async def test_the_default_site_is_there_from_the_start_and_stays() -> None:
    async with open_access() as opened:
        book = opened.access.book
        assert list(book.sites) == ["default"]
        with pytest.raises(SiteNotValid):
            await opened.access.remove_site("default")
        assert list(book.sites) == ["default"]


async def test_sites_and_keys_outlive_a_restart(tmp_path: Path) -> None:
    path, clock = tmp_path / "t.journal", FakeClock()
    async with open_access(path, clock=clock) as opened:
        book = opened.access.book
        await book.add_site("acme", "Acme  Ltd.")
        bound = await book.create_key("acme", [Scope.INGEST], "web", ["https://acme.example"])
        full = await book.create_key("acme", list(Scope), "all")
        gone = await book.create_key("acme", [Scope.READ], "old")
        await book.revoke_key(gone.key.prefix, "acme")
        clock.advance(5)
        assert isinstance(book.holder(full.text, None), Principal)
        before = book.keys_of("acme")
    async with open_access(path, clock=clock) as opened:
        book = opened.access.book
        assert [(site.id, site.name) for site in book.list_sites()] == [
            ("acme", "Acme Ltd."),
            ("default", "default"),
        ]
        assert sorted(book.keys_of("acme")) == sorted(before)
        assert {key.name: key.last_used_at for key in before} == {
            "web": None,
            "all": clock.now().unix_s,
            "old": None,
        }
        assert book.holder(gone.text, None) == Denied(Reason.REVOKED_KEY)
        assert book.holder(bound.text, None) == Denied(Reason.WRONG_ORIGIN)
        assert isinstance(book.holder(bound.text, "https://acme.example"), Principal)


async def test_S4_04_revoking_counts_at_once_even_if_the_disk_does_not_take_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "t.journal", FakeClock()
    async with open_access(path, clock=clock) as opened:
        book = opened.access.book
        new = await book.create_key("default", [Scope.READ])
        await stop_writing(opened.database)
        with pytest.raises(JournalUnavailable):
            await book.revoke_key(new.key.prefix)
        assert book.holder(new.text, None) == Denied(Reason.REVOKED_KEY)
        await stop_writing(opened.database, False)
        await book.flush()
    async with open_access(path, clock=clock) as opened:
        assert opened.access.book.holder(new.text, None) == Denied(Reason.REVOKED_KEY)


async def test_what_the_disk_does_not_take_is_not_there() -> None:
    async with open_access() as opened:
        book = opened.access.book
        await stop_writing(opened.database)
        for change in (
            book.add_site("acme"),
            book.register("Acme"),
            book.create_key("default", [Scope.READ]),
        ):
            with pytest.raises(JournalUnavailable):
                await change
        assert list(book.sites) == ["default"]
        assert book.key_count == 0
        await stop_writing(opened.database, False)
        await book.add_site("acme")


async def test_S4_02_a_key_is_revoked_by_its_own_site_alone() -> None:
    async with open_access() as opened:
        book = opened.access.book
        await book.add_site("acme")
        new = await book.create_key("acme", [Scope.READ])
        for prefix, site in (
            (new.key.prefix, "default"),
            ("trk_r_aaaaaaaa", "acme"),
            ("", "acme"),
            ("'", None),
        ):
            assert await book.revoke_key(prefix, site) is None
        assert isinstance(book.holder(new.text, None), Principal)
        revoked = await book.revoke_key(new.key.prefix, "acme")
        assert revoked is not None
        assert revoked.last_used_at == revoked.revoked_at == opened.clock.now().unix_s
        assert await book.revoke_key(new.key.prefix, "acme") is None


async def test_a_registered_site_has_a_key_that_may_everything_on_it() -> None:
    async with open_access() as opened:
        new = await opened.access.book.register("  Ärzte & Söhne GmbH ")
        assert (new.site.id, new.site.name) == ("arzte-sohne-gmbh", "Ärzte & Söhne GmbH")
        assert new.first.key.scopes == set(Scope)
        assert new.first.key.site == new.site.id
        assert isinstance(opened.access.book.holder(new.first.text, None), Principal)


async def test_S4_02_no_id_is_ever_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_access(path) as opened:
        access = opened.access
        first = await access.book.register("Acme")
        second = await access.book.register("Acme")
        assert first.site.id == "acme"
        assert re.fullmatch(r"acme-[0-9a-f]{6}", second.site.id)
        await access.remove_site("acme")
        assert access.book.holder(first.first.text, None) == Denied(Reason.REVOKED_KEY)
        assert "acme" not in access.book.sites
    async with open_access(path) as opened:
        book = opened.access.book
        assert "acme" not in book.sites
        assert book.holder(first.first.text, None) == Denied(Reason.REVOKED_KEY)
        with pytest.raises(SiteNotValid):
            await book.add_site("acme")
        assert (await book.register("Acme")).site.id.startswith("acme-")
        with pytest.raises(UnknownSite):
            await book.create_key("acme", [Scope.READ])
        with pytest.raises(UnknownSite):
            await opened.access.remove_site("acme")


async def test_registering_the_same_name_at_the_same_time_makes_two_sites() -> None:
    async with open_access() as opened:
        made = await asyncio.gather(*(opened.access.book.register("Acme") for _ in range(5)))
        assert len({one.site.id for one in made}) == 5
        assert len({one.first.text for one in made}) == 5


@pytest.mark.parametrize("name", ["東京", "!!!", "x" * 100, "Acme", "default"])
async def test_any_name_makes_an_id(name: str) -> None:
    async with open_access() as opened:
        site = (await opened.access.book.register(name)).site
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", site.id)
        assert site.name == name


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\x1b[31m"])
async def test_what_is_no_name_is_refused(name: str) -> None:
    async with open_access() as opened:
        with pytest.raises(SiteNotValid):
            await opened.access.book.register(name)


@pytest.mark.parametrize("site", ["", "-a", "A", "a b", "a/b", "..", "x" * 64, "ä", "a\n"])
async def test_what_is_no_id_is_refused(site: str) -> None:
    async with open_access() as opened:
        with pytest.raises(SiteNotValid):
            await opened.access.book.add_site(site)


async def test_the_keys_of_a_site_are_bounded_and_those_that_were_revoked_give_way() -> None:
    async with open_access() as opened:
        book = opened.access.book
        keys = [await book.create_key("default", [Scope.READ], str(n)) for n in range(KEYS_PER_SITE)]
        with pytest.raises(BookFull):
            await book.create_key("default", [Scope.READ])
        for new in keys[3:5]:
            await book.revoke_key(new.key.id)
            opened.clock.advance(1)
        await book.create_key("default", [Scope.READ])
        assert {key.name for key in book.keys_of("default")} == {""} | {
            str(n) for n in range(KEYS_PER_SITE) if n != 3
        }
        assert len((await opened.access._store.load()).keys) == KEYS_PER_SITE


async def test_a_key_made_while_its_site_goes_does_not_outlive_it() -> None:
    async with open_access() as opened:
        access = opened.access
        await access.book.add_site("acme")
        made, _ = await asyncio.gather(
            access.book.create_key("acme", [Scope.READ]), access.remove_site("acme"), return_exceptions=True
        )
        assert isinstance(made, UnknownSite)
        await access.book.flush()
        kept = await access._store.load()
        assert [key for key in kept.keys if key.revoked_at is None] == []


async def test_last_use_waits_for_a_disk_that_takes_it() -> None:
    async with open_access() as opened:
        book = opened.access.book
        new = await book.create_key("default", [Scope.READ])
        book.holder(new.text, None)
        await stop_writing(opened.database)
        with pytest.raises(JournalUnavailable):
            await book.flush_used()
        await stop_writing(opened.database, False)
        await book.flush_used()
        assert (await opened.access._store.load()).keys[0].last_used_at == opened.clock.now().unix_s
