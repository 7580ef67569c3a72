"""How a command that ran a campaign ends: the folder is written, the verdict printed, the exit status returned."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.cli.output import as_json


def finish(
    rows: Sequence[Mapping[str, Any]], target: Path, *, known_file: Path | None, store: Path | None, machine: bool
) -> int:
    """Writes the report of ``rows`` to ``target`` and prints it, as JSON if ``machine``.

    Under GitHub Actions, summary.md is added to the step's summary.

    Args:
        known_file: a list of known findings besides the shipped one.
        store: the store of earlier runs, which the trends come from.
    """
    from reports.publish import publish, report_of
    from reports.render.machine import summary
    from reports.render.terminal import print_report

    report = report_of(rows, known_file=known_file, store=store)
    step_summary = os.environ.get("GITHUB_STEP_SUMMARY")
    publish(target, report, step_summary=Path(step_summary) if step_summary else None)
    if machine:
        as_json(summary(report))
    else:
        print_report(report, target)
    return int(report.status)
