"""``runtime-assert audit``: checks passes on generated programs and writes the report."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reports import folder
from reports.cli.finish import finish
from reports.cli.output import note


class Jobs(click.ParamType):
    """A number of worker processes, or ``auto`` for one per core."""

    name = "auto|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "auto":
            return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        try:
            number = int(str(value))
        except ValueError:
            number = 0
        if not 1 <= number <= 1024:
            self.fail(f"{value!r} (allowed: auto, or a number from 1 to 1024)", param, ctx)
        return number


@click.command()
@click.option("--subject", "subjects", multiple=True, metavar="NAME", default=("reference", "torch"), show_default="reference and torch", help="Pass to audit: reference, torch, identity, mutant:NAME, package.module:callable or file.py:callable. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--frontend", "frontends", multiple=True, metavar="NAME", show_default="shape_env, make_fx and export", default=(), help="How programs are traced; besides these: export-strict, compile, or all. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--property", "codes", multiple=True, metavar="CODE", show_default="all", default=(), help="Property to check, see the command explain. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Same seed, same versions: same findings.")  # fmt: skip  # noqa: E501
@click.option("--programs-scale", type=float, default=None, help="Multiply the usual number of programs.")
@click.option("--programs", type=int, default=None, help="Exact number of programs for each front end.")
@click.option("--jobs", type=Jobs(), default="auto", show_default=True, help="Worker processes.")
@click.option("--output", "target", type=click.Path(path_type=Path), default=Path("audit-out"), show_default=True, help="Folder for the report.")  # fmt: skip  # noqa: E501
@click.option("--known", "known_file", type=click.Path(path_type=Path), default=None, help="Known findings, besides the shipped ones.")  # fmt: skip  # noqa: E501
@click.option("--json", "machine", is_flag=True, help="Print the content of run.json instead of the table.")
def command(
    subjects: tuple[str, ...],
    frontends: tuple[str, ...],
    codes: tuple[str, ...],
    seed: int,
    programs_scale: float | None,
    programs: int | None,
    jobs: int,
    target: Path,
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
    folder.check(target)

    from reports.cli import campaign

    plan = campaign.audit_plan(
        subjects=subjects,
        frontends=frontends,
        codes=codes,
        seed=seed,
        scale=programs_scale,
        programs=programs,
        jobs=jobs,
    )
    note(f"auditing {', '.join(subjects)} on {plan.programs:,} programs, {jobs} workers")
    rows = campaign.collect(plan)

    return finish(rows, target, known_file=known_file, store=None, machine=machine)
