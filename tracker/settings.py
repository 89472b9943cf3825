"""The settings: one definition for defaults, types, limits and error texts.

Precedence: ``--set`` over environment (``TRACKER_SECTION__KEY``) over file over
default. Everything wrong is reported at once, each fault by its name.
Units are in the names: ``_s`` seconds, ``_days`` days, ``_size`` entries.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

ENVIRONMENT_PREFIX = "TRACKER_"
MASK = "********"

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
NonNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]
CountOrOff = Annotated[int, Meta(ge=0)]


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Port = 3000
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    timezone: str = "UTC"


class Upstream(Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool = True
    url: str = "ws://localhost:8080"
    site: str = "default"
    silence_timeout_s: Positive = 60.0


class Deanonymizer(Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool = True
    url: str = "http://localhost:4830/deanonymize"
    deadline_s: Positive = 5.0
    attempts: Count = 3
    concurrency: Count = 16
    cache_ttl_s: Positive = 86_400.0
    miss_ttl_s: Positive = 3_600.0
    cache_size: Count = 100_000
    daily_budget: CountOrOff = 0
    cost_per_call: NonNegative = 0.0


class Filters(Struct, frozen=True, forbid_unknown_fields=True):
    personal_email_domains: tuple[str, ...] = ()
    data_center_companies: tuple[str, ...] = (
        "b8e8879e-3382-4908-8f1e-7638473d0913",
        "830886a1-728e-4d94-a808-44a92841154b",
    )


class Sessions(Struct, frozen=True, forbid_unknown_fields=True):
    idle_timeout_s: Positive = 60.0
    reveal_after_s: NonNegative = 2.0
    leave_grace_s: NonNegative = 5.0
    journey_length: Count = 100


class Alerts(Struct, frozen=True, forbid_unknown_fields=True):
    spike_visitors_per_minute: CountOrOff = 25
    spike_factor: NonNegative = 3.0
    milestones: tuple[Count, ...] = (100, 500, 1000, 5000, 10000)
    upstream_down_s: NonNegative = 30.0


class Store(Struct, frozen=True, forbid_unknown_fields=True):
    url: str = "duckdb:data/tracker.duckdb"
    retention_days: Count = 365

    @property
    def in_memory(self) -> bool:
        return self.url == "duckdb::memory:"

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("duckdb:"))


class Privacy(Struct, frozen=True, forbid_unknown_fields=True):
    ip: str = "full"
    viewers_see_contacts: bool = True


class Geography(Struct, frozen=True, forbid_unknown_fields=True):
    mmdb_file: str = ""


class Auth(Struct, frozen=True, forbid_unknown_fields=True):
    mode: str = "auto"
    admin_email: str = "admin@localhost"
    admin_password_file: str = ""
    open_registration: bool = False


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    ingest_per_second: NonNegative = 1_000.0
    ingest_burst: CountOrOff = 2_000
    login_per_minute: CountOrOff = 5
    exports_per_minute: CountOrOff = 6
    connections_per_address: CountOrOff = 2_000


class Webhooks(Struct, frozen=True, forbid_unknown_fields=True):
    allow_private: bool = False
    dashboard_url: str = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    server: Server = Server()
    upstream: Upstream = Upstream()
    deanonymizer: Deanonymizer = Deanonymizer()
    filters: Filters = Filters()
    sessions: Sessions = Sessions()
    alerts: Alerts = Alerts()
    store: Store = Store()
    privacy: Privacy = Privacy()
    geography: Geography = Geography()
    auth: Auth = Auth()
    limits: Limits = Limits()
    webhooks: Webhooks = Webhooks()


class SettingsError(Exception):
    """The settings cannot be used; ``faults`` names every reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def load(
    config: Path | None = None,
    assignments: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the effective settings.

    ``config``: TOML file; ``None`` reads ``config.toml`` of the working
    directory where there is one. ``assignments``: ``section.key=value`` texts.

    Raises:
        SettingsError: with every fault of every source, each by name.
    """
    faults: list[str] = []
    values: dict[str, dict[str, Any]] = {}
    for source in (
        _from_file(config, faults),
        _from_environment(os.environ if environment is None else environment),
        _from_assignments(assignments, faults),
    ):
        for section, keys in source.items():
            values.setdefault(section, {}).update(keys)
    settings = _convert(values, faults)
    faults.extend(_contradictions(settings))
    if faults:
        raise SettingsError(faults)
    return settings


def describe(settings: Settings) -> str:
    """Return ``settings`` as a TOML document. What a URL may hide (password, query) is masked."""
    lines = []
    for section in msgspec.structs.fields(settings):
        values = getattr(settings, section.name)
        lines.append(f"[{section.name}]")
        for field in msgspec.structs.fields(values):
            lines.append(f"{field.name} = {_toml(getattr(values, field.name))}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(_masked(value), ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value)


def _masked(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    if not parts.scheme or not (parts.password or parts.query):
        return text
    host = parts.netloc.rpartition("@")[2]
    credentials = f"{parts.username}:{MASK}@" if parts.password else ""
    return urlunsplit((parts.scheme, credentials + host, parts.path, parts.query and MASK, ""))


def _from_file(config: Path | None, faults: list[str]) -> dict[str, dict[str, Any]]:
    path = config or Path("config.toml")
    if config is None and not path.exists():
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        faults.append(f"{path}: cannot be read: {error.strerror}")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path}: is not valid TOML: {error}")
        return {}
    sections = {}
    for name, keys in document.items():
        if isinstance(keys, dict):
            sections[name] = keys
        else:
            faults.append(f"{name}: unknown setting; every setting stands in a section")
    return sections


def _from_environment(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or "__" not in variable:
            continue
        section, _, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        values.setdefault(section, {})[key] = _parse(section, key, text)
    return values


def _from_assignments(assignments: Iterable[str], faults: list[str]) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        section, dot, key = name.strip().partition(".")
        if not equals or not dot:
            faults.append(f"--set {name}: write it as section.key=value")
        else:
            values.setdefault(section, {})[key] = _parse(section, key, text.strip())
    return values


def _parse(section: str, key: str, text: str) -> Any:
    """Read ``text`` as a TOML value, or as a plain string where a string is wanted."""
    if _field_type(section, key) is str:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _field_type(section: str, key: str) -> Any:
    section_type = get_type_hints(Settings).get(section)
    return get_type_hints(section_type).get(key) if section_type else None


def _convert(values: dict[str, dict[str, Any]], faults: list[str]) -> Settings:
    sections = {}
    types = get_type_hints(Settings, include_extras=True)
    for section, keys in values.items():
        if section not in types:
            faults.append(f"{section}: unknown section; there are {', '.join(types)}")
            continue
        fields = get_type_hints(types[section], include_extras=True)
        accepted = {}
        for key, value in keys.items():
            if key not in fields:
                faults.append(f"{section}.{key}: unknown setting; [{section}] has {', '.join(fields)}")
                continue
            try:
                accepted[key] = msgspec.convert(value, fields[key], strict=True)
            except msgspec.ValidationError as error:
                faults.append(f"{section}.{key}: {error}")
        sections[section] = types[section](**accepted)
    return Settings(**sections)


def _contradictions(settings: Settings) -> Iterable[str]:
    """Faults that only show in the value itself or between two settings."""
    if settings.privacy.ip not in ("full", "truncated", "hashed"):
        yield "privacy.ip: must be full, truncated or hashed"
    if settings.geography.mmdb_file and not Path(settings.geography.mmdb_file).is_file():
        yield "geography.mmdb_file: there is no such file"
    if settings.auth.mode not in ("auto", "open", "required"):
        yield "auth.mode: must be auto, open or required"
    for name, url, schemes in (
        ("upstream.url", settings.upstream.url, ("ws", "wss")),
        ("deanonymizer.url", settings.deanonymizer.url, ("http", "https")),
    ):
        if not _is_url(url, schemes):
            yield f"{name}: must be a URL that begins with {':// or '.join(schemes)}://"
    dashboard_url = settings.webhooks.dashboard_url
    if dashboard_url and not _is_url(dashboard_url, ("http", "https")):
        yield "webhooks.dashboard_url: must be empty or a URL that begins with http:// or https://"
    for origin in settings.server.allowed_origins:
        if not _is_url(origin, ("http", "https")) or urlsplit(origin).path:
            yield "server.allowed_origins: each must be a scheme and a host, like https://example.com"
    for proxy in settings.server.trusted_proxies:
        if not _is_network(proxy):
            yield "server.trusted_proxies: each must be an address or a network, like 10.0.0.0/8"
    try:
        ZoneInfo(settings.server.timezone)
    except (OSError, ValueError, KeyError):
        yield "server.timezone: not a known time zone; use a name like Europe/Berlin"
    if not settings.store.in_memory and not _is_of_a_file(settings.store.url):
        yield "store.url: must be duckdb:FILE or duckdb::memory:"


def _is_of_a_file(url: str) -> bool:
    """DuckDB itself would take addresses of other machines and services too: ``md:``, ``s3://``."""
    kind, _, path = url.partition(":")
    return kind == "duckdb" and bool(path) and re.match(r":|[A-Za-z][A-Za-z0-9+.-]+:", path) is None


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
