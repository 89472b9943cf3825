"""FAULTS.md 4.19, 4.20: what gives access, and who logs in, is told by no file, log or answer."""

import json
import logging
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.posting import EVENT
from tests.contract.process import ServiceProcess, command, environment, serving
from tests.contract.tenants import ANN, PASSWORD, key, two_sites
from tests.support.service import run_service

ADMINS_PASSWORD = "canary-of-the-administrator"
ADMINS_EMAIL = "canary-admin@example.com"
GUESS = "canary-guess-of-a-stranger"
STRANGER = "canary-stranger@example.com"
FAR = "203.0.113.201"


def _files(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock")
    return {file.name: file.read_bytes() for file in files}


class Talk:
    """Everything that was answered."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.answers: list[str] = []

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self._http.request(method, path, **options)
        self.answers.append(f"{path}\n{answer.headers}\n{answer.text}")
        return answer


def _use_everything(talk: Talk) -> dict[str, str]:
    """Log in well and badly, make keys, use and revoke them; return the secrets that this made."""
    own = {"sec-fetch-site": "same-origin"}
    for email, password in ((STRANGER, GUESS), (ADMINS_EMAIL, GUESS)):
        talk.ask("POST", "/api/auth/login", json={"email": email, "password": password})
    for headers in (key(GUESS), {"authorization": f"Bearer {GUESS}"}, {"cookie": f"tracker_login={GUESS}"}):
        assert talk.ask("GET", "/api/visitors", headers=headers).status_code == 401
    talk.ask("GET", "/api/visitors", params={"key": GUESS, "site": GUESS})
    done = talk.ask("POST", "/api/auth/login", json={"email": ADMINS_EMAIL, "password": ADMINS_PASSWORD})
    assert done.status_code == 200, done.text
    cookie = done.headers["set-cookie"].partition("=")[2].partition(";")[0]
    new = talk.ask("POST", "/api/auth/register", json={"name": "Shop"}, headers=own).json()["data"]
    ingest = {"name": "web", "scopes": ["ingest"]}
    web = talk.ask("POST", "/api/auth/api-key?site=shop", json=ingest, headers=own).json()["data"]
    for text in (new["key"], web["key"]):
        assert talk.ask("POST", "/api/events", json=EVENT, headers=key(text)).status_code == 201
    talk.ask("POST", "/api/events", json={"type": GUESS + "\u0000"}, headers=key(web["key"]))
    talk.ask("POST", "/api/events", content=GUESS, headers=key(web["key"]))
    user = {"email": ANN, "password": PASSWORD, "role": "viewer"}
    assert talk.ask("POST", "/api/auth/users?site=shop", json=user, headers=own).status_code == 201
    for path in ("export", "totals", "sessions"):
        talk.ask("GET", f"/api/analytics/{path}", headers=key(new["key"]))
    for path in (
        "/api/status",
        "/metrics",
        "/api/auth/me",
        "/api/auth/api-key?site=shop",
        "/openapi.json",
        "/ready",
    ):
        talk.ask("GET", path, headers=key(new["key"]) if "site" not in path else {})
    talk.ask("POST", "/api/auth/revoke?site=shop", json={"key": web["prefix"]}, headers=own)
    talk.ask("POST", "/api/auth/logout", json={}, headers=own)
    return {"cookie": cookie, "first key": new["key"], "web key": web["key"]}


def _talked(process: ServiceProcess) -> tuple[list[str], dict[str, str]]:
    with httpx.Client(base_url=process.base_url, trust_env=False, timeout=30) as http:
        talk = Talk(http)
        secrets = _use_everything(talk)
        return talk.answers, secrets


def test_S4_19_canaries_are_found_nowhere(tmp_path: Path) -> None:
    secret_file = tmp_path / "secret" / "password"
    secret_file.parent.mkdir()
    secret_file.write_text(ADMINS_PASSWORD + "\n")
    folder = tmp_path / "service"
    folder.mkdir()
    settings = (
        "auth.mode=required",
        f"auth.admin_email={ADMINS_EMAIL}",
        f"auth.admin_password_file={secret_file}",
    )
    with serving(folder, *settings) as process:
        operator = (folder / "tracker.operator").read_text().split()[0]
        answers, secrets = _talked(process)
        running = _files(folder)
        process.send(signal.SIGTERM)
        process.popen.wait(15)
    stopped = _files(folder)
    with sqlite3.connect(folder / "tracker.journal") as journal:
        dump = "\n".join(journal.iterdump())
    journal.close()

    log = (folder / "service.log").read_text()
    for name, secret in secrets.items():
        told = [answer for answer in answers if secret in answer]
        assert len(told) == 1, f"{name}: shown once, when it is made"
    never = [*secrets.values(), ADMINS_PASSWORD, PASSWORD, GUESS, operator]
    for secret in never:
        for place, content in {**running, **stopped}.items():
            is_the_operators_file = place == "tracker.operator" and secret == operator
            # What is refused at the door is kept as it was sent, for its owner to see.
            is_a_reject = secret == GUESS and place not in ("service.log",)
            assert is_the_operators_file or is_a_reject or secret.encode() not in content, (place, secret)
    for secret in (ADMINS_PASSWORD, PASSWORD, GUESS, operator):
        assert not any(secret in answer for answer in answers), secret
    for personal in (ADMINS_EMAIL, STRANGER, ANN, GUESS):
        assert personal not in log
    assert STRANGER not in dump, "what was typed is not kept"
    assert '"level":"warning"' in log, "there is a log at all"


def test_S4_19_the_settings_name_the_file_and_not_the_password(tmp_path: Path) -> None:
    secret_file = tmp_path / "password"
    secret_file.write_text(ADMINS_PASSWORD)
    told = subprocess.run(
        [*command()[:3], "config"],
        env=environment() | {"TRACKER_AUTH__ADMIN_PASSWORD_FILE": str(secret_file)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert str(secret_file) in told.stdout
    assert ADMINS_PASSWORD not in told.stdout + told.stderr
    assert os.access(secret_file, os.R_OK)


async def test_S4_20_what_is_done_with_access_is_audited() -> None:
    async with two_sites(limits__login_per_minute=0) as place:
        await place.add_user(ANN, a="admin")
        await place.http.get("/api/visitors", headers=key("wrong"))
        await place.get("/api/auth/api-key", place.a.read)
        browser = await place.log_in()
        made = (await browser.post("/api/auth/api-key", {"scopes": ["read"]})).json()["data"]
        await browser.post("/api/auth/revoke", {"key": made["prefix"]})
        await browser.get("/api/analytics/export")
        await browser.post("/api/visitors/erase", {"userId": "u"})
        await browser.post("/api/auth/logout")
        reader = place.a.read[:14]
        assert await place.audited() == [
            ("denied", "", ""), ("denied", reader, ""), ("login", ANN, ""), ("key_created", ANN, "a"),
            ("key_revoked", ANN, "a"), ("exported", ANN, "a"), ("erased", ANN, "a"), ("logout", ANN, ""),
        ]  # fmt: skip


async def test_S4_20_a_failure_inside_tells_nobody_anything(caplog: pytest.LogCaptureFixture) -> None:
    async with run_service() as service:
        with caplog.at_level(logging.DEBUG):
            answer = await service.http.get("/api/visitors", headers=key("trk_" + GUESS))
        assert answer.status_code == 401
        assert set(json.loads(answer.text)) == {"success", "message", "errors", "requestId"}
        assert GUESS not in caplog.text.replace("HTTP Request", "")
        assert "server" not in answer.headers
