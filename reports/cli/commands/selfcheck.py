"""``runtime-assert selfcheck``: runs every seeded fault against random search and says which property killed it."""

from __future__ import annotations

from statistics import median
from typing import Any

import click

from reports.cli.options import Jobs
from reports.cli.output import as_json, line, note
from reports.status import ExitStatus


@click.command()
@click.option("--mutant", "names", multiple=True, metavar="NAME", show_default="all", default=(), help="Seeded fault to run. Repeatable.")  # fmt: skip  # noqa: E501
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Same seed, same versions: same result.")  # fmt: skip  # noqa: E501
@click.option("--programs", type=click.IntRange(1, 1_000_000), default=None, show_default="300", help="How many programs a mutant may survive.")  # fmt: skip  # noqa: E501
@click.option("--jobs", type=Jobs(), default="auto", show_default=True, help="Worker processes.")
@click.option("--json", "machine", is_flag=True, help="Print JSON instead of the table.")
def command(names: tuple[str, ...], seed: int, programs: int | None, jobs: int, machine: bool) -> int:
    """Check the checker: is every seeded fault of the pass found, and how soon?

    Every mutant is a right pass with one fault. Random programs are run until the property that names the fault has
    refuted it, by inputs that were executed. The exit status is 1 if a mutant survives.
    """
    from properties.campaign.selfcheck import PROGRAMS, chosen, selfcheck

    wanted = chosen(names)
    limit = programs or PROGRAMS
    note(f"running {len(wanted)} seeded faults on up to {limit:,} programs each, {jobs} workers")
    rows: list[dict[str, Any]] = []
    for row in selfcheck(wanted, seed=seed, programs=limit, jobs=jobs):
        rows.append(row)
        note(f"{len(rows)} of {len(wanted)}: {row['mutant']} {_result(row)}")
    rows.sort(key=lambda row: wanted.index(row["mutant"]))
    counts = [row["programs"] for row in rows if row["killed"]]
    summary = {
        "seed": seed,
        "limit": limit,
        "mutants": len(rows),
        "killed": len(counts),
        "survived": [row["mutant"] for row in rows if not row["killed"] and not row["error"]],
        "errors": [row["mutant"] for row in rows if row["error"]],
        "median_programs": median(counts) if counts else None,
        "most_programs": max(counts, default=None),
    }
    if machine:
        as_json({**summary, "rows": rows})
    else:
        _table(rows, summary)
    if summary["survived"]:
        return int(ExitStatus.NEW_FINDINGS)
    return int(ExitStatus.TOOL_ERROR if summary["errors"] else ExitStatus.CLEAN)


def _result(row: dict[str, Any]) -> str:
    if row["error"]:
        return f"error: {row['error']}"
    if not row["killed"]:
        return f"survives {row['programs']} programs"
    return f"killed by {row['property']} ({row['direction']}) at program {row['programs']}"


def _table(rows: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    width = max(len(row["mutant"]) for row in rows)
    for row in rows:
        like = f"  like {row['like']}" if row["like"] else ""
        line(f"{row['mutant']:{width}}  {row['frontend']:9}  {_result(row)}{like}")
    line(
        f"\n{summary['killed']} of {summary['mutants']} killed; median {summary['median_programs']} programs, "
        f"at most {summary['most_programs']}"
    )
    if summary["survived"]:
        line(f"survived: {', '.join(summary['survived'])}")
