"""``runtime-assert triage accept``: writes a finding into the known list."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from reports.cli.output import note
from reports.cli.triage_options import ID, KNOWN, NOTE, RUN


@click.command()
@RUN
@ID
@click.option("--url", required=True, help="The public thread about it.")
@click.option("--name", "entry_id", default=None, metavar="NAME", show_default="made from the finding", help="The entry's id.")  # fmt: skip  # noqa: E501
@click.option("--title", default=None, help="One sentence on the fault.")
@click.option("--versions", default=None, metavar="RANGE", show_default="the torch of the run", help="Versions of torch that have it, such as '>=2.11,<2.16'.")  # fmt: skip  # noqa: E501
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Last day on which it excuses anything.")  # fmt: skip  # noqa: E501
@NOTE
@KNOWN
def command(
    run: Path,
    name: str,
    url: str,
    entry_id: str | None,
    title: str | None,
    versions: str | None,
    expires: datetime.datetime | None,
    note_text: str,
    known_file: Path | None,
) -> None:
    """List the finding ID of RUN as known: from the next run on it fails none.

    The entry goes to the end of the known list (known.toml in this folder unless --known), whose comments and order
    stay, and its program to vectors/NAME.json beside it. Review both as you review code.
    """
    from reports.files import write_text
    from reports.grouping import NEVER_EXCUSED
    from reports.known import load_known, parse_known
    from reports.triage.accepting import entry, suggested_name, vector, vector_path
    from reports.triage.editing import append
    from reports.triage.runs import load_report
    from reports.triage.select import select

    path = known_file or Path("known.toml")
    existing = path if path.exists() else None
    report = load_report(run, existing)
    found = select(report, name)
    entry_id = entry_id or suggested_name(found.row)
    if found.finding.known is not None and not found.finding.expired:
        raise click.UsageError(f"{found.row['id']} is known already as {found.finding.known.id}")
    if entry_id in {one.id for one in load_known(existing)}:
        raise click.UsageError(f"--name {entry_id}: an entry of that name exists (choose another)")
    torch = str(report.environment.get("torch", ""))
    table = entry(
        found.row,
        name=entry_id,
        url=url,
        title=title,
        versions=versions,
        expires=expires.date() if expires else None,
        note=note_text,
        torch=torch,
    )
    append(path, "known", table, check=parse_known)
    write_text(vector_path(path, entry_id), vector(found.row))
    note(f"{path}: {entry_id} added; its program is {vector_path(path, entry_id)}")
    if found.row["subject"] == NEVER_EXCUSED:
        note(f"a finding of {NEVER_EXCUSED} fails every run all the same")
