"""What others wrote is in the tree exactly as it was built, with its licences and its origin."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
STATIC = WEB / "static"
VENDOR = STATIC / "js" / "vendor"
NODE = shutil.which("node")


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def _sha384(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def test_S4_22_files_are_those_that_the_manifest_names() -> None:
    files = _json(VENDOR / "manifest.json")["files"]
    assert {name: _sha384(STATIC / name) for name in files} == files
    made_by_hand = {"js/vendor/vendor.d.ts", "js/vendor/uplot.d.ts", "js/vendor/manifest.json"}
    present = {str(path.relative_to(STATIC)) for path in VENDOR.iterdir()}
    assert present - made_by_hand == {name for name in files if name.startswith("js/vendor/")}


def test_S4_22_packages_are_locked_and_their_licences_are_here() -> None:
    packages = _json(VENDOR / "manifest.json")["packages"]
    locked = _json(WEB / "package-lock.json")["packages"]
    licences = (VENDOR / "LICENSES.txt").read_text()
    for name, package in packages.items():
        lock = locked[f"node_modules/{name}"]
        assert (package["version"], package["integrity"]) == (lock["version"], lock["integrity"]), name
        assert f"{name} {package['version']} ({package['license']})" in licences
    assert len(packages) == 6


def test_S4_22_versions_are_exact_and_the_lock_names_no_host() -> None:
    versions = _json(WEB / "package.json")["devDependencies"]
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert re.findall(r"https?://(?!opencollective|github\.com/sponsors)[^\"]*\.tgz", lock) == []


def test_no_source_map_is_in_the_tree() -> None:
    assert list(STATIC.rglob("*.map")) == []
    assert "sourceMappingURL" not in (VENDOR / "vendor.js").read_text()


@pytest.mark.skipif(
    NODE is None or not (WEB / "node_modules").is_dir(), reason="needs Node and npm ci in web/"
)
@pytest.mark.parametrize(
    "command", [["vendor.mjs", "--check"], ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]]
)
def test_bundle_is_reproduced_and_types_hold(command: list[str]) -> None:
    assert NODE is not None
    result = subprocess.run(
        [NODE, *command], cwd=WEB, capture_output=True, text=True, timeout=180, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
