"""Administration of a service that runs: over HTTP, with the token that it left for its owner."""

import http.client
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from tracker.commands.port import CommandFailed, FreshKey, ShownKey, ShownSite, ShownUser
from tracker.operator_token import OperatorFile

TIMEOUT_S = 15.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024

MEANINGS = {
    401: "the service does not accept the token of this machine; was it started anew this moment? Try again",
    403: "the service does not let this machine administer it: that is done over its loopback address only."
    " Stop the service and run the command again, or use the dashboard",
    413: "that is too long",
}

NEXT = {
    "site": "see `tracker site list`",
    "key": "see `tracker key list`, with --site for another site than default",
    "email": "see `tracker user list`, with --site for another site than default",
}
"""By the field that is not known."""


class RemoteAdministration:
    """Asks the service at ``operator.url``."""

    def __init__(self, operator: OperatorFile) -> None:
        self._operator = operator

    def sites(self) -> list[ShownSite]:
        data = self._ask("GET", "/api/auth/sites")
        return [ShownSite(site["id"], site["name"], unix_s(site["createdAt"])) for site in data["sites"]]

    def add_site(self, name: str) -> FreshKey:
        return _fresh(self._ask("POST", "/api/auth/register", body={"name": name}), "")

    def remove_site(self, site: str) -> None:
        self._ask("POST", "/api/auth/sites/remove", body={"site": site})

    def keys(self, site: str) -> list[ShownKey]:
        data = self._ask("GET", "/api/auth/api-key", {"site": site})
        return [
            ShownKey(
                key["prefix"],
                key.get("name") or "",
                key["scopes"],
                key.get("origins") or (),
                unix_s(key["createdAt"]),
                None if key.get("lastUsedAt") is None else unix_s(key["lastUsedAt"]),
            )
            for key in data["keys"]
        ]

    def create_key(self, site: str, scopes: Sequence[str], name: str, origins: Sequence[str]) -> FreshKey:
        body = {"name": name, "scopes": list(scopes), "origins": list(origins)}
        return _fresh(self._ask("POST", "/api/auth/api-key", {"site": site}, body), site)

    def revoke_key(self, site: str, prefix: str) -> None:
        self._ask("POST", "/api/auth/revoke", {"site": site}, {"key": prefix})

    def users(self, site: str) -> list[ShownUser]:
        data = self._ask("GET", "/api/auth/users", {"site": site})
        return [ShownUser(user["email"], user["role"], unix_s(user["createdAt"])) for user in data["users"]]

    def add_user(self, site: str, email: str, password: str | None, role: str) -> None:
        body = {"email": email, "role": role} | ({} if password is None else {"password": password})
        try:
            self._ask("POST", "/api/auth/users", {"site": site}, body)
        except CommandFailed as error:
            if password is not None and "already" in str(error):
                raise CommandFailed(f"{error}: use --existing, which asks for none") from error
            if password is None and "password" in str(error):
                raise CommandFailed(f"there is no user {email}; see `tracker user list`") from error
            raise

    def set_password(self, email: str, password: str) -> None:
        self._ask("POST", "/api/auth/users/password", body={"email": email, "password": password})

    def remove_user(self, site: str, email: str) -> None:
        self._ask("POST", "/api/auth/users/remove", {"site": site}, {"email": email})

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Any:
        status, answer = self._exchange(method, path + (f"?{urlencode(query)}" if query else ""), body)
        if status < 300 and isinstance(answer, dict):
            return answer.get("data")
        raise CommandFailed(_told(status, answer))

    def _exchange(self, method: str, target: str, body: Mapping[str, object] | None) -> tuple[int, Any]:
        # No proxy and no redirect is ever followed: the token must not leave this machine.
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self._operator.token}", "Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            return response.status, _parsed(response.read(MAX_ANSWER_BYTES))
        except TimeoutError as error:
            raise CommandFailed(
                f"the service at {self._operator.url} does not answer within {TIMEOUT_S:.0f} s; try again,"
                " and check whether it was done"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise CommandFailed(
                f"the store is in use, but no service answers at {self._operator.url}"
                f" ({type(error).__name__}); if it is starting or stopping, try again in a moment"
            ) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._operator.url)
        assert parts.hostname is not None
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)


def unix_s(time: float | str) -> float:
    """Return a time of an answer, Unix seconds or ISO 8601, as Unix seconds."""
    return datetime.fromisoformat(time).timestamp() if isinstance(time, str) else float(time)


def _fresh(data: Mapping[str, Any], site: str) -> FreshKey:
    return FreshKey(
        data["key"], data["prefix"], data.get("site") or site, data["scopes"], data.get("origins") or ()
    )


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _told(status: int, answer: Any) -> str:
    if status in MEANINGS:
        return MEANINGS[status]
    said = answer.get("message") if isinstance(answer, dict) else None
    faults = answer.get("errors") or () if isinstance(answer, dict) else ()
    details = "; ".join(f"{fault.get('field')}: {fault.get('message')}" for fault in faults)
    text = ": ".join(part for part in (said or f"the service answered with {status}", details) if part)
    if status in (429, 503):
        return f"{text}; try again in a moment"
    following = [NEXT[fault["field"]] for fault in faults if status == 404 and fault.get("field") in NEXT]
    return "; ".join([text, *following])
