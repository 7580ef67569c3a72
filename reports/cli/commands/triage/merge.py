"""``runtime-assert triage merge``: shows several buckets as one, in this run and in later ones."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import note
from reports.cli.triage_options import KNOWN, NOTE, RUN


@click.command()
@RUN
@click.argument("into", metavar="INTO")
@click.argument("others", metavar="ID...", nargs=-1, required=True)
@NOTE
@KNOWN
def command(run: Path, into: str, others: tuple[str, ...], note_text: str, known_file: Path | None) -> None:
    """Show the buckets ID... of RUN under the bucket INTO: a person has found one cause behind them.

    The decision is written to buckets.toml beside the known list. It excuses nothing: a merged bucket is new as long
    as one of its findings is.
    """
    from reports.triage.decisions import parse
    from reports.triage.editing import append
    from reports.triage.runs import decisions_file, known_list, load_report
    from reports.triage.select import select

    known_file = known_list(known_file)
    report = load_report(run, known_file)
    target = select(report, into).finding
    path = decisions_file(known_file)
    for name in others:
        finding = select(report, name).finding
        if finding.bucket == target.bucket:
            raise click.UsageError(f"{name} is in the bucket {target.bucket} already")
        decision = {"bucket": finding.bucket, "into": target.bucket, "signature": finding.row["signature"]}
        append(path, "merge", {**decision, **({"note": note_text} if note_text else {})}, check=parse)
        note(f"{path}: {finding.bucket} is shown under {target.bucket}")
