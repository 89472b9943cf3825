"""The real service where access is required, and its administrator."""

from pathlib import Path
from typing import Any

import httpx

from tests.browser.real_service import RealService

ADMIN = "admin@localhost"
PASSWORD = "correct horse battery"


class AccessService(RealService):
    """``has_admin``: its administrator is there, with ``PASSWORD``; else ``setup_link`` makes one."""

    def __init__(self, folder: Path, has_admin: bool = True, **values: object) -> None:
        file = folder / "password"
        file.write_text(PASSWORD)
        named = {"auth__admin_password_file": str(file)} if has_admin else {}
        no_limit = {"limits__login_per_minute": 0}
        super().__init__(folder, **{"auth__mode": "required", **no_limit, **named, **values})

    @property
    def setup_link(self) -> str:
        assert self.service is not None
        return f"{self.url}/#setup={self.service.setup_token}"

    def asks(self, path: str, body: dict[str, Any]) -> Any:
        """Ask as the administrator does and return ``data``."""
        headers = {"origin": self.url}
        if not self.http.cookies:
            login = {"email": ADMIN, "password": PASSWORD}
            assert self.http.post("/api/auth/login", json=login, headers=headers).status_code == 200
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def key(self, site: str = "default", *scopes: str) -> str:
        """Return a new key, for sending events unless ``scopes`` say otherwise."""
        made = self.asks(f"/api/auth/api-key?site={site}", {"name": "test", "scopes": scopes or ("ingest",)})
        return str(made["key"])

    def send(self, key: str, session: str, page: str) -> httpx.Response:
        """Send a page view with ``key`` alone, as a web page does."""
        event = {"type": "pageview", "sessionId": session, "page": page}
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            return client.post("/api/events", json=event, headers={"x-api-key": key})
