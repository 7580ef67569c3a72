"""``runtime-assert audit``: checks passes on generated programs and writes the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reports.cli import options
from reports.cli.running import run


@click.command()
@options.run(
    "audit-out",
    click.option("--programs-scale", type=float, default=None, help="Multiply the usual number of programs."),
    click.option("--programs", type=int, default=None, help="Exact number of programs for each front end."),
    click.option(
        "--certificates",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="Empty or new folder for every proof obligation as SMT-LIB 2, with a manifest.",
    ),
    options.SECOND_OPINION,
    click.option("--search-only", is_flag=True, help="Leave out mutants, public faults, real programs, stored cases."),
)
def command(
    ctx: click.Context,
    chosen: options.Chosen,
    programs_scale: float | None,
    programs: int | None,
    certificates: Path | None,
    second_opinion: bool,
    search_only: bool,
) -> int:
    """Audit passes on generated programs, and write a report.

    By default the reference pass and the pass of the installed torch are audited. The report's folder gets
    index.html, summary.md, run.json, findings.jsonl, the log, and for every finding its JSON and a script.
    """
    if programs is not None and programs_scale is not None:
        raise click.UsageError("--programs and --programs-scale exclude each other")

    def planned() -> dict[str, Any]:
        options.check_second_opinion(second_opinion)
        own = {"certificates": _certificates(certificates), "second_opinion": second_opinion}
        return {"scale": programs_scale, "programs": programs, **own}

    def parts(plan: Any) -> tuple[Any, ...]:
        from reports.cli import gates

        return () if search_only else tuple(gates.parts(plan, chosen.known_file))

    return run(ctx, chosen, "audit", planned, parts)


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
