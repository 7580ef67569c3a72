"""The support map: which construct gets through which front end, and why not; from ``support`` of the shard rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.model import Report
from reports.text import one_line

CAPTURED, WRONG = "captured", "found wrong"
_REFUSED, _NOT_ASKED = "refused: ", "not asked: "
_REASONS = 4


def support_map(report: Report) -> dict[str, Any] | None:
    """Columns (front ends) and rows (constructs), each cell with its share and its reasons; None without data."""
    if not report.support:
        return None
    names = list(dict.fromkeys(cell.frontend for cell in report.cells))
    seen = {frontend for by_frontend in report.support.values() for frontend in by_frontend}
    columns = [*(name for name in names if name in seen), *sorted(seen - set(names))]
    return {
        "columns": columns,
        "rows": [
            {"construct": construct, "cells": [_cell(by_frontend.get(column, {})) for column in columns]}
            for construct, by_frontend in report.support.items()
        ],
    }


def _cell(outcomes: Mapping[str, int]) -> dict[str, Any]:
    kept_out = [name.removeprefix(_NOT_ASKED) for name in outcomes if name.startswith(_NOT_ASKED)]
    outcomes = {name: count for name, count in outcomes.items() if not name.startswith(_NOT_ASKED)}
    whole = sum(outcomes.values())
    if kept_out and not whole:
        return {"tone": "none", "text": "not asked", "why": "; ".join(kept_out), "count": ""}
    if not whole:
        return {"tone": "none", "text": "never drawn", "why": "", "count": ""}
    wrong = outcomes.get(WRONG, 0)
    captured = outcomes.get(CAPTURED, 0) + wrong
    refused = sorted(
        ((count, name.removeprefix(_REFUSED)) for name, count in outcomes.items() if name not in (CAPTURED, WRONG)),
        key=lambda pair: (-pair[0], pair[1]),
    )
    share = captured / whole
    why = [f"{count:,} {one_line(name, 80)}" for count, name in refused[:_REASONS]]
    if len(refused) > _REASONS:
        why.append(f"{len(refused) - _REASONS} more reasons")
    if wrong:
        why.insert(0, f"{wrong:,} found wrong")
    tone = "h4" if share == 1 else "h3" if share >= 0.9 else "h2" if share >= 0.5 else "h1" if share else "h0"
    return {"tone": tone, "text": f"{share:.0%}", "why": "; ".join(why), "count": f"{whole:,}"}
