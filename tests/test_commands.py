"""``tracker site``, ``key`` and ``user`` as people run them: as processes, on a real store."""

import asyncio
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.process import ServiceProcess, serving
from tests.support.clock import FakeClock
from tracker import operator_token
from tracker.access.keys import check_key
from tracker.access.passwords import Passwords
from tracker.commands.choose import local
from tracker.commands.output import table
from tracker.core.accounts import Accounts, AuditLine, Role, Scope
from tracker.store.accounts import AccountTables
from tracker.store.audit import AuditTable
from tracker.store.database import open_database

PASSWORD = "correct horse battery"
PATIENCE_S = 90
ROOT = Path(__file__).resolve().parent.parent


class Tracker:
    """Runs commands for the store in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "tracker.journal"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")},
            "PYTHONPATH": str(ROOT),
            "TRACKER_STORE__URL": f"duckdb:{folder}/tracker.duckdb",
        }
        self.password_file = folder / "password"
        self.password_file.write_text(f"{PASSWORD}\n")

    def run(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "tracker", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def answer(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def refused(self, *arguments: str) -> str:
        """Return what a command says that was understood and could not be done."""
        done = self.run(*arguments, status=1)
        assert done.stdout == ""
        assert done.stderr.startswith("error: ")
        return done.stderr

    def typed(self, lines: list[tuple[bytes, str]], *arguments: str) -> tuple[int, bytes]:
        """Run on a terminal, wait for each prompt and type the line; return status and screen."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "tracker", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            screen = b""
            for prompt, line in lines:
                shown = b""
                while prompt not in shown:
                    shown += os.read(ours, 4096)
                screen += shown
                os.write(ours, line.encode() + b"\n")
            try:
                while more := os.read(ours, 4096):
                    screen += more
            except OSError:
                pass  # the other end is closed
            os.close(ours)
            return process.wait(PATIENCE_S), screen

    async def kept(self) -> tuple[Accounts, list[AuditLine]]:
        database = open_database(self.journal, FakeClock())
        try:
            accounts = await AccountTables(database.writer).load()
            return accounts, await AuditTable(database.writer).read(100)
        finally:
            await database.close()


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Tracker(tmp_path)


def is_let_in(accounts: Accounts, text: str) -> bool:
    return hasattr(check_key({key.id: key for key in accounts.keys}, text, None), "digest")


@contextmanager
def held(tracker: Tracker) -> Iterator[None]:
    """The store in use by something that takes no commands."""
    database = open_database(tracker.journal, FakeClock())
    try:
        yield
    finally:
        asyncio.run(database.close())


async def test_S5_a_site_comes_with_its_first_key_and_goes_with_it(tracker: Tracker) -> None:
    fresh = tracker.answer("site", "add", "Acme GmbH")
    assert (fresh["site"], fresh["scopes"]) == ("acme-gmbh", ["admin", "ingest", "read"])
    sites = tracker.answer("site", "list")
    assert [(site["id"], site["name"]) for site in sites] == [
        ("acme-gmbh", "Acme GmbH"),
        ("default", "default"),
    ]
    assert sites[0]["createdAt"].endswith("Z")
    listed = tracker.run("site", "list").stdout.splitlines()
    assert listed[0].split() == ["SITE", "NAME", "ADDED"]
    assert listed[1].startswith("acme-gmbh  Acme GmbH")
    accounts, _ = await tracker.kept()
    assert is_let_in(accounts, fresh["key"])
    tracker.run("site", "remove", "acme-gmbh", "--yes")
    accounts, audit = await tracker.kept()
    assert not is_let_in(accounts, fresh["key"])
    assert [site["id"] for site in tracker.answer("site", "list")] == ["default"]
    assert [(line.action, line.actor, line.site) for line in reversed(audit)] == [
        ("site_added", "cli", "acme-gmbh"),
        ("site_removed", "cli", "acme-gmbh"),
    ]


async def test_S5_a_key_is_shown_once_and_works_until_it_is_revoked(tracker: Tracker) -> None:
    done = tracker.run("key", "create", "--name", "shop", "--origin", "https://Shop.example")
    text = done.stdout.strip()
    assert text.startswith("trk_i_")
    assert "not shown again" in done.stderr
    tracker.run("key", "create", "--scope", "read", "--scope", "admin")
    (key, other) = tracker.answer("key", "list")
    assert key["origins"] == ["https://shop.example"]
    assert (key["name"], key["scopes"], key["lastUsedAt"]) == ("shop", ["ingest"], None)
    assert other["scopes"] == ["admin", "read"]
    assert text.startswith(key["prefix"])
    listed = tracker.run("key", "list")
    assert text not in listed.stdout + listed.stderr
    assert "never" in listed.stdout
    tracker.run("key", "revoke", key["prefix"], "--yes")
    assert [left["prefix"] for left in tracker.answer("key", "list")] == [other["prefix"]]
    accounts, audit = await tracker.kept()
    assert not is_let_in(accounts, text)
    assert {line.actor for line in audit} == {"cli"}
    assert text.encode() not in b"".join(file.read_bytes() for file in tracker.folder.iterdir())


