"""``runtime-assert replay``: runs one finding, or one Program, again."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json, note
from reports.reading import read_case


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "finding_id", default=None, metavar="ID", help="The finding of that id, if FILE holds several.")
@click.option("--subject", default=None, metavar="NAME", help="Another pass than the one in the file.")
@click.option("--frontend", default=None, metavar="NAME", help="Another front end than the one in the file.")
@click.option("--property", "codes", multiple=True, metavar="CODE", help="Other properties than the one in the file. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--json", "machine", is_flag=True, help="Print the resulting row as JSON.")
def command(
    file: Path,
    finding_id: str | None,
    subject: str | None,
    frontend: str | None,
    codes: tuple[str, ...],
    machine: bool,
) -> int:
    """Run a finding again: a JSON file of findings/, a findings.jsonl with --id, or a bare Program.

    A bare Program is run through make_fx and the installed torch's pass unless told otherwise. Exits with 1
    if a fault shows, with 0 if none does.
    """
    case = read_case(file, finding_id)

    from reports.cli import campaign
    from reports.replayed import status_of

    row = campaign.replay(
        case.program,
        subject=subject or case.subject or "torch",
        frontend=frontend or case.frontend or "make_fx",
        codes=codes or ((case.property,) if case.property else ()),
    )
    if machine:
        as_json(row)
    else:
        from reports.render.terminal import print_replay

        print_replay(row)
    status, why = status_of(row)
    note(why)
    return int(status)
