"""``runtime-assert compare``: joins runs that are parts of one plan."""

from __future__ import annotations

from pathlib import Path

import click

from reports import folder
from reports.cli import options
from reports.cli.output import note
from reports.text import plural


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path), metavar="DIR...")
@click.option("--merge", is_flag=True, help="Join the parts (--shard i/n) of one plan into one run.")
@options.where("merged-out")
def command(
    runs: tuple[Path, ...],
    merge: bool,
    target: Path,
    store: Path | None,
    known_file: Path | None,
    machine: bool,
) -> int:
    """Join the folders DIR... of runs into one report.

    With --merge they are parts of one plan, on the same versions; a part that is missing or not finished is named, and
    the report is incomplete. What is new and what is fixed between two whole runs tells triage diff.
    """
    if not runs:
        raise click.UsageError("no folder of a run given")
    if not merge:
        raise click.UsageError("--merge is needed; to compare two whole runs use triage diff A B")
    from reports.cli.finish import finish
    from reports.cli.merging import merged
    from reports.publish import check_inputs
    from reports.store import Journal

    check_inputs(known_file)
    folder.check(target)
    records = merged(runs)
    with Journal.create(target, records[0]) as journal:
        for record in records[1:]:
            journal.append(record)
    note(f"joining {plural(len(runs), 'part')}")
    from properties.campaign import rows_of

    return finish(rows_of(records), target, known_file=known_file, store=store, machine=machine)
