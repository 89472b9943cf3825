"""``python -m bench [NAME ...]``: run the measurements and print them as a table."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from bench import (
    dashboards,
    dashboards_many,
    durable_posts,
    growth,
    history,
    kills,
    peers,
    sessions,
    upstream,
)
from bench.figures import Figure, table

Measurement = Callable[[], Awaitable[list[Figure]]]

MEASUREMENTS: dict[str, Measurement] = {
    "upstream": upstream.measure,
    "sessions": sessions.measure,
    "dashboards": dashboards.measure,
    "dashboards-single": lambda: dashboards.measure(batch=False),
    "dashboards-many": dashboards_many.measure,
    "history": history.measure,
    "posting": durable_posts.measure,
    "growth": growth.measure,
    "kills": kills.measure,
    "peers": peers.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the service.")
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(MEASUREMENTS)}; all when none is named")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--quick", action="store_true", help="peers: once and briefly, to see that it works")
    parser.add_argument("--plot", type=Path, help="peers: draw the figures to this file, .svg or .png")
    options = parser.parse_args()
    if options.plot and options.plot.suffix not in {".svg", ".png"}:
        parser.error("--plot takes a file that ends in .svg or .png")
    measurements = MEASUREMENTS | {"peers": partial(peers.measure, quick=options.quick, plot=options.plot)}
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in options.names or MEASUREMENTS:
        print(f"measuring {name} ...", flush=True)
        figures += asyncio.run(_measure(measurements[name]))
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps([figure._asdict() for figure in figures], indent=1))


async def _measure(measurement: Measurement) -> list[Figure]:
    return await measurement()


if __name__ == "__main__":
    main()
