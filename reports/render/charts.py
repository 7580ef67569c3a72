"""The figures behind the page's bars: widths on a scale of 1000, colours by number, and a text for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.model import Report
from reports.text import one_line, ranges
from reports.totals import OUTCOMES, Totals, merged

_NAMES = {"proved": "PROVED", "refuted": "REFUTED", "undecided": "UNDECIDED", "not_captured": "NOT_CAPTURED",
          "vacuous": "VACUOUS", "tool_error": "TOOL_ERROR"}  # fmt: skip
_COLORS = {"proved": 1, "refuted": 2, "undecided": 3, "not_captured": 4, "vacuous": 5, "tool_error": 8}

OUTCOME_LEGEND = tuple((_COLORS[name], _NAMES[name]) for name in OUTCOMES)

# More kinds of work than this share one colour at the end.
_TIME_COLORS = (6, 1, 3, 5, 7, 8, 2)
_REST = 4


def bar(parts: Sequence[tuple[int, float, str]], whole: float) -> list[dict[str, Any]]:
    """Rectangles for (colour, amount, text), side by side, ``whole`` being the full width."""
    drawn: list[dict[str, Any]] = []
    left = 0.0
    for color, amount, title in parts:
        width = 1000 * amount / whole if whole else 0.0
        if width:
            drawn.append({"color": color, "x": f"{left:.1f}", "width": f"{width:.1f}", "title": title})
        left += width
    return drawn


def matrix(report: Report) -> list[dict[str, Any]]:
    """One row for each subject on each front end."""
    return [
        {
            "frontend": cell.frontend,
            "subject": subject,
            "device": cell.device,
            "programs": f"{totals.programs:,}",
            "decided": f"{totals.decided / totals.programs:.1%}" if totals.programs else "not run",
            "parts": bar(_outcomes(totals), totals.programs),
            "label": ", ".join(text for _, _, text in _outcomes(totals)) or "not run",
            "lines": ranges(cell.lines) or "none",
        }
        for cell in report.cells
        for subject, totals in cell.totals.items()
    ]


def _outcomes(totals: Totals) -> list[tuple[int, float, str]]:
    counts = [(name, totals.count(name)) for name in OUTCOMES]
    return [(_COLORS[name], count, f"{count:,} {_NAMES[name]}") for name, count in counts if count]


def constructs(report: Report) -> list[dict[str, Any]]:
    """One row for each construct, the most frequent first."""
    return [
        {
            "name": name,
            "count": f"{count:,}",
            "parts": bar([(6, min(count, report.programs), f"{count:,}")], report.programs),
            "label": f"{count / report.programs:.0%}" if report.programs else "",
        }
        for name, count in report.constructs.items()
    ]


def times(report: Report) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """One row for each front end, and the legend of the kinds of work."""
    kinds = list(merged({name: round(1000 * value) for name, value in cell.seconds.items()} for cell in report.cells))
    colors = {kind: _TIME_COLORS[index] if index < len(_TIME_COLORS) else _REST for index, kind in enumerate(kinds)}
    rows = []
    for cell in report.cells:
        whole = sum(cell.seconds.values())
        parts = [
            (colors[kind], cell.seconds[kind], f"{one_line(kind, 20)} {cell.seconds[kind] / whole:.0%}")
            for kind in kinds
            if cell.seconds.get(kind)
        ]
        rows.append({
            "frontend": cell.frontend,
            "seconds": f"{whole:,.1f}",
            "rate": f"{cell.programs / whole:,.1f}" if whole else "not run",
            "parts": bar(parts, whole),
            "label": ", ".join(text for _, _, text in parts) or "not run",
        })  # fmt: skip
    own, rest = kinds[: len(_TIME_COLORS)], kinds[len(_TIME_COLORS) :]
    return rows, [(colors[kind], kind) for kind in own] + ([(_REST, ", ".join(rest))] if rest else [])