async def test_S5_users_get_roles_by_site_and_lose_them(tracker: Tracker) -> None:
    tracker.run("site", "add", "acme")
    asked = ("--password-file", str(tracker.password_file))
    tracker.run("user", "add", "Ann@example.com", "--role", "admin", "--site", "acme", *asked)
    tracker.run("user", "add", "ann@example.com", "--existing")
    tracker.run("user", "add", "admin@localhost", *asked)
    assert [(user["email"], user["role"]) for user in tracker.answer("user", "list")] == [
        ("admin@localhost", "admin"),
        ("ann@example.com", "viewer"),
    ]
    accounts, _ = await tracker.kept()
    roles = {user.email: user.roles for user in accounts.users}
    assert roles["ann@example.com"] == {"acme": Role.ADMIN, "default": Role.VIEWER}
    tracker.run("user", "remove", "ann@example.com", "--site", "acme", "--yes")
    assert [user["email"] for user in tracker.answer("user", "list", "--site", "acme")] == ["admin@localhost"]
    tracker.run("user", "remove", "ann@example.com", "--yes")
    accounts, _ = await tracker.kept()
    assert [user.email for user in accounts.users] == ["admin@localhost"]


async def test_S5_a_new_password_counts_and_the_old_one_does_not(tracker: Tracker) -> None:
    tracker.run("user", "add", "ann@example.com", "--password-file", str(tracker.password_file))
    tracker.password_file.write_text("another horse battery")
    tracker.run("user", "passwd", "ann@example.com", "--password-file", str(tracker.password_file))
    accounts, _ = await tracker.kept()
    passwords = Passwords()
    (user,) = accounts.users
    assert (await passwords.check(user.password, "another horse battery")).is_right
    assert not (await passwords.check(user.password, PASSWORD)).is_right
    passwords.close()


def test_S5_a_password_is_asked_for_twice_and_never_shown(tracker: Tracker) -> None:
    twice = [(b"Password:", PASSWORD), (b"Repeat for confirmation:", PASSWORD)]
    status, screen = tracker.typed(twice, "user", "add", "ann@example.com")
    assert status == 0, screen
    assert PASSWORD.encode() not in screen
    assert [user["email"] for user in tracker.answer("user", "list")] == ["ann@example.com"]


def test_S5_nothing_is_removed_without_a_yes(tracker: Tracker) -> None:
    tracker.run("site", "add", "acme")
    done = tracker.run("site", "remove", "acme", status=2)
    assert "--yes" in done.stderr
    status, screen = tracker.typed([(b"[y/N]", "n")], "site", "remove", "acme")
    assert status == 1, screen
    assert len(tracker.answer("site", "list")) == 2


REFUSALS = [
    (("site", "remove", "nobodys", "--yes"), "tracker site list"),
    (("site", "remove", "default", "--yes"), "cannot be removed"),
    (("key", "create", "--site", "nobodys"), "tracker site list"),
    (("key", "list", "--site", "nobodys"), "tracker site list"),
    (("key", "create", "--origin", "example.com"), "https://example.com"),
    (("key", "create", "--scope", "read", "--origin", "https://example.com"), "only an ingest key"),
    (("key", "revoke", "trk_i_aaaaaaaa", "--yes"), "tracker key list"),
    (("user", "passwd", "who@example.com", "--password-file", "password"), "tracker user list"),
    (("user", "remove", "who@example.com", "--yes"), "tracker user list"),
    (("user", "add", "nobody", "--password-file", "password"), "must be an e-mail address"),
    (("user", "add", "who@example.com", "--existing"), "tracker user list"),
]


def test_what_cannot_be_done_says_what_to_do(tracker: Tracker) -> None:
    tracker.run("key", "create")
    for arguments, says in REFUSALS:
        assert says in tracker.refused(*arguments), arguments


def test_a_bad_password_is_refused_and_not_repeated(tracker: Tracker) -> None:
    tracker.password_file.write_text("hunter2")
    said = tracker.refused("user", "add", "ann@example.com", "--password-file", "password")
    assert "8 to 256 characters" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("user", "add", "ann@example.com"), "--password-file"),
        (("user", "add", "ann@example.com", "--password-file", "nowhere"), "cannot be read"),
        (("key", "create", "--scope", "write"), "ingest"),
        (("key", "list", "--set", "store.nothing=1"), "store.nothing"),
    ],
)
def test_a_wrong_call_is_status_2(tracker: Tracker, arguments: tuple[str, ...], says: str) -> None:
    assert says in tracker.run(*arguments, status=2).stderr


def test_no_store_is_made_by_looking(tracker: Tracker) -> None:
    assert "--config" in tracker.refused("key", "list")
    assert not tracker.journal.exists()
    assert "store.url" in tracker.refused("key", "list", "--set", "store.url=duckdb::memory:")


