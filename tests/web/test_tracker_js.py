"""The snippet for web pages is small, is what its source says, and touches nothing it should not."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
SOURCE = WEB / "tracker" / "tracker.js"
SNIPPET = WEB / "static" / "tracker.js"
NODE = shutil.which("node")


def test_S4_11_it_is_at_most_3_kilobytes_gzipped() -> None:
    assert 500 < len(gzip.compress(SNIPPET.read_bytes(), 6)) <= 3 * 1024


@pytest.mark.parametrize("file", [SOURCE, SNIPPET], ids=["source", "minified"])
def test_S4_11_no_code_from_text_no_cookie_no_markup_no_other_host(file: Path) -> None:
    code = re.sub(r"^\s*//.*|/\*.*?\*/", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    forbidden = r"\beval\b|Function\(|import\(|cookie|innerHTML|createElement|https?://|console|debugger"
    assert re.findall(forbidden, code) == []
    assert re.findall(r"set(?:Timeout|Interval)\(\s*[\"'`]", code) == []


@pytest.mark.skipif(
    NODE is None or not (WEB / "node_modules" / "esbuild").is_dir(), reason="needs Node and npm ci in web/"
)
def test_it_is_made_of_its_source_byte_for_byte() -> None:
    assert NODE is not None
    command = [NODE, "tracker/build.mjs", "--check"]
    result = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=180, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
