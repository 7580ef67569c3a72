"""``runtime-assert fuzz``: searches for faults for a given time or number of programs, and can be left alone."""

from __future__ import annotations

from typing import Any

import click

from reports.cli import options
from reports.cli.running import run


@click.command()
@options.run(
    "fuzz-out",
    click.option(
        "--minutes",
        type=float,
        default=None,
        metavar="N",
        show_default="10, unless --programs is given",
        help="Search for so long.",
    ),
    click.option(
        "--programs", type=int, default=None, metavar="N", help="Search so many programs for each front end instead."
    ),
    options.SECOND_OPINION,
)
def command(
    ctx: click.Context, chosen: options.Chosen, minutes: float | None, programs: int | None, second_opinion: bool
) -> int:
    """Search for faults, for a time or a number of programs.

    Every worker is disposable, every finding is on the disk before it counts, and a run that was cut off goes on with
    --resume. A search goes on after a finding; each new kind is shrunk once, at the end. With --programs the same
    seed gives the same report, whatever the number of workers and however often it was resumed.
    """
    if minutes is not None and programs is not None:
        raise click.UsageError("--minutes and --programs exclude each other")
    box = 10.0 if minutes is None and programs is None else minutes

    def planned() -> dict[str, Any]:
        options.check_second_opinion(second_opinion)
        return {"programs": programs, "minutes": box, "profile": "nightly", "second_opinion": second_opinion}

    return run(ctx, chosen, "fuzz", planned)
