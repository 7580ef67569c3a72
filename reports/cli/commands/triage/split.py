"""``runtime-assert triage split``: undoes a merge, or parts a bucket by a fact of its findings."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import note
from reports.cli.triage_options import ID, KNOWN, NOTE, RUN
from reports.triage.decisions import SPLIT_FIELDS


@click.command()
@RUN
@ID
@click.option("--by", type=click.Choice(SPLIT_FIELDS), default=None, help="Part the bucket by this fact of its findings.")  # fmt: skip  # noqa: E501
@NOTE
@KNOWN
def command(run: Path, name: str, by: str | None, note_text: str, known_file: Path | None) -> None:
    """Take a bucket of RUN apart again.

    Without --by, ID is taken out of the bucket into which it was merged; if others were merged into it, they are. With
    --by, findings of the bucket that differ in that fact become buckets of their own.
    """
    from reports.triage.decisions import parse
    from reports.triage.editing import append, remove
    from reports.triage.runs import decisions_file, known_list, load_report
    from reports.triage.select import select

    known_file = known_list(known_file)
    found = select(load_report(run, known_file), name)
    path = decisions_file(known_file)
    bucket = found.row["bucket"]
    if by is not None:
        entry = {"bucket": bucket, "by": by, "signature": found.row["signature"]}
        append(path, "split", {**entry, **({"note": note_text} if note_text else {})}, check=parse)
        note(f"{path}: {bucket} is parted by {by}")
        return
    undone = 0
    if path.exists():
        undone = remove(path, "merge", "bucket", bucket, check=parse) or remove(
            path, "merge", "into", bucket, check=parse
        )
        undone = undone or remove(path, "split", "bucket", bucket, check=parse)
    if not undone:
        raise click.UsageError(f"{bucket} was neither merged nor parted in {path} (--by parts it)")
    note(f"{path}: {undone} decision{'' if undone == 1 else 's'} on {bucket} taken back")