def test_a_store_in_use_by_no_service_is_told(tracker: Tracker) -> None:
    with held(tracker):
        assert "try again" in tracker.refused("key", "list")


def test_a_service_that_does_not_answer_is_told(tracker: Tracker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    operator_token.make(tracker.folder / "tracker.operator", url)
    with held(tracker):
        said = tracker.refused("key", "list")
    assert url in said
    assert "try again" in said


def test_S5_3_a_service_that_runs_obeys_at_once(tracker: Tracker) -> None:
    with serving(tracker.folder, "auth.mode=required") as process:
        site = tracker.answer("site", "add", "Acme GmbH")
        assert (site["site"], site["scopes"]) == ("acme-gmbh", ["admin", "ingest", "read"])
        assert status_of(process, site["key"]) == 200
        assert [found["id"] for found in tracker.answer("site", "list")] == ["acme-gmbh", "default"]
        made = ("--site", "acme-gmbh", "--scope", "read", "--name", "board")
        key = tracker.answer("key", "create", *made)
        assert (key["site"], key["scopes"]) == ("acme-gmbh", ["read"])
        assert status_of(process, key["key"]) == 200
        listed = tracker.answer("key", "list", "--site", "acme-gmbh")
        assert {(row["prefix"], row["name"]) for row in listed} == {
            (site["prefix"], "first key"),
            (key["prefix"], "board"),
        }
        assert listed[1]["lastUsedAt"].endswith("Z")
        tracker.run("key", "revoke", key["prefix"], "--site", "acme-gmbh", "--yes")
        assert status_of(process, key["key"]) == 401
        tracker.run("site", "remove", "acme-gmbh", "--yes")
        assert status_of(process, site["key"]) == 401
        process.send(signal.SIGTERM)
        assert process.popen.wait(PATIENCE_S) == 0
    assert not (tracker.folder / "tracker.operator").exists()
    assert [found["id"] for found in tracker.answer("site", "list")] == ["default"]


def test_S5_3_a_service_that_runs_knows_users_at_once(tracker: Tracker) -> None:
    asked = ("--password-file", "password")
    with serving(tracker.folder, "auth.mode=required", "limits.login_per_minute=0") as process:
        tracker.run("site", "add", "acme")
        tracker.run("user", "add", "ann@example.com", *asked)
        assert logs_in(process, "ann@example.com", PASSWORD)
        assert "--existing" in tracker.refused("user", "add", "ann@example.com", *asked)
        tracker.run("user", "add", "ann@example.com", "--existing", "--role", "admin", "--site", "acme")
        assert [(row["email"], row["role"]) for row in tracker.answer("user", "list", "--site", "acme")] == [
            ("ann@example.com", "admin")
        ]
        tracker.password_file.write_text("another horse battery")
        tracker.run("user", "passwd", "ann@example.com", *asked)
        assert logs_in(process, "ann@example.com", "another horse battery")
        assert not logs_in(process, "ann@example.com", PASSWORD)
        for site in ("acme", "default"):
            tracker.run("user", "remove", "ann@example.com", "--site", site, "--yes")
        assert not logs_in(process, "ann@example.com", "another horse battery")
        log = process.log.read_text()
    assert PASSWORD not in log
    assert "Traceback" not in log


def test_S5_3_what_a_running_service_refuses_says_what_to_do(tracker: Tracker) -> None:
    with serving(tracker.folder, "auth.mode=required"):
        for arguments, says in REFUSALS:
            assert says in tracker.refused(*arguments), arguments
        # As after a start that was a moment ago.
        file = tracker.folder / "tracker.operator"
        operator = operator_token.read(file)
        assert operator is not None
        operator_token.make(file, operator.url)
        assert "does not accept the token" in tracker.refused("key", "list")


def status_of(process: ServiceProcess, key: str) -> int:
    headers = {"x-api-key": key}
    with httpx.Client(base_url=process.base_url, headers=headers, trust_env=False, timeout=30) as client:
        return client.get("/api/visitors").status_code


def logs_in(process: ServiceProcess, email: str, password: str) -> bool:
    with httpx.Client(base_url=process.base_url, trust_env=False, timeout=30) as client:
        answer = client.post("/api/auth/login", json={"email": email, "password": password})
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


def test_a_service_is_reached_over_loopback_when_it_listens_everywhere() -> None:
    assert local("http://0.0.0.0:80") == "http://127.0.0.1:80"
    assert local("http://[::]:80") == "http://[::1]:80"
    assert local("http://192.0.2.1:80") == "http://192.0.2.1:80"


def test_columns_line_up() -> None:
    assert table([("A", "B"), ("long", "x"), ("s", "")]) == "A     B\nlong  x\ns"


def test_scopes_are_those_that_exist(tracker: Tracker) -> None:
    shown = tracker.run("key", "create", "--help").stdout
    assert all(scope in shown for scope in Scope)
