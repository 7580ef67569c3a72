"""``runtime-assert triage issue``: the draft of a bug report, for a person to check and to file."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import deliver, note
from reports.cli.triage_options import ID, KNOWN, OUTPUT, RUN


@click.command()
@RUN
@ID
@OUTPUT
@KNOWN
def command(run: Path, name: str, target: Path | None, known_file: Path | None) -> None:
    """Draft a bug report on the finding ID of RUN in the form that torch asks for.

    It holds the minimal program, what was observed, the ablation by front end and backend, and the versions. Nothing is
    sent: read it, search for an older report, and file it yourself.
    """
    from reports.render.issue import draft
    from reports.triage.runs import known_list, load_report
    from reports.triage.scripts import check_scriptable
    from reports.triage.select import select

    report = load_report(run, known_list(known_file))
    found = select(report, name)
    check_scriptable(found.row)
    deliver(draft(found.row, report.environment, hits=found.finding.hits), target)
    if found.finding.known is not None:
        note(f"known already as {found.finding.known.id}: {found.finding.known.url}")
