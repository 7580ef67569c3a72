"""``make recall``: within how many Programs random search finds the public faults of the pass again.

Run as ``python -m tests.quality.recall [THREAD ...] [--programs N] [--output FILE]``: one line for each row of
:data:`ROWS`, or for those of the named threads. Exit status: 0 if all were found, else 1; 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from properties.campaign.pool import Lost
from properties.campaign.recall import PROFILE, PROGRAMS, ROWS, SEED, Needed, Row, search

COMMAND = "make recall ARGS='--output docs/audits/recall.md'"


def told(needed: Needed) -> str:
    """A row's result in the tables."""
    return "lost" if isinstance(needed, Lost) else "-" if needed is None else str(needed)


def counted(found: Sequence[tuple[Row, Needed]]) -> int:
    """How many of the rows were found."""
    return sum(isinstance(needed, int) for _, needed in found)


def page(found: Sequence[tuple[Row, Needed]], programs: int) -> str:
    """The published table, as Markdown."""
    lines = [
        "# Public faults, found again by random search",
        "",
        f"{counted(found)} of {len(found)} were found, each within {programs} programs: torch {torch.__version__}, "
        f"profile {PROFILE}, seed {SEED}. A row",
        "is found when the property refutes the subject with inputs that were executed, for the named reason. Where",
        "torch has mended the fault, a mutant brings it back: our own pass with that fault alone. A thread is an issue",
        f"of pytorch/pytorch, PR a pull request of it. Written by `{COMMAND}`.",
        "",
        "| thread | what went wrong | subject | front end | property | programs needed |",
        "|---|---|---|---|---|---:|",
    ]
    lines += [
        f"| {row.thread} | {row.what} | `{row.subject}` | `{row.frontend}` | {row.code} | {told(needed)} |"
        for row, needed in found
    ]
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("threads", nargs="*", metavar="THREAD", help="threads to search for, as ROWS names them")
    parser.add_argument("--programs", type=int, default=PROGRAMS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, help="a Markdown file to write the table to")
    options = parser.parse_args(arguments)
    known = {row.thread: row for row in ROWS}
    unknown = [thread for thread in options.threads if thread not in known]
    if unknown:
        parser.error(f"no row is of {', '.join(unknown)}; allowed: {', '.join(known)}")
    rows = [known[thread] for thread in options.threads] or ROWS
    print(f"{'thread':<14}{'programs':>9}  {'property':<9}{'frontend':<22}subject")
    found: list[tuple[Row, Needed]] = []
    for row, needed in search(rows, options.programs, options.jobs):
        found.append((row, needed))
        line = f"{row.thread:<14}{told(needed):>9}  {row.code:<9}{row.frontend:<22}{row.subject}: {row.what}"
        print(line, flush=True)
    print(f"{counted(found)} of {len(found)} found within {options.programs} programs each")
    if options.output is not None:
        options.output.write_text(page(found, options.programs), encoding="utf-8")
    return 0 if counted(found) == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
