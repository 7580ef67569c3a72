"""``runtime-assert triage repro``: the stand-alone script of a finding."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import deliver
from reports.cli.triage_options import ID, KNOWN, OUTPUT, RUN


@click.command()
@RUN
@ID
@OUTPUT
@KNOWN
def command(run: Path, name: str, target: Path | None, known_file: Path | None) -> None:
    """Write a script that imports only torch and shows the finding ID of RUN: it exits with 1 as long as it is there.

    Only faults of the installed torch can be shown so; for other subjects there is triage replay.
    """
    from reports.render.reproducer import script
    from reports.triage.runs import known_list, load_report
    from reports.triage.scripts import check_scriptable
    from reports.triage.select import select

    report = load_report(run, known_list(known_file))
    row = select(report, name).row
    check_scriptable(row)
    deliver(script(row, str(report.environment.get("torch", "?"))), target)
