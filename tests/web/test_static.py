"""What the files of the dashboard must not contain: strict CSP, no markup out of data, no other host."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
MARKUP_SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser"
    r"|setHTML|\beval\b|new Function|\.srcdoc|setAttribute\(\s*[\"'](?:on|style|href|src)"
)
XMLNS = "http://www.w3.org/2000/svg"


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


def test_S4_9_page_has_nothing_inline(index: Page) -> None:
    assert index.forbidden == []
    assert index.scripts == 1


def test_page_asks_for_files_that_exist_and_for_nothing_else(index: Page) -> None:
    for file in index.files:
        if not file.startswith("#"):
            assert file.startswith("/static/"), file
            assert (STATIC / file.removeprefix("/static/")).is_file(), file


def test_every_module_is_preloaded(index: Page) -> None:
    assert {f"/static/js/{path.name}" for path in SCRIPTS} <= set(index.files)


def test_ids_are_unique_and_those_that_scripts_want_are_there(index: Page) -> None:
    assert len(index.ids) == len(set(index.ids))
    wanted = {name for path in SCRIPTS for name in re.findall(r'byId\("([^"]+)"\)', path.read_text())}
    assert wanted
    assert wanted <= set(index.ids)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_S4_10_scripts_never_read_text_as_markup(script: Path) -> None:
    assert MARKUP_SINKS.findall(script.read_text()) == []


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_S4_9_no_other_host_is_named(file: Path) -> None:
    text = file.read_text().replace(XMLNS, "")
    assert re.findall(r"(?:https?|wss?)://|[\"'(]//\w|@import", text) == []


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_files_stay_small(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 300


@pytest.mark.parametrize(
    "script", ["state.js", "rows.js", "order.js", "socket.js", "format.js", "schedule.js"]
)
def test_logic_knows_no_document(script: str) -> None:
    code = re.sub(r"//.*|/\*.*?\*/", "", (STATIC / "js" / script).read_text(), flags=re.DOTALL)
    assert re.findall(r"\b(?:document|window|navigator|localStorage)\b", code) == []
