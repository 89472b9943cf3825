"""FAULTS.md 4.12 to 4.15, 4.17: what comes in is a value, never a command, an address or a setting."""

import ast
import csv
import importlib
import io
import json
import pkgutil
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path

import pytest

import tracker
from tests.contract.posting import JSON, refusal
from tests.contract.tenants import Place, key, two_sites
from tests.http.test_access import asked
from tests.support.service import RunningService, run_service, settings_for_tests
from tests.support.timing import best_thread_s
from tracker.access.principal import Need
from tracker.http.export import FORMULA_STARTS, cell

SOURCES = sorted(Path(tracker.__file__).parent.rglob("*.py"))
SQL = (
    "'", '"', "' OR '1'='1", "' OR 1=1 --", '" OR ""="', "1) OR (1=1", "' UNION SELECT NULL--", "%", "_",
    "'; DROP TABLE events; --", "\\'", "/pricing' AND '1'='1", "/pricin_", "/pricing'/*", "$$;$$",
    "events.page", "read_csv('/etc/passwd')", "NULL", "?", "\x00'",
)  # fmt: skip
FILTERS = ("type", "page", "country", "device", "browser", "os", "referrer", "company", "userId", "sessionId")
SETTINGS_OF_A_QUESTION = {
    "totals": ("range", "from", "to", "site", "naming"),
    "timeseries": ("interval", "timezone"),
    "retention": ("timezone",),
    "top/page": ("limit",),
    "events": ("cursor", "limit"),
    "export": ("format",),
}
VALUES_OF_A_QUESTION = {"event-summary": "event", "user-stats": "userId", "funnel": "steps"}
EVENTS = 3


UNREAD = {
    "/api/analytics/reset": (200, 200),
    "/api/auth/logout": (401, 401),
}
"""What takes no body; nor does what speaks of something that is not there."""


@asynccontextmanager
async def with_events() -> AsyncIterator[RunningService]:
    async with run_service() as service:
        for number in range(EVENTS):
            metadata = {
                "device": "mobile",
                "browser": "Firefox",
                "os": "Linux",
                "referrer": "https://a.example/",
            }
            event = {"type": "pageview", "sessionId": f"s{number}", "userId": "u", "page": "/pricing"}
            answer = await service.post(event | {"country": "DE", "metadata": metadata})
            assert answer.status_code == 201
        await service.service.mover.catch_up()
        yield service


async def test_S4_12_statements_in_every_filter_find_nothing_and_change_nothing() -> None:
    async with with_events() as service:
        assert (await service.get("/api/analytics/totals", page="/pricing"))["totalEvents"] == EVENTS
        for text in SQL:
            for name in FILTERS:
                found = await service.get("/api/analytics/totals", **{name: text})
                assert found["totalEvents"] == 0, (name, text)
            for path in ("visitors", "analytics/sessions", "analytics/summary", "analytics/detailed"):
                answer = await service.http.get(f"/api/{path}", params={"country": text, "page": text})
                assert answer.status_code == 200, (path, text)
                assert "/pricing" not in answer.text.replace(text, ""), (path, text)
        assert (await service.get("/api/analytics/totals"))["totalEvents"] == EVENTS


async def test_S4_12_statements_in_every_other_parameter_are_refused_or_values() -> None:
    async with with_events() as service:
        before = (await service.http.get("/api/analytics/export?format=ndjson")).text
        for text in SQL:
            for path, names in SETTINGS_OF_A_QUESTION.items():
                for name in names:
                    answer = await service.http.get(f"/api/analytics/{path}", params={name: text})
                    refusal(answer, 404 if name == "site" else 422)
            for path, name in VALUES_OF_A_QUESTION.items():
                answer = await service.http.get(f"/api/analytics/{path}", params={name: text})
                assert answer.status_code in (200, 422), (path, text)
                assert "/pricing" not in answer.text.replace(text, ""), (path, text)
            answer = await service.http.get("/api/analytics/totals", params={text: "x"})
            refusal(answer, 422)
        assert (await service.http.get("/api/analytics/export?format=ndjson")).text == before


async def test_S4_13_no_cell_of_an_export_is_run_and_all_can_be_read_back() -> None:
    pages = [f"{start}cmd|\"/c calc\", a;\n'b'" for start in FORMULA_STARTS] + [
        "plain",
        "'quoted",
        "a=1",
        "-",
    ]
    async with run_service() as service:
        for number, page in enumerate(pages):
            event = {"type": "pageview", "id": f"e{number}", "sessionId": "s", "page": page}
            assert (await service.post(event)).status_code == 201
        await service.service.mover.catch_up()
        file = await service.http.get("/api/analytics/export?format=csv")
        lines = (await service.http.get("/api/analytics/export?format=ndjson")).text.splitlines()
    assert file.headers["content-disposition"] == 'attachment; filename="events.csv"'
    assert file.headers["x-content-type-options"] == "nosniff"
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    assert len(rows) == len(pages)
    kept = {row["id"]: row["page"] for row in map(json.loads, lines)}
    for row in rows:
        for name, text in row.items():
            assert not text.startswith(FORMULA_STARTS), (name, text)
        defused = kept[row["id"]].startswith(FORMULA_STARTS)
        assert row["page"] == ("'" if defused else "") + kept[row["id"]]
    for line in re.split("\r\n", file.text)[:1]:
        assert all(field.startswith('"') and field.endswith('"') for field in line.split(","))


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_S4_13_whatever_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    assert cell(f"{start}1") == f"'{start}1"
    assert cell(f"1{start}") == f"1{start}"


