"""People on a website: which page they open next, where they click, when they leave."""

from collections.abc import Iterator
from random import Random
from typing import Any

from emitters.population import World, guid

PAGES: dict[str, tuple[str, ...]] = {
    "/": ("/pricing", "/features", "/blog", "/docs", "/about"),
    "/pricing": ("/signup", "/features", "/contact", "/"),
    "/features": ("/pricing", "/docs", "/features/live", "/features/alerts"),
    "/features/live": ("/pricing", "/features"),
    "/features/alerts": ("/pricing", "/features"),
    "/blog": ("/blog/who-is-on-your-site", "/blog/quiet-launch", "/"),
    "/blog/who-is-on-your-site": ("/features", "/blog"),
    "/blog/quiet-launch": ("/blog", "/about"),
    "/docs": ("/docs/start", "/docs/api", "/"),
    "/docs/start": ("/docs/api", "/signup"),
    "/docs/api": ("/docs/start", "/docs"),
    "/about": ("/contact", "/"),
    "/contact": ("/",),
    "/signup": ("/welcome", "/pricing"),
    "/welcome": ("/docs/start",),
}
"""Each page with the pages that it links to."""

_LANDINGS = ("/", "/", "/", "/pricing", "/blog/who-is-on-your-site", "/docs/start")
_REFERRERS = (
    "",
    "",
    "https://www.google.com/",
    "https://duckduckgo.com/",
    "https://news.ycombinator.com/",
    "https://www.linkedin.com/",
)
_COUNTRIES = ("US", "US", "US", "DE", "DE", "GB", "FR", "IN", "BR", "JP", "NL", "PL", "ES", "SE", "NG", "UA")
_DEVICES = ("desktop", "desktop", "desktop", "mobile", "mobile", "tablet")
_BROWSERS = {
    "desktop": (("Chrome", "Windows"), ("Firefox", "Linux"), ("Safari", "macOS"), ("Edge", "Windows")),
    "mobile": (("Chrome", "Android"), ("Safari", "iOS"), ("Samsung Internet", "Android")),
    "tablet": (("Safari", "iPadOS"), ("Chrome", "Android")),
}
_BUTTONS = ("hero-cta", "nav-menu", "play-video", "copy-snippet", "compare-plans", "accept-cookies")
_KNOWN_USERS = 400

Event = dict[str, Any]


class Crowd:
    """A number of people who visit at the same time; who leaves is replaced by somebody new.

    The same seed and world give the same events, but for their timestamps.

    Args:
        visitors: people at once, at least 1.
    """

    def __init__(self, world: World, *, visitors: int = 40, seed: int = 1) -> None:
        self._world = world
        self._rng = Random(f"crowd {seed}")
        self._visits = [visit(world, self._rng) for _ in range(visitors)]

    def take(self, count: int, timestamp: str) -> list[Event]:
        """Return the next ``count`` events, all of them at ``timestamp`` (ISO 8601)."""
        return [self._next() | {"timestamp": timestamp} for _ in range(count)]

    def _next(self) -> Event:
        place = self._rng.randrange(len(self._visits))
        event = next(self._visits[place], None)
        if event is None:
            self._visits[place] = visit(self._world, self._rng)
            event = next(self._visits[place])
        return event


def visit(world: World, rng: Random) -> Iterator[Event]:
    """Yield the events of one visit: pages and clicks, then a ``leave`` or a ``session_end``."""
    visitor = _Visitor(world, rng)
    page = rng.choice(_LANDINGS)
    yield visitor("pageview", page)
    while rng.random() < 0.85:
        if rng.random() < 0.3:
            yield visitor("click", page, element=rng.choice(_BUTTONS))
        else:
            page = rng.choice(PAGES[page])
            yield visitor("pageview", page)
            if page == "/welcome":
                yield visitor("signup", page, plan=rng.choice(("free", "team", "company")))
    yield visitor(rng.choice(("leave", "leave", "session_end")), page)


class _Visitor:
    """Makes the events of one person."""

    def __init__(self, world: World, rng: Random) -> None:
        device = rng.choice(_DEVICES)
        browser, system = rng.choice(_BROWSERS[device])
        self._rng = rng
        self._fields: Event = {
            "sessionId": f"web-{guid(rng)}",
            "ip": world.pick(rng),
            "country": rng.choice(_COUNTRIES),
        }
        if rng.random() < 0.4:
            self._fields["userId"] = f"user-{rng.randrange(_KNOWN_USERS)}"
        self._metadata = {"device": device, "browser": browser, "os": system}
        if referrer := rng.choice(_REFERRERS):
            self._metadata["referrer"] = referrer

    def __call__(self, kind: str, page: str, **more: str) -> Event:
        return {
            "type": kind,
            "id": guid(self._rng),
            "page": page,
            **self._fields,
            "metadata": self._metadata | more,
        }
