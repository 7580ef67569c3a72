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
@click.option("--merge", is_flag=True, help="Join parts of one plan, or runs of several machines.")
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

    With --merge, parts of one plan (--shard i/n, on the same versions) become the run that they are parts of; one that
    is missing or not finished is named, and the report is incomplete. Runs of other machines, in folders or packed
    in a file, are put beside it. What is new and what is fixed between two whole runs tells triage diff.
    """
    if not runs:
        raise click.UsageError("no folder of a run given")
    if not merge:
        raise click.UsageError("--merge is needed; to compare two whole runs use triage diff A B")
    from properties.campaign import rows_of
    from reports.cli.finish import finish
    from reports.cli.merging import is_part, merged
    from reports.joining import JoinError, joined, load
    from reports.publish import check_inputs
    from reports.store import Journal

    check_inputs(known_file)
    folder.check(target)
    note(f"joining {plural(len(runs), 'run')}")
    parts = [run for run in runs if is_part(run)]
    others = [run for run in runs if run not in parts]
    found = []
    if parts:
        records = merged(parts)
        if not others:
            with Journal.create(target, records[0]) as journal:
                for record in records[1:]:
                    journal.append(record)
        found.append(rows_of(records))
    try:
        found += [load(run) for run in others]
    except JoinError as error:
        raise click.UsageError(f"--merge {error}") from error
    rows = found[0] if len(found) == 1 else joined(*found)
    return finish(rows, target, known_file=known_file, store=store, machine=machine)