def _calls(*names: str) -> Iterator[tuple[Path, ast.Call]]:
    """Yield the calls of these names in the whole service, and in which file they stand."""
    for path, call in _all_calls():
        called = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        if called in names:
            yield path, call


@cache
def _all_calls() -> list[tuple[Path, ast.Call]]:
    return [
        (source, node)
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
    ]


def test_S4_14_nothing_that_calls_out_takes_its_way_from_the_environment_or_an_answer() -> None:
    clients = list(_calls("AsyncClient", "AsyncHTTPTransport", "create_ssl_context"))
    assert len(clients) >= 3, "the walk found them"
    for where, call in clients:
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert given.get("trust_env") == "False", where
        assert given.get("follow_redirects", "False") == "False", where
    sources = {source.name: source.read_text() for source in SOURCES}
    upstream = [text for text in sources.values() if "from websockets.asyncio.client" in text]
    assert upstream
    assert all("proxy=None" in text for text in upstream)
    assert not list(_calls("urlopen", "urlretrieve", "open_connection", "create_connection"))


async def test_S4_14_an_address_of_a_visitor_is_never_an_address_to_call() -> None:
    async with run_service(settings_for_tests(deanonymizer__url="http://127.0.0.1:9/deanonymize")) as service:
        for ip in (
            "127.0.0.1",
            "169.254.169.254",
            "http://127.0.0.1:1/",
            "[::ffff:169.254.169.254]",
            "@evil.example",
        ):
            await service.post({"type": "pageview", "sessionId": "s", "ip": ip})
        lookups = (await service.get("/api/status"))["lookups"]
    assert lookups["calls"] == 0


def test_S4_15_every_pattern_takes_linear_time() -> None:
    looks = list(_looks())
    assert len(looks) > 20, "the walk found them"
    for name, look in looks:
        for piece in PIECES:
            text = piece * (20_000 // len(piece)) + "\x00!"
            # Quadratic: 4e8 steps, seconds.
            assert best_thread_s(partial(look, text), 0.1) < 1, (name, piece)


PIECES = ("a", "1", " ", "a@", "a.", "://", ":", "bearer ", "trk_i_", "<", "2026-11-22T", "-", "[", "\u0301")


def _looks() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Yield every use of a pattern that has a name: what it does with a text."""
    for module in pkgutil.walk_packages(tracker.__path__, "tracker."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        source = Path(loaded.__file__ or "").read_text()
        for name, value in vars(loaded).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                for use in set(re.findall(rf"\b{name}\.(\w+)\(", source)):
                    look = getattr(value, use)
                    yield f"{module.name}.{name}.{use}", partial(look, "") if use.startswith("sub") else look


def test_S4_15_the_doors_read_json_by_one_function() -> None:
    read = {str(path) for path, call in _calls("loads", "decode", "Decoder", "json") if _reads_json(call)}
    assert not [path for path in read if "http/" in path]
    assert any("strict_json.py" in path for path in read), "the walk finds them"


def _reads_json(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name.endswith(("json.loads", "json.decode", "json.Decoder", ".json")) and "strict" not in name


async def test_S4_17_bodies_of_every_route_are_bounded_and_of_one_kind() -> None:
    async with two_sites() as place:
        place.service.service.gate.trust_operator("token-of-the-operator")
        taking = ("POST", "PUT", "PATCH")
        posts = [one for one in asked(place.service.service.routes) if one.method in taking]
        assert len(posts) > 10, "the walk found them"
        for method, path, need in posts:
            headers = _credentials(place, need)
            form = await place.http.request(method, path, headers=headers, files={"file": b"x"})
            large = await place.http.request(
                method, path, headers=headers | JSON, content=b" " * (1024 * 1024 + 1)
            )
            statuses = (form.status_code, large.status_code)
            is_of_nothing = "/unknown" in path and statuses == (404, 404)
            assert is_of_nothing or statuses == UNREAD.get(path, (415, 413)), path


def _credentials(place: Place, need: Need | None) -> dict[str, str]:
    match need:
        case None:
            return {}
        case Need.OPERATE:
            return {"authorization": "Bearer token-of-the-operator"}
        case _:
            return key(place.a.every)
