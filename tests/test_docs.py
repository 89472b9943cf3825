"""The documents say what is so: settings, routes, messages, commands, links, and examples that run."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import click
import httpx
import msgspec
import pytest

from emitters.__main__ import main as emitters_command
from tests.contract.process import ServiceProcess, serving
from tracker.cli import main as tracker_command
from tracker.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "bench").rglob("*.md")]
    if ".venv" not in path.parts
)
FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
ROUTE = re.compile(
    r"(?<![\w.}])(/(?:api/[\w/{}-]+|health|ready|metrics|docs|openapi\.json|asyncapi\.json))(?![\w/.-])"
)
NO_OPERATION = {"/api/auth/"}
PATIENCE_S = 60


class Block(NamedTuple):
    page: str
    language: str
    note: str
    """What stands behind the language: ``needs=KEY`` cannot run as it is."""
    text: str


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    return FENCE.sub("", text_of(page))


def blocks_of(page: Path) -> list[Block]:
    return [Block(page.name, *found) for found in FENCE.findall(text_of(page))]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("service")) as started:
        yield started


def document(service: ServiceProcess, name: str) -> Any:
    return httpx.get(f"{service.base_url}/{name}", trust_env=False).json()


# Settings


def settings_of_the_model() -> dict[str, Any]:
    return {
        f"{section.name}.{field.name}": getattr(section.default, field.name)
        for section in msgspec.structs.fields(Settings)
        for field in msgspec.structs.fields(section.type)
    }


def test_config_toml_is_every_setting_with_its_default() -> None:
    file = tomllib.loads(text_of(ROOT / "config.toml"))
    named = {f"{section}.{key}": value for section, keys in file.items() for key, value in keys.items()}
    expected = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in settings_of_the_model().items()
    }
    assert named == expected


def test_the_page_on_configuration_has_a_row_for_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (.+?) \| .+\|$", text_of(DOCS / "configuration.md"), re.MULTILINE)
    names = [name for name, _ in rows]
    model = settings_of_the_model()
    assert sorted(names) == sorted(model)
    for name, shown in rows:
        if shown.startswith("`"):
            (value,) = tomllib.loads(f"value = {shown.strip('`')}").values()
            default = model[name]
            assert value == (list(default) if isinstance(default, tuple) else default), name


def test_settings_that_other_pages_name_exist() -> None:
    model = settings_of_the_model()
    sections = {name.partition(".")[0] for name in model}
    named = re.compile(rf"`((?:{'|'.join(sections)})\.[a-z_]+)(?: = [^`]*)?`")
    files = tuple(f".{suffix}" for suffix in ("js", "py", "css"))
    unknown = [
        f"{page.name}: {name}"
        for page in PAGES
        for name in named.findall(text_of(page))
        if name not in model and not name.endswith(files)
    ]
    assert unknown == []


# Routes and messages


def test_every_route_is_in_the_docs_and_every_one_in_the_docs_is_there(service: ServiceProcess) -> None:
    paths = set(document(service, "openapi.json")["paths"])
    shapes = {re.sub(r"\{\w+\}", "{}", path) for path in paths}
    everything = "\n".join(map(text_of, DOCS.glob("*.md")))
    shown = re.sub(r"\{\w+\}", "{}", everything)
    missing = [path for path in sorted(shapes) if not re.search(re.escape(path) + r"(?![\w/-])", shown)]
    assert missing == [], "say in docs/ what they are for"
    for page in DOCS.glob("*.md"):
        for path in ROUTE.findall(prose_of(page)):
            shape = re.sub(r"\{\w+\}", "{}", path)
            is_top = re.fullmatch(r"/api/analytics/(top|sessions)/[\w]+", path)
            assert shape in shapes or path in NO_OPERATION or is_top, f"{page.name}: {path}"


def test_every_message_of_the_live_feed_is_in_the_docs(service: ServiceProcess) -> None:
    messages = document(service, "asyncapi.json")["components"]["messages"]
    page = text_of(DOCS / "websocket.md")
    missing = [name for name in messages if f"`{name}`" not in page and f'"{name}"' not in page]
    assert missing == []


# Commands


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


COMMANDS = dict(commands(tracker_command, ("tracker",))) | dict(
    commands(emitters_command, ("python", "-m", "emitters"))
)


def test_every_command_is_in_the_docs() -> None:
    everything = "\n".join(map(text_of, PAGES))
    missing = [
        " ".join(path)
        for path, command in COMMANDS.items()
        if not isinstance(command, click.Group) and " ".join(path) not in everything
    ]
    assert missing == []


def test_the_page_on_commands_names_every_command_and_option() -> None:
    page = text_of(DOCS / "commands.md")
    for path, command in COMMANDS.items():
        options = {
            option for parameter in command.params for option in parameter.opts if option.startswith("--")
        }
        # A switch is shown by the side that is not its default.
        options -= {"--help"} | {one.opts[0] for one in command.params if one.secondary_opts}
        options |= {one.secondary_opts[0] for one in command.params if one.secondary_opts}
        absent = {option for option in options if f"`{option}" not in page}
        assert not absent, " ".join(path)


def test_commands_that_are_shown_exist_with_their_options() -> None:
    shown = re.compile(
        r"(?:^|[/ `])(?<!exec )(tracker|python -m emitters) ([a-z]+)((?: [a-z]+)?)([^\n#`|]*)", re.MULTILINE
    )
    for page in PAGES:
        code = [block.text.replace("\\\n", " ") for block in blocks_of(page) if block.language == "sh"]
        code += re.findall(r"`(tracker [a-z][^`]*|python -m emitters [^`]*)`", prose_of(page))
        for program, first, second, rest in shown.findall("\n".join(code)):
            path = (*program.split(), first)
            command = COMMANDS.get((*path, second.strip())) or COMMANDS.get(path)
            where = f"{page.name}: {program} {first}{second}"
            assert command is not None, where
            known = {
                option
                for parameter in command.params
                for option in (*parameter.opts, *parameter.secondary_opts)
            }
            assert set(re.findall(r"(?<= )--[\w-]+", rest)) <= known | {"--help"}, where


def test_the_programs_call_themselves_as_the_docs_do() -> None:
    """The commands that a person gets are those of the help, not of this process alone."""
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert isinstance(tracker_command, click.Group)
    for name in tracker_command.commands:
        assert re.search(rf"^  {name} ", done.stdout, re.MULTILINE)


# Links


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of ``page``."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        numbered = (f"{slug}-{number}" for number in range(1, 100))
        found.add(slug if slug not in found else next(one for one in numbered if one not in found))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in (one or other for one, other in LINK.findall(prose_of(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    wanted = {ROOT / "README.md"}
    while wanted - seen:
        page = (wanted - seen).pop()
        seen.add(page)
        links = (one or other for one, other in LINK.findall(prose_of(page)))
        targets = {
            (page.parent / link.partition("#")[0]).resolve()
            for link in links
            if not re.match("[a-z]+:|#", link)
        }
        wanted |= {target for target in targets if target.suffix == ".md"}
    assert [page.name for page in DOCS.glob("*.md") if page not in seen] == []


# Examples


def test_every_request_of_the_page_on_the_api_works(service: ServiceProcess) -> None:
    """All in their order, as somebody reads the page. What needs more than a service says so."""
    blocks = [block for block in blocks_of(DOCS / "api.md") if block.language == "sh"]
    wanted = [block.text for block in blocks if not block.note.strip()]
    assert len(wanted) > 5
    assert [block.note.strip() for block in blocks if block.note.strip()] == ["needs=KEY"]
    script = 'curl() { command curl --fail-with-body --silent --show-error "$@"; }\n' + "".join(wanted)
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        env=os.environ | {"TRACKER": service.base_url, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_json_and_toml_in_the_docs_can_be_read() -> None:
    for page in PAGES:
        for block in blocks_of(page):
            if block.language == "toml":
                tomllib.loads(block.text)
            if block.language == "json" and "…" not in block.text:
                # One document, or one a line.
                one_a_line = "\n{" in block.text.rstrip()
                for text in block.text.splitlines() if one_a_line else [block.text]:
                    msgspec.json.decode(text)
