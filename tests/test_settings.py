import os
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from tracker import settings
from tracker.settings import MASK, Settings, SettingsError

CONFIG = Path(__file__).parents[1] / "config.toml"


def faults_of(
    tmp_path: Path,
    text: str = "",
    assignments: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
) -> list[str]:
    path = tmp_path / "given.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        settings.load(path, assignments, environment or {})
    return caught.value.faults


def test_config_toml_holds_every_setting_with_its_default() -> None:
    assert settings.load(CONFIG, environment={}) == Settings()
    document = tomllib.loads(CONFIG.read_text())
    for section in msgspec.structs.fields(Settings):
        names = [field.name for field in msgspec.structs.fields(section.type)]
        assert list(document[section.name]) == names


def test_every_setting_of_config_toml_is_explained() -> None:
    for line in CONFIG.read_text().splitlines():
        key, equals, value = line.partition(" = ")
        if equals and key.strip() not in ("url", "site", "admin_email") and not line.startswith("#"):
            assert "#" in value, line


def test_set_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    path = tmp_path / "given.toml"
    path.write_text('[server]\nport = 1\nhost = "a"\ntimezone = "Europe/Berlin"\n')
    loaded = settings.load(
        path, ["server.port=3"], {"TRACKER_SERVER__PORT": "2", "TRACKER_SERVER__HOST": "127.0.0.2"}
    )
    assert (loaded.server.port, loaded.server.host, loaded.server.timezone) == (
        3,
        "127.0.0.2",
        "Europe/Berlin",
    )
    assert loaded.server.allowed_origins == ()


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        'loose = 1\n[server]\nport = "3000"\nprot = 1\n[nowhere]\na = 1\n[sessions]\nidle_timeout_s = true\n',
        ("store.retention_days=never", "nonsense", "upstream.url=http://x"),
        {
            "TRACKER_UPSTREAM__ENABLED": "yes",
            "TRACKER_SERVER__TIMEZONE": "Mars/Base",
            "TRACKER_HOME": "ignored",
        },
    )
    named = {fault.partition(":")[0] for fault in faults}
    assert named == {
        "loose",
        "server.port",
        "server.prot",
        "nowhere",
        "sessions.idle_timeout_s",
        "store.retention_days",
        "--set nonsense",
        "upstream.url",
        "upstream.enabled",
        "server.timezone",
    }


@pytest.mark.parametrize(
    "assignment",
    [
        "server.port=70000",
        "server.port=-1",
        "sessions.idle_timeout_s=0",
        "deanonymizer.attempts=0",
        "alerts.milestones=[0]",
        "server.allowed_origins=['https://a.example/path']",
        "auth.mode=maybe",
        "store.url=sqlite:x",
        "deanonymizer.url=ws://x",
        "server.trusted_proxies=['proxy']",
    ],
)
def test_values_out_of_range_are_refused(tmp_path: Path, assignment: str) -> None:
    (fault,) = faults_of(tmp_path, assignments=(assignment,))
    assert fault.startswith(assignment.partition("=")[0])


def test_values_are_read_as_toml_and_plain_strings(tmp_path: Path) -> None:
    loaded = settings.load(
        None,
        ["server.allowed_origins=['https://a.example']", "server.host=0.0.0.0", "auth.admin_email=12"],
        {"TRACKER_ALERTS__MILESTONES": "[1, 2]"},
    )
    assert loaded.server.allowed_origins == ("https://a.example",)
    assert loaded.auth.admin_email == "12"
    assert loaded.alerts.milestones == (1, 2)


@pytest.mark.parametrize("text", ["[server\n", "\x00"])
def test_unreadable_files_are_faults(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path, text)
    assert "not valid TOML" in fault


def test_a_missing_file_is_a_fault_when_it_was_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(tmp_path / "absent.toml", environment={})


def test_describe_gives_back_the_settings_and_masks_secrets_in_urls(tmp_path: Path) -> None:
    assert settings.load(_written(tmp_path, settings.describe(Settings())), environment={}) == Settings()
    secret = settings.load(
        None, ["deanonymizer.url=https://me:hunter2@vendor.example/x?key=hunter2"], environment={}
    )
    text = settings.describe(secret)
    assert "hunter2" not in text
    assert f"https://me:{MASK}@vendor.example/x?{MASK}" in text


def test_tracker_config_prints_or_refuses(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "TRACKER_SERVER__PORT": "4000"}
    command = [sys.executable, "-m", "tracker", "config"]
    root = CONFIG.parent
    good = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert good.returncode == 0
    assert tomllib.loads(good.stdout)["server"]["port"] == 4000
    bad = subprocess.run(
        [*command, "--set", "server.port=x", "--set", "a.b=1"],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bad.returncode == 2
    assert "server.port" in bad.stderr
    assert "a: unknown section" in bad.stderr


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "printed.toml"
    path.write_text(text)
    return path
