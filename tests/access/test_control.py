"""All of access in one piece, FAULTS.md 4.1 to 4.4, 4.16 and 4.19."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.access.opened import ADDRESS, PASSWORD, Opened, open_access, stop_writing
from tracker.access.control import Credentials, OpenToTheWorld, mode_of
from tracker.access.logins import IDLE_S
from tracker.access.principal import Mode, Need, Principal
from tracker.access.signin import SignedIn
from tracker.access.verdicts import Allowed, Denied, Reason
from tracker.core.accounts import Scope
from tracker.settings import Limits

ANN = "ann@example.com"


def content(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in directory.iterdir())


def known(found: Principal | Denied) -> Principal:
    assert isinstance(found, Principal)
    return found


def ask(opened: Opened, need: Need, site: str | None = None, **brought: str) -> Allowed | Denied:
    found = opened.access.identify(Credentials(**brought))  # type: ignore[arg-type]
    if isinstance(found, Denied):
        return found
    return opened.access.decide(found, need, site, ADDRESS)


@pytest.mark.parametrize(
    ("configured", "is_loopback", "mode"),
    [
        ("auto", True, Mode.OPEN),
        ("auto", False, Mode.REQUIRED),
        ("open", True, Mode.OPEN),
        ("required", True, Mode.REQUIRED),
        ("required", False, Mode.REQUIRED),
    ],
)
def test_the_mode_follows_the_host(configured: str, is_loopback: bool, mode: Mode) -> None:
    assert mode_of(configured, is_loopback) is mode


def test_S4_18_a_host_that_others_reach_is_never_open() -> None:
    with pytest.raises(OpenToTheWorld):
        mode_of("open", False)


async def test_S4_01_without_credentials_nothing_is_allowed_where_they_are_required() -> None:
    async with open_access(mode=Mode.REQUIRED) as opened:
        assert {ask(opened, need) for need in Need} == {Denied(Reason.NO_CREDENTIALS)}
    async with open_access(mode=Mode.OPEN) as opened:
        assert {ask(opened, need) for need in Need} == {Allowed("default")}


async def test_S4_02_two_sites_see_nothing_of_each_other() -> None:
    async with open_access() as opened:
        a = await opened.access.book.register("A")
        b = await opened.access.book.register("B")
        for need in (Need.INGEST, Need.READ, Need.ADMIN):
            assert ask(opened, need, key=a.first.text) == Allowed("a")
            assert ask(opened, need, "b", key=a.first.text) == Denied(Reason.NO_SUCH_SITE)
            assert ask(opened, need, "b", key=b.first.text) == Allowed("b")
            assert ask(opened, need, "nonesuch", key=a.first.text) == Denied(Reason.NO_SUCH_SITE)


async def test_a_key_that_is_not_good_is_not_passed_over() -> None:
    for mode in Mode:
        async with open_access(mode=mode) as opened:
            await opened.add_user(ANN, default="admin")
            token, _ = opened.access.logins.open(ANN)
            assert ask(opened, Need.READ, key="wrong", login_token=token) == Denied(Reason.BAD_KEY)
            assert ask(opened, Need.READ, key="") == Denied(Reason.BAD_KEY)


async def test_a_login_that_is_over_counts_as_none() -> None:
    for mode, verdict in ((Mode.REQUIRED, Denied(Reason.BAD_LOGIN)), (Mode.OPEN, Allowed("default"))):
        async with open_access(mode=mode) as opened:
            await opened.add_user(ANN, default="viewer")
            token, _ = opened.access.logins.open(ANN)
            assert ask(opened, Need.ADMIN, login_token=token) == Denied(Reason.WRONG_SCOPE)
            opened.clock.advance(IDLE_S)
            assert ask(opened, Need.ADMIN, login_token=token) == verdict


async def test_S4_20_denials_are_audited_without_what_was_sent() -> None:
    async with open_access() as opened:
        new = await opened.access.book.create_key("default", [Scope.INGEST])
        ask(opened, Need.READ, key="trk_r_canary")
        ask(opened, Need.READ, key=new.text)
        await opened.access.audit.flush()
        lines = [(line.actor, line.detail) for line in await opened.audit.read(10)]
        assert lines == [(new.key.prefix, "wrong_scope"), ("", "bad_key")]


async def test_S4_16_events_are_counted_by_key_site_and_address() -> None:
    async with open_access(limits=Limits(ingest_per_second=10, ingest_burst=10)) as opened:
        access = opened.access
        keys = [
            known(
                access.identify(Credentials((await access.book.create_key("default", [Scope.INGEST])).text))
            )
        ]
        await access.book.add_site("acme")
        other = await access.book.create_key("acme", [Scope.INGEST])
        keys.append(known(access.identify(Credentials(other.text))))
        first = access.take_ingest(keys[0], "default", "10.0.0.1", 8)
        by_site = access.take_ingest(keys[0], "default", "10.0.0.2", 8)
        by_address = access.take_ingest(keys[1], "acme", "10.0.0.1", 8)
        free = access.take_ingest(keys[1], "acme", "10.0.0.3", 8)
        assert [grant and grant.allowed for grant in (first, by_site, by_address, free)] == [
            True,
            False,
            False,
            True,
        ]
        assert access.status()["ingest_refused"] == 2


async def test_limits_can_be_turned_off() -> None:
    async with open_access(mode=Mode.OPEN) as opened:
        anybody = known(opened.access.identify(Credentials()))
        assert opened.access.take_ingest(anybody, "default", ADDRESS, 1_000_000) is None


async def test_S4_19_what_opens_something_is_in_no_file_and_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "canary wrong password"
    async with open_access(tmp_path / "t.journal") as opened:
        access = opened.access
        setup_token = await access.setup.prepare()
        assert setup_token is not None
        await access.setup.redeem(setup_token, PASSWORD, ADDRESS)
        registered = await access.book.register("Acme")
        new = await access.book.create_key("default", [Scope.INGEST], origins=["https://acme.example"])
        signed_in = await access.signin.login("admin@localhost", PASSWORD, ADDRESS)
        assert isinstance(signed_in, SignedIn)
        await access.signin.login("admin@localhost", wrong, ADDRESS)
        await access.signin.login(wrong, wrong, ADDRESS)
        ask(opened, Need.READ, key=registered.first.text)
        ask(opened, Need.READ, key="trk_r_canary")
        ask(opened, Need.READ, login_token=signed_in.token)
        await access.book.revoke_key(registered.first.key.prefix)
        told = repr(access.status())
        await access.audit.flush()
        written = content(tmp_path)
    secrets = [setup_token, registered.first.text, new.text, signed_in.token, PASSWORD, "canary", ADDRESS]
    secrets += [text.rpartition("_")[2] for text in (registered.first.text, new.text)]
    written += content(tmp_path)
    assert registered.first.key.id.encode() in written, "the file is the right one"
    for secret in secrets:
        assert secret.encode() not in written
        assert secret not in caplog.text
        assert secret not in told


async def test_it_sweeps_and_saves_every_second_and_says_once_that_it_cannot(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    turns: asyncio.Queue[float] = asyncio.Queue(1)
    done: asyncio.Queue[float] = asyncio.Queue(1)

    async def sleep(seconds: float) -> None:
        await done.put(seconds)
        await turns.get()

    async with open_access(sleep=sleep) as opened, asyncio.TaskGroup() as group:
        access = opened.access
        await opened.add_user(ANN)
        token, login = access.logins.open(ANN)
        running = group.create_task(access.run())
        assert await done.get() == 1.0

        async def turn() -> None:
            await turns.put(1.0)
            await done.get()

        await turn()
        assert (await access._store.load()).logins == [login]
        opened.clock.advance(10)
        access.logins.check(token)
        for _ in range(30):
            await turn()
        assert (await access._store.load()).logins[0].used_at == opened.clock.now().unix_s
        access.logins.end(token)
        await stop_writing(opened.database)
        for _ in range(3):
            await turn()
        assert access.save_failures == 3
        assert caplog.text.count("accounts cannot be saved") == 1
        await stop_writing(opened.database, False)
        await turn()
        assert access.save_failures == 0
        assert (await access._store.load()).logins == []
        access.logins.open(ANN)
        opened.clock.advance(IDLE_S)
        await turn()
        assert access.logins.size == 0
        running.cancel()


async def test_a_check_of_a_key_touches_no_disk() -> None:
    async with open_access() as opened:
        new = await opened.access.book.create_key("default", [Scope.INGEST])
        commits = opened.database.writer.commits
        await opened.database.close()
        assert ask(opened, Need.INGEST, key=new.text) == Allowed("default")
        assert opened.database.writer.commits == commits
