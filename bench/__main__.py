"""``python -m bench [NAME ...]``: run the measurements and print them as a table."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import dashboards, dashboards_many, durable_posts, history, kills, sessions, upstream
from bench.figures import Figure, table

MEASUREMENTS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "upstream": upstream.measure,
    "sessions": sessions.measure,
    "dashboards": dashboards.measure,
    "dashboards-single": lambda: dashboards.measure(batch=False),
    "dashboards-many": dashboards_many.measure,
    "history": history.measure,
    "posting": durable_posts.measure,
    "kills": kills.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the service.")
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(MEASUREMENTS)}; all when none is named")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in options.names or MEASUREMENTS:
        print(f"measuring {name} ...", flush=True)
        figures += asyncio.run(_measure(name))
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps([figure._asdict() for figure in figures], indent=1))


async def _measure(name: str) -> list[Figure]:
    return await MEASUREMENTS[name]()


if __name__ == "__main__":
    main()
