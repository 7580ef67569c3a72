"""``runtime-assert triage list``: the buckets of a run, by coarse cause."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json
from reports.cli.triage_options import JSON, KNOWN, RUN


@click.command()
@RUN
@click.option("--new", "only_new", is_flag=True, help="Only findings that no known entry excuses.")
@KNOWN
@JSON
def command(run: Path, only_new: bool, known_file: Path | None, machine: bool) -> None:
    """List the buckets of RUN: new ones first, grouped by coarse cause, with the number of programs in each.

    Known entries that no longer reproduce, or have expired, are listed below.
    """
    from reports.render.terminal_triage import print_list
    from reports.triage.runs import known_list, load_report

    report = load_report(run, known_list(known_file))
    findings = report.new if only_new else report.findings
    if machine:
        from reports.render.machine import brief, entry_json

        as_json({
            "findings": [brief(finding) for finding in findings],
            "known_not_seen": [entry_json(entry) for entry in report.unseen],
            "known_expired": [entry_json(entry) for entry in report.expired],
        })  # fmt: skip
    else:
        print_list(report, findings)
