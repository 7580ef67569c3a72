"""``runtime-assert triage diff``: two runs, versions or subjects side by side."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json
from reports.cli.triage_options import JSON, KNOWN


@click.command()
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@click.option("--subjects", default=None, metavar="A,B", help="Compare subject A of run A with subject B of run B, whatever they are called.")  # fmt: skip  # noqa: E501
@KNOWN
@JSON
def command(before: Path, after: Path, subjects: str | None, known_file: Path | None, machine: bool) -> int:
    """Compare the runs A and B: what is new in B, what is fixed, and what is still there.

    The runs may be of two nights, of two versions of torch, or, with --subjects, one and the same folder twice. A
    finding of A that B did not look for is not called fixed. Exits with 1 if something is new, with 5 if nothing is
    but a run was incomplete or did not look everywhere, else with 0.
    """
    from reports.render.terminal_triage import diff_json, print_diff
    from reports.triage.diff import diff
    from reports.triage.runs import known_list, load_report

    pair: tuple[str | None, str | None] = (None, None)
    if subjects is not None:
        left, comma, right = subjects.partition(",")
        if not (comma and left and right):
            raise click.UsageError(f"--subjects {subjects!r} (allowed: two names joined by a comma, such as torch,reference)")  # fmt: skip  # noqa: E501
        pair = (left, right)
    known_file = known_list(known_file)
    reports = load_report(before, known_file), load_report(after, known_file)
    for report, name in zip(reports, pair, strict=True):
        if name is not None and name not in report.subjects:
            raise click.UsageError(f"--subjects: no subject {name!r} (allowed: {', '.join(report.subjects)})")
    result = diff(*reports, pair)
    if machine:
        as_json(diff_json(result))
    else:
        print_diff(result, *reports)
    return int(result.status)
