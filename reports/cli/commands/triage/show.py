"""``runtime-assert triage show``: one finding, whole."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json
from reports.cli.triage_options import ID, JSON, KNOWN, RUN


@click.command()
@RUN
@ID
@KNOWN
@JSON
def command(run: Path, name: str, known_file: Path | None, machine: bool) -> None:
    """Show a finding of RUN: program, constraint, what was emitted, the input that proves it, and its bucket."""
    from reports.render.terminal_triage import print_finding
    from reports.triage.runs import known_list, load_report
    from reports.triage.select import select

    found = select(load_report(run, known_list(known_file)), name)
    if machine:
        from reports.render.machine import row_json

        as_json(row_json(found.finding, found.row, found.line))
    else:
        print_finding(found)
