"""Device, browser and system of a visitor, from the user agent of the browser that sent the event.

Browser and system are recognized by ua-parser's patterns. Its patterns for devices stay out:
they tell models, cost half of its memory, and know no desktop.
"""

from functools import cache, lru_cache
from typing import NamedTuple, Protocol

MAX_TEXT = 512
"""Characters that are looked at: browsers send about 120."""

CACHE_SIZE = 4_096
"""User agents whose answer is remembered (about 3 MB when full; the least recently used one goes)."""


class ClientHints(NamedTuple):
    device: str | None = None
    """``desktop``, ``mobile``, ``tablet`` or ``bot``."""
    browser: str | None = None
    os: str | None = None


_BROWSERS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "HeadlessChrome": "Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera Mobile": "Opera",
    "Opera Mini": "Opera",
}
_SYSTEMS = {
    "Mac OS X": "macOS",
    "Chrome OS": "ChromeOS",
    "Ubuntu": "Linux",
    "Debian": "Linux",
    "Fedora": "Linux",
    "iPadOS": "iOS",
}
_DESKTOPS = frozenset({"Windows", "macOS", "Linux", "ChromeOS"})
_ROBOTS = ("bot", "crawl", "spider", "headless", "slurp", "preview", "facebookexternalhit")

_NOTHING = ClientHints()


def describe(user_agent: str) -> ClientHints:
    """Return what ``user_agent`` says about its visitor; empty for programs and what is not known.

    About 15 µs for one that is new, after the first one ever: that loads the patterns,
    which takes 0.2 s and 19 MiB.
    """
    try:
        return _describe(user_agent[:MAX_TEXT])
    except OSError:
        # No file can be opened now, and the patterns are in files: the event is worth more than its browser.
        return _NOTHING


def remembered() -> int:
    """Return how many user agents are in the cache."""
    return _describe.cache_info().currsize


class _Family(Protocol):
    @property
    def family(self) -> str: ...


class _Patterns(Protocol):
    def browser(self, text: str) -> _Family | None: ...

    def system(self, text: str) -> _Family | None: ...


@cache
def _patterns() -> _Patterns:
    # Here and not above: a service to which nobody POSTs does without.
    from ua_parser import Domain
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    browsers, systems, _ = load_lazy_builtins()
    resolver = Resolver((browsers, systems, []))

    class Patterns:
        def browser(self, text: str) -> _Family | None:
            return resolver(text, Domain.USER_AGENT).user_agent

        def system(self, text: str) -> _Family | None:
            return resolver(text, Domain.OS).os

    return Patterns()


@lru_cache(CACHE_SIZE)
def _describe(text: str) -> ClientHints:
    # No browser sends anything else, and the patterns take no half surrogates.
    if not text.isascii() or not text.strip():
        return _NOTHING
    patterns = _patterns()
    browser, system = patterns.browser(text), patterns.system(text)
    name = _BROWSERS.get(browser.family, browser.family) if browser else None
    os = _SYSTEMS.get(system.family, system.family) if system else None
    lowered = text.lower()
    if any(word in lowered for word in _ROBOTS):
        return ClientHints("bot", name, os)
    if name is None or os is None:
        # A browser names both: what is left are programs, televisions and guesses.
        return _NOTHING
    return ClientHints(_device(text, os), name, os)


def _device(text: str, os: str) -> str | None:
    if "iPad" in text or "Tablet" in text:
        return "tablet"
    if os == "Android":
        return "mobile" if "Mobile" in text else "tablet"
    if os in _DESKTOPS:
        return "desktop"
    return "mobile" if os == "iOS" else None
