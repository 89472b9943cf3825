"""Draws what ``bench peers`` found. SVG takes the reader's light or dark colours; PNG is for light ground."""

import re
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.peers_programs import CHEAP, ECHO, OURS, USUAL

if TYPE_CHECKING:
    from bench.peers import Findings

COLOURS = {OURS: "#2f81f7", USUAL: "#d4722a", CHEAP: "#b59a00", ECHO: "#8b8b8b"}
"""Told apart on white and on black, and by those who do not see red and green as two colours."""
INK = "#1f2328"
INK_ON_DARK = "#e6edf3"
STYLE = f"""<style>
:root {{ --ink: {INK}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: {INK_ON_DARK}; }} }}
</style>"""
STYLES = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bench",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BAR = 0.2


def draw(findings: "Findings", path: Path) -> None:
    """Write the bars of events a second and the delays over the rate to ``path`` (.svg or .png)."""
    import matplotlib
    from matplotlib.figure import Figure

    is_svg = path.suffix == ".svg"
    with matplotlib.rc_context(STYLES):
        figure = Figure(figsize=(10, 8.5), layout="constrained")
        rows: Any = figure.subfigures(2, 1, hspace=0.06)
        _bars(rows[0].subplots(), findings)
        crowds = sorted({delay.dashboards for delay in findings.delays})
        panels = rows[1].subplots(1, len(crowds), sharey=True, squeeze=False)[0]
        for panel, dashboards in zip(panels, crowds, strict=True):
            _delays(panel, findings, dashboards)
        panels[0].set_ylabel("delay of an event (ms)")
        rows[1].suptitle(
            "POST due → on the dashboard (none there: → answered); solid p50, dotted p99, × cannot keep up.\n"
            "Up to 2,000 events/s one a request, above that 20",
            fontsize=10,
        )
        metadata = {"Date": None} if is_svg else None
        figure.savefig(path, transparent=is_svg, dpi=144, metadata=metadata)
    if is_svg:
        text = path.read_text(encoding="utf-8").replace(INK, "var(--ink)")
        path.write_text(re.sub(r"(<svg[^>]*>)", rf"\1\n{STYLE}", text, count=1), encoding="utf-8")


def _bars(axes: Any, findings: "Findings") -> None:
    groups = {
        f"{count} connection{'s' * (count > 1)}": turns for count, turns in findings.singles.items()
    } | {"32 connections,\n50 dashboards": findings.watched}
    for position, (name, colour) in enumerate(COLOURS.items()):
        there = [(at, turns[name]) for at, turns in enumerate(groups.values()) if name in turns]
        bars = axes.bar(
            [at + (position - 1.5) * BAR for at, _ in there],
            [median(turn.rate for turn in of_name) for _, of_name in there],
            BAR * 0.92,
            label=name + (", stores on disk" if name == OURS else ", stores nothing"),
            color=colour,
        )
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=8, color=INK)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.set_ylabel("accepted events a second")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False, fontsize=9, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _delays(axes: Any, findings: "Findings", dashboards: int) -> None:
    here = [delay for delay in findings.delays if delay.dashboards == dashboards]
    rates = sorted({delay.rate for delay in findings.delays})
    for name, colour in COLOURS.items():
        kept = [delay for delay in here if delay.program == name and delay.keeps_up]
        at = [rates.index(delay.rate) for delay in kept]
        axes.plot(at, [delay.p50_ms for delay in kept], "o-", color=colour, markersize=4)
        axes.plot(at, [delay.p99_ms for delay in kept], "o:", color=colour, markersize=4)
        failed = [delay for delay in here if delay.program == name and not delay.keeps_up]
        height = 0.98 - 0.05 * list(COLOURS).index(name)
        axes.plot(
            [rates.index(delay.rate) for delay in failed],
            [height] * len(failed),
            "x",
            color=colour,
            transform=axes.get_xaxis_transform(),
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(range(len(rates)), [f"{rate:,}" for rate in rates], fontsize=8)
    axes.set_xlim(-0.4, len(rates) - 0.6)
    axes.set_xlabel("events a second")
    axes.set_title(f"{dashboards} dashboard{'s' * (dashboards != 1)}", fontsize=10)
