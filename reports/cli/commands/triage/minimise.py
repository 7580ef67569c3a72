"""``runtime-assert triage minimise``: a smaller Program that shows the same fault."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json, line, note
from reports.cli.triage_options import ID, JSON, KNOWN, OUTPUT, RUN


@click.command()
@RUN
@ID
@click.option("--calls", type=click.IntRange(1, 100_000), default=400, show_default=True, help="Most programs to try.")
@OUTPUT
@KNOWN
@JSON
def command(run: Path, name: str, calls: int, target: Path | None, known_file: Path | None, machine: bool) -> int:
    """Shrink the finding ID of RUN further: fewer statements, inputs, terms and smaller numbers.

    --output gets a case that runtime-assert replay takes. Exits with 4 if the fault does not show here to begin with.
    """
    import json

    from reports.files import write_text
    from reports.status import ExitStatus
    from reports.triage.accepting import vector
    from reports.triage.runs import known_list, load_report
    from reports.triage.select import select

    row = dict(select(load_report(run, known_list(known_file)), name).row)
    from properties.campaign.minimise import minimise, same_fault
    from strategies.program import Program, ProgramError
    from strategies.source import standalone_source

    try:
        smallest = minimise(row["program"], same_fault(row), calls=calls)
    except ProgramError as error:
        raise click.UsageError(f"the program of {row['id']} is none: {error}") from error
    except ValueError as error:
        note(f"{row['id']}: {error}")
        return int(ExitStatus.UNDECIDED)
    before, after = row["statements"], len(smallest["body"])
    row |= {"program": smallest, "source": standalone_source(Program.from_json(smallest)), "statements": after}
    if target is not None:
        write_text(target, vector(row))
    if machine:
        as_json(json.loads(vector(row)))
    else:
        line(row["source"].rstrip())
    note(f"{before} statements before, {after} now" + (f"; {target} written" if target else ""))
    return 0
