"""How a command that ran a campaign ends: the folder is written, the verdict printed, the exit status returned."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.cli.output import as_json, note

STORE = "store.sqlite"


def finish(
    rows: Sequence[Mapping[str, Any]], target: Path, *, known_file: Path | None, store: Path | None, machine: bool
) -> int:
    """Writes the report of ``rows`` to ``target`` and prints it, as JSON if ``machine``.

    Under GitHub Actions, summary.md is added to the step's summary.

    Args:
        known_file: a list of known findings besides the shipped one.
        store: the store of runs, which the trends come from and which this run is added to; the one in ``target`` if
            None.

    Raises:
        WriteError: if the report or the store cannot be written, and a journal in ``target`` holds the run.
    """
    from reports.files import FileError
    from reports.folder import FolderError
    from reports.publish import publish, report_of
    from reports.render.machine import summary
    from reports.render.terminal import print_report
    from reports.store import Store, StoreError, WriteError, is_begun

    store = store or target / STORE
    report = report_of(rows, known_file=known_file, store=store)
    step_summary = os.environ.get("GITHUB_STEP_SUMMARY")
    try:
        publish(target, report, step_summary=Path(step_summary) if step_summary else None)
        with Store.open(store) as opened:
            opened.add(rows)
    except (FolderError, FileError, StoreError) as error:
        # What was joined from other runs has no journal of its own, and is joined again.
        raise WriteError(str(error)) if is_begun(target) else error from error
    if machine:
        as_json(summary(report))
    else:
        print_report(report, target)
    if not report.complete:
        note(f"to go on with this run: runtime-assert {rows[0].get('command', 'audit')} --resume {target}")
    return int(report.status)
