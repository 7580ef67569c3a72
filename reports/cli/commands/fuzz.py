"""``runtime-assert fuzz``: searches for faults for a given time or number of programs, and can be left alone."""

from __future__ import annotations

from pathlib import Path

import click

from reports import folder
from reports.cli import options
from reports.cli.output import note


@click.command()
@click.option("--minutes", type=float, default=None, metavar="N", show_default="10, unless --programs is given", help="Search for so long.")  # fmt: skip  # noqa: E501
@click.option("--programs", type=int, default=None, metavar="N", help="Search so many programs for each front end instead.")  # fmt: skip  # noqa: E501
@options.what
@options.execution
@options.how
@options.where("fuzz-out")
@click.pass_context
def command(
    ctx: click.Context,
    minutes: float | None,
    programs: int | None,
    subjects: tuple[str, ...],
    frontends: tuple[str, ...],
    codes: tuple[str, ...],
    seed: int,
    device: str,
    backends: tuple[str, ...],
    backend_share: float | None,
    jobs: int,
    timeout: float,
    memory: int,
    engine: str,
    address: str | None,
    part: tuple[int, int] | None,
    resume: Path | None,
    target: Path,
    store: Path | None,
    known_file: Path | None,
    machine: bool,
) -> int:
    """Search for faults, for a time or a number of programs.

    Every worker is disposable, every finding is on the disk before it counts, and a run that was cut off goes on with
    --resume. A search goes on after a finding; each new kind is shrunk once, at the end. With --programs the same
    seed gives the same report, whatever the number of workers and however often it was resumed.
    """
    if minutes is not None and programs is not None:
        raise click.UsageError("--minutes and --programs exclude each other")
    from reports.publish import check_inputs

    # Everything that can be wrong with what the user gave is found out before any work and any file.
    check_inputs(known_file)
    from reports.cli import campaign
    from reports.cli.finish import finish
    from reports.cli.resuming import resumed

    how = campaign.How(jobs, timeout, memory, engine, address)
    name = "fuzz"
    if resume is not None:
        target = resume
        plan, name = resumed(ctx, resume)
    else:
        folder.check(target)
        plan = campaign.plan_of(
            subjects=subjects,
            frontends=frontends,
            codes=codes,
            seed=seed,
            jobs=jobs,
            programs=programs,
            minutes=10.0 if minutes is None and programs is None else minutes,
            part=part,
            profile="nightly",
            device=device,
            backends=backends,
            backend_share=backend_share,
        )
        size = f"{plan.programs:,} programs" if plan.minutes is None else f"{plan.minutes:g} minutes"
        note(f"searching {', '.join(subjects)} for {size}, {jobs} workers")
    rows = campaign.collect(plan, target, command=name, how=how, resume=resume is not None)
    return finish(rows, target, known_file=known_file, store=store, machine=machine)
