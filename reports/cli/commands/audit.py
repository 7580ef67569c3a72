"""``runtime-assert audit``: checks passes on generated programs and writes the report."""

from __future__ import annotations

from pathlib import Path

import click

from reports import folder
from reports.cli import options
from reports.cli.output import note


@click.command()
@options.what
@click.option("--programs-scale", type=float, default=None, help="Multiply the usual number of programs.")
@click.option("--programs", type=int, default=None, help="Exact number of programs for each front end.")
@click.option("--certificates", type=click.Path(path_type=Path, file_okay=False), default=None, help="Empty or new folder for every proof obligation as SMT-LIB 2, with a manifest.")  # fmt: skip  # noqa: E501
@click.option("--search-only", is_flag=True, help="Leave out the mutants, real programs and regression vectors.")
@options.execution
@options.how
@options.where("audit-out")
@click.pass_context
def command(
    ctx: click.Context,
    subjects: tuple[str, ...],
    frontends: tuple[str, ...],
    codes: tuple[str, ...],
    seed: int,
    programs_scale: float | None,
    programs: int | None,
    certificates: Path | None,
    search_only: bool,
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
    """Audit passes on generated programs, and write a report.

    By default the reference pass and the pass of the installed torch are audited. The report's folder gets
    index.html, summary.md, run.json, findings.jsonl, the log, and for every finding its JSON and a script.
    """
    if programs is not None and programs_scale is not None:
        raise click.UsageError("--programs and --programs-scale exclude each other")
    # Everything that can be wrong with what the user gave is found out before any work and any file.
    from reports.publish import check_inputs

    check_inputs(known_file)
    from reports.cli import campaign, gates
    from reports.cli.finish import finish
    from reports.cli.resuming import resumed

    how = campaign.How(jobs, timeout, memory, engine, address)
    name = "audit"
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
            scale=programs_scale,
            programs=programs,
            jobs=jobs,
            part=part,
            device=device,
            backends=backends,
            backend_share=backend_share,
            certificates=_certificates(certificates),
        )
        note(f"auditing {', '.join(subjects)} on {plan.programs:,} programs, {jobs} workers")
    parts = () if search_only or name != "audit" else gates.parts(plan, known_file)
    rows = campaign.collect(plan, target, command=name, how=how, resume=resume is not None, parts=parts)
    return finish(rows, target, known_file=known_file, store=store, machine=machine)


def _certificates(place: Path | None) -> str:
    """The folder as an absolute path, made if it is not there; it has to be empty, or proofs of two runs would mix."""
    if place is None:
        return ""
    if place.exists() and any(place.iterdir()):
        raise click.UsageError(f"--certificates {str(place)!r}: the folder is not empty")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"--certificates {str(place)!r}: {error.strerror}") from error
    return str(place.resolve())
