"""The runs before this one as charts: what was found, how programs ended, how fast; and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.history import OUTCOMES, Past
from reports.model import Report
from reports.text import one_line, plural

# The drawing area of a chart, in the units of its view box.
WIDTH, HEIGHT = 720, 150
_COLORS = {"proved": 1, "refuted": 2, "undecided": 3, "not_captured": 4, "vacuous": 5, "tool_error": 8}


def trends(report: Report) -> dict[str, Any] | None:
    """What the template's section on earlier runs reads; None if there are none."""
    if not report.history:
        return None
    runs = [*report.history, _now(report)]
    last = report.history[-1]
    now = runs[-1]
    return {
        "since": f"{_day(last.started)}, torch {last.torch}",
        "appeared": sorted(now.buckets - last.buckets),
        "gone": sorted(last.buckets - now.buckets),
        "stayed": len(now.buckets & last.buckets),
        "charts": [_outcomes(runs), _findings(runs), _rate(runs)],
        "rows": _table(runs),
        "first": _day(runs[0].started),
        "count": plural(len(runs), "run"),
    }


def _now(report: Report) -> Past:
    outcomes = {name: sum(totals.count(name) for totals in report.subjects.values()) for name in OUTCOMES}
    return Past(
        id="this run",
        started=report.started,
        torch=str(report.environment.get("torch", "?")),
        complete=report.complete,
        programs=report.programs,
        seconds=report.seconds,
        outcomes=outcomes,
        buckets=frozenset(row["bucket"] for one in report.findings for row in (one.row, *(r for _, r in one.others))),
    )


def _outcomes(runs: Sequence[Past]) -> dict[str, Any]:
    """A stacked bar for each run: the shares of the outcomes."""
    parts = []
    for index, run in enumerate(runs):
        whole = sum(run.outcomes.values())
        top = 0.0
        for name in OUTCOMES:
            count = run.outcomes.get(name, 0)
            height = HEIGHT * count / whole if whole else 0.0
            if height:
                text = f"{_when(run)}: {count:,} {name.upper()} ({count / whole:.1%})"
                parts.append(_bar(index, len(runs), top, height, _COLORS[name], text))
            top += height
    return {"title": "How programs ended, by run", "parts": parts, "top": "100 %"}


def _findings(runs: Sequence[Past]) -> dict[str, Any]:
    """A bar for each run: buckets seen before, and on top those seen for the first time."""
    most = max([len(run.buckets) for run in runs] + [1])
    seen: frozenset[str] = frozenset()
    parts = []
    for index, run in enumerate(runs):
        first = len(run.buckets - seen) if index else 0
        old = len(run.buckets) - first
        heights = [HEIGHT * count / most for count in (old, first)]
        if old:
            text = f"{_when(run)}: {plural(old, 'bucket')} seen before"
            parts.append(_bar(index, len(runs), HEIGHT - heights[0], heights[0], 6, text))
        if first:
            text = f"{_when(run)}: {plural(first, 'bucket')} seen for the first time"
            parts.append(_bar(index, len(runs), HEIGHT - sum(heights), heights[1], 2, text))
        seen |= run.buckets
    return {"title": "Buckets found, by run (red: for the first time)", "parts": parts, "top": f"{most:,}"}


def _rate(runs: Sequence[Past]) -> dict[str, Any]:
    """A bar for each run: programs a second."""
    most = max([run.rate for run in runs] + [1e-9])
    parts = [
        _bar(index, len(runs), HEIGHT * (1 - run.rate / most), HEIGHT * run.rate / most, 7, _fast(run))
        for index, run in enumerate(runs)
    ]
    return {"title": "Programs a second, by run", "parts": parts, "top": f"{most:,.1f}"}


def _fast(run: Past) -> str:
    return f"{_when(run)}: {run.rate:,.1f} programs a second"


def _bar(index: int, count: int, y: float, height: float, color: int, title: str) -> dict[str, Any]:
    step = WIDTH / count
    gap = min(4.0, step * 0.2)
    return {
        "color": color,
        "x": f"{step * index + gap / 2:.1f}",
        "y": f"{y:.1f}",
        "width": f"{step - gap:.1f}",
        "height": f"{height:.1f}",
        "title": title,
    }


def _table(runs: Sequence[Past]) -> list[dict[str, str]]:
    return [
        {
            "when": _when(run),
            "torch": one_line(run.torch, 24),
            "programs": f"{run.programs:,}",
            "proved": _share(run, "proved"),
            "refuted": _share(run, "refuted"),
            "undecided": f"{run.outcomes.get('undecided', 0):,}",
            "buckets": f"{len(run.buckets):,}",
            "rate": f"{run.rate:,.1f}",
        }
        for run in reversed(runs)
    ]


def _share(run: Past, name: str) -> str:
    whole = sum(run.outcomes.values())
    return f"{run.outcomes.get(name, 0) / whole:.1%}" if whole else "none"


def _when(run: Past) -> str:
    text = "this run" if run.id == "this run" else _day(run.started)
    return text if run.complete else f"{text}, incomplete"


def _day(started: str) -> str:
    return one_line(started[:16].replace("T", " "), 20) or "at an unknown time"
