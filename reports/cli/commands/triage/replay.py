"""``runtime-assert triage replay``: runs a finding of a run, or the vectors of the known list, again."""

from __future__ import annotations

from pathlib import Path

import click

from reports.cli.output import as_json, line, note
from reports.cli.triage_options import JSON, KNOWN


@click.command()
@click.argument("run", type=click.Path(path_type=Path), required=False)
@click.argument("name", metavar="ID", required=False)
@click.option("--subject", default=None, metavar="NAME", help="Another pass than the one of the finding.")
@click.option("--frontend", default=None, metavar="NAME", help="Another front end than the one of the finding.")
@click.option("--vectors", is_flag=True, help="Replay the vector of every known entry instead, and report those that no longer reproduce or have expired.")  # fmt: skip  # noqa: E501
@KNOWN
@JSON
def command(
    run: Path | None,
    name: str | None,
    subject: str | None,
    frontend: str | None,
    vectors: bool,
    known_file: Path | None,
    machine: bool,
) -> int:
    """Run the finding ID of RUN again, or with --vectors what the known list says.

    Exits with 1 if the fault shows, with 0 if none does. With --vectors, with 1 if an entry does not reproduce on
    this torch or has expired, and with 0 if all is as the list says.
    """
    from reports.cli import campaign

    if vectors:
        return _vectors(known_file, machine)
    if run is None or name is None:
        raise click.UsageError("RUN and ID are needed (or --vectors)")
    from reports.render.terminal import print_replay
    from reports.replayed import status_of
    from reports.triage.runs import known_list, load_report
    from reports.triage.select import select

    row = select(load_report(run, known_list(known_file)), name).row
    result = campaign.replay(
        row["program"],
        subject=subject or row["subject"],
        frontend=frontend or row["frontend"],
        codes=(row["property"],),
    )
    as_json(result) if machine else print_replay(result)
    status, why = status_of(result)
    note(why)
    return int(status)


def _vectors(known_file: Path | None, machine: bool) -> int:
    import datetime

    from properties.campaign.environment import environment
    from reports.cli import campaign
    from reports.known import load_known
    from reports.triage.runs import known_list
    from reports.triage.vectors import GOOD, replay_vectors

    entries = load_known(known_list(known_file))
    today = datetime.datetime.now(datetime.UTC).date()
    states = replay_vectors(entries, campaign.replay, torch=str(environment()["torch"]), day=today)
    if machine:
        as_json([{"id": one.entry.id, "state": one.state, "why": one.why} for one in states])
    else:
        for one in states:
            line(f"{one.entry.id}: {one.state}{f' ({one.why})' if one.why else ''}")
    return int(any(one.state not in GOOD for one in states))
