"""What the files of the dashboard must not contain: strict CSP, no markup out of data, no other host."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
VENDOR = STATIC / "js" / "vendor"
# What others wrote is looked after by tests/web/test_vendor.py and tests/http/test_openapi.py.
FILES = sorted(
    path
    for path in STATIC.rglob("*")
    if path.is_file() and "vendor" not in path.parts and path.name != "vendor.css"
)
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
MARKUP_SINKS = re.compile(
    r"innerHTML|outerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser"
    r"|setHTML|\beval\b|new Function|\.srcdoc|setAttribute\(\s*[\"'](?:on|style|href|src)"
)
XMLNS = "http://www.w3.org/2000/svg"


def _name(path: Path) -> str:
    return str(path.relative_to(STATIC))


class Page(HTMLParser):
    """Collects what a strict policy forbids, and the files that a page asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.files: list[str] = []
        self.ids: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.forbidden += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not values.get("src")):
            self.forbidden.append(f"inline {tag}")
        self.scripts += tag == "script"
        self.files += [value for name in ("src", "href") if (value := values.get(name))]
        if identity := values.get("id"):
            self.ids.append(identity)


@pytest.fixture(scope="module")
def index() -> Page:
    page = Page()
    page.feed((STATIC / "index.html").read_text())
    return page


def test_S4_09_page_has_nothing_inline(index: Page) -> None:
    assert index.forbidden == []
    assert index.scripts == 1


def test_page_asks_for_files_that_exist_and_for_nothing_else(index: Page) -> None:
    for file in index.files:
        if not file.startswith("#"):
            assert file.startswith("/static/"), file
            assert (STATIC / file.removeprefix("/static/")).is_file(), file


def _imported(script: Path, loaded: set[Path] | None = None) -> set[Path]:
    """Return ``script`` and all that it imports, except what it loads later."""
    loaded = loaded if loaded is not None else set()
    if script not in loaded:
        loaded.add(script)
        if script.parent != VENDOR:
            found = re.findall(
                r'^(?:import|export)\b[^;]*?from "(\.[^"]+)"', script.read_text(), re.MULTILINE
            )
            for name in found:
                _imported((script.parent / name).resolve(), loaded)
    return loaded


def test_first_view_is_preloaded_and_nothing_else(index: Page) -> None:
    wanted = {f"/static/{path.relative_to(STATIC)}" for path in _imported(STATIC / "js" / "main.js")}
    assert {file for file in index.files if file.endswith(".js")} == wanted
    assert not any("/history/" in file for file in wanted)


def test_first_view_is_at_most_80_kilobytes_of_script() -> None:
    sizes = {
        path.name: len(gzip.compress(path.read_bytes(), 6)) for path in _imported(STATIC / "js" / "main.js")
    }
    assert 20_000 < sum(sizes.values()) <= 80 * 1024, sizes


def test_no_inline_style_is_written_as_text() -> None:
    for script in SCRIPTS:
        assert re.findall(r"style=[\"'`]|style=\$\{[`\"']", script.read_text()) == [], script.name


@pytest.mark.parametrize("script", SCRIPTS, ids=_name)
def test_S4_10_scripts_never_read_text_as_markup(script: Path) -> None:
    assert MARKUP_SINKS.findall(script.read_text()) == []


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_S4_09_no_other_host_is_named(file: Path) -> None:
    text = file.read_text().replace(XMLNS, "")
    assert re.findall(r"(?:https?|wss?)://\w|[\"'(]//\w|@import", text) == []


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_files_stay_small(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 300


LOGIC = (
    "access/first-event.js",
    "access/me.js",
    "access/texts.js",
    "format.js",
    "minutes.js",
    "news.js",
    "rows.js",
    "schedule.js",
    "socket.js",
    "state.js",
    "strip.js",
    "url.js",
    "live/figures.js",
    "live/grouping.js",
    "live/journey.js",
    "live/keyboard.js",
    "live/narrowing.js",
    "live/order.js",
    "live/sorting.js",
)


@pytest.mark.parametrize("script", LOGIC)
def test_logic_knows_no_document(script: str) -> None:
    code = re.sub(r"//.*|/\*.*?\*/", "", (STATIC / "js" / script).read_text(), flags=re.DOTALL)
    assert re.findall(r"\b(?:document|window|navigator|localStorage|vendor)\b", code) == []
