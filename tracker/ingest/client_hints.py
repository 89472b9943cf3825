"""Device, browser and system of a visitor, from the user agent of the browser that sent the event.

Only what the usual browsers say plainly, by looking for a few words: a guess
about anything else would be a wrong figure. Programs (curl, SDKs, crawlers) are nothing.
"""

from functools import lru_cache
from typing import NamedTuple

MAX_TEXT = 512
"""Characters that are looked at: browsers send about 120."""

CACHE_SIZE = 4_096
"""User agents whose answer is remembered (about 3 MB when full; the least recently used one goes)."""


class ClientHints(NamedTuple):
    device: str | None = None
    """``desktop``, ``mobile`` or ``tablet``."""
    browser: str | None = None
    os: str | None = None


# The first word that is found wins: most browsers also claim to be the ones below them.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Android", "Android"),
    ("Windows NT", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
_CRAWLERS = ("bot", "crawl", "spider", "headless")

_NOTHING = ClientHints()


def describe(user_agent: str) -> ClientHints:
    """Return what ``user_agent`` says about its visitor; empty for what is no known browser."""
    return _describe(user_agent[:MAX_TEXT])


@lru_cache(maxsize=CACHE_SIZE)
def _describe(user_agent: str) -> ClientHints:
    if not user_agent.startswith("Mozilla/5.0 (") or _is_crawler(user_agent):
        return _NOTHING
    browser, os = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser is None or os is None:
        return _NOTHING
    return ClientHints(_device(user_agent, os), browser, os)


def _is_crawler(user_agent: str) -> bool:
    lowered = user_agent.lower()
    return any(word in lowered for word in _CRAWLERS)


def _first(words: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for word, name in words if word in text), None)


def _device(user_agent: str, os: str) -> str:
    if "iPad" in user_agent or "Tablet" in user_agent:
        return "tablet"
    if os == "Android":
        return "mobile" if "Mobile" in user_agent else "tablet"
    return "mobile" if os == "iOS" else "desktop"
