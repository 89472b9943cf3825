import subprocess
import sys

import pytest

from tracker.ingest.client_hints import CACHE_SIZE, ClientHints, describe, remembered

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36",
            ("desktop", "Chrome", "Windows"),
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            ("desktop", "Edge", "Windows"),
        ),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0",
            ("desktop", "Opera", "ChromeOS"),
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            ("desktop", "Firefox", "Linux"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
            ("desktop", "Safari", "macOS"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari/604.1",
            ("mobile", "Safari", "iOS"),
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/140 Safari/604.1",
            ("tablet", "Chrome", "iOS"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 15) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
            ("mobile", "Samsung Internet", "Android"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 15; SM-X900) {WEBKIT} Chrome/140.0.0.0 Safari/537.36",
            ("tablet", "Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0",
            ("tablet", "Firefox", "Android"),
        ),
    ],
)
def test_the_usual_browsers_are_known(user_agent: str, expected: tuple[str, str, str]) -> None:
    assert describe(user_agent) == expected


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "curl/8.5.0",
        "python-httpx/0.28.1",
        "Mozilla/5.0 (PlayStation 5) Safari/605.1.15",
        "Mozilla/5.0 (Windows NT 10.0) Something/1.0",
        "\ud800" * 100_000,
    ],
)
def test_nothing_is_guessed(user_agent: str) -> None:
    assert describe(user_agent) == ClientHints(None, None, None)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", ("bot", "Googlebot", None)),
        (
            f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36",
            ("bot", "Chrome", "Linux"),
        ),
    ],
)
def test_robots_say_so(user_agent: str, expected: tuple[str, str | None, str | None]) -> None:
    assert describe(user_agent) == expected


def test_what_is_remembered_is_bounded() -> None:
    for number in range(CACHE_SIZE + 10):
        describe(f"Browser/{number}")
    assert remembered() == CACHE_SIZE


def test_the_patterns_are_loaded_with_the_first_user_agent_and_not_before() -> None:
    code = (
        "import sys; from tracker.ingest import events, client_hints;"
        " assert not [name for name in sys.modules if name.startswith('ua_parser')];"
        " assert client_hints.describe('Mozilla/5.0 (Windows NT 10.0) Firefox/140.0').os == 'Windows';"
        " assert 'ua_parser' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
