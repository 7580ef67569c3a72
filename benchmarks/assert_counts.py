"""Counts the asserts that the pass emits against torch's own on the same captures, and explains every graph with more.

    python benchmarks/assert_counts.py [--programs N] [--seed S] [--frontend NAME ...]

An assert of ours that torch's graph does not imply, decided by the solver for all inputs, stands for a constraint that
torch lost or weakened. What a graph has beyond torch's asserts and these is excess: the aim is none. Generated
programs, the same for the same seed. Exits with 1 if there is excess.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed
from properties.campaign.pool import prepare
from properties.case import Case
from properties.solver.query import solve
from properties.subjects import resolve
from strategies.program import Program
from strategies.source import program_source
from strategies.terms import Term

SUBJECTS = ("reference", "torch")
SHARD = 50


@dataclass(frozen=True)
class Comparison:
    """One capture: how many asserts either pass leaves, and which of ours torch's graph does not imply.

    undecided: asserts of ours that the solver, or the reader of the graph, could not decide.
    """

    program: Program
    ours: int
    theirs: int
    lost: tuple[Term, ...] = ()
    undecided: int = 0

    @property
    def excess(self) -> int:
        """Asserts beyond torch's that no lost constraint explains."""
        return max(0, self.ours - self.theirs - len(self.lost))


@dataclass
class Totals:
    """What came of the captures of one front end."""

    graphs: int = 0
    refused: int = 0
    torch_failed: int = 0
    ours: int = 0
    theirs: int = 0
    fewer: int = 0
    more: list[Comparison] = field(default_factory=list)

    def add(self, found: Comparison) -> None:
        """Count one capture."""
        self.graphs += 1
        self.ours += found.ours
        self.theirs += found.theirs
        self.fewer += found.ours < found.theirs
        if found.ours > found.theirs:
            self.more.append(found)

    @property
    def excess(self) -> list[Comparison]:
        """The graphs with more asserts than what torch lost accounts for."""
        return [found for found in self.more if found.excess]


def compare(program: Program, ours: Case, theirs: Case) -> Comparison:
    """Both passes on one capture. The solver is asked only where ours leaves more asserts."""
    mine, other = (*ours.emitted, *ours.inside), (*theirs.emitted, *theirs.inside)
    if len(mine) <= len(other):
        return Comparison(program, len(mine), len(other))
    known = (*ours.facts.assumptions, *theirs.emitted_terms)
    lost: list[Term] = []
    undecided = 0
    for emitted in mine:
        answer = solve(known, (emitted.term,)).status if emitted.term is not None else "unknown"
        if answer == "sat" and emitted.term is not None:
            lost.append(emitted.term)
        undecided += answer == "unknown"
    return Comparison(program, len(mine), len(other), tuple(lost), undecided)


def count(programs: Iterable[Program], frontend: str) -> Totals:
    """Every program through one front end."""
    subjects = {name: resolve(name) for name in SUBJECTS}
    totals = Totals()
    for program in programs:
        checked = check_program(program, frontend, subjects, (), thorough=False)
        for kind, text in checked.faults:
            print(f"{kind} fault: {text.splitlines()[-1]}", file=sys.stderr)
        if checked.facts is None:
            totals.refused += 1
        elif checked.cases["torch"].after is None or checked.cases["reference"].after is None:
            totals.torch_failed += 1
        else:
            totals.add(compare(program, checked.cases["reference"], checked.cases["torch"]))
    return totals


def programs_of(seed: int, number: int) -> Iterator[Program]:
    """Generated programs, the same for the same seed."""
    for shard in range(-(-number // SHARD)):
        yield from draw(shard_seed(seed, 0, shard), "nightly", min(SHARD, number - shard * SHARD))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each front end, and every graph with excess. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=300, help="for each front end (default: 300)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frontend", nargs="+", default=["shape_env", "make_fx", "export"])
    parser.add_argument("--json", metavar="FILE", help="write the graphs with more asserts than torch's there")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    logging.getLogger().setLevel(logging.ERROR)
    prepare()
    head = ("front end", "graphs", "refused", "failed", "ours", "torch", "fewer", "more", "lost", "undecided", "excess")
    print(("{:22}" + "{:>10}" * 10).format(*head))
    rows: list[dict[str, object]] = []
    excess = 0
    for frontend in options.frontend:
        totals = count(programs_of(options.seed, options.programs), frontend)
        numbers = (
            totals.graphs,
            totals.refused,
            totals.torch_failed,
            totals.ours,
            totals.theirs,
            totals.fewer,
            len(totals.more),
            sum(len(found.lost) for found in totals.more),
            sum(found.undecided for found in totals.more),
            sum(found.excess for found in totals.more),
        )
        print(("{:22}" + "{:>10}" * 10).format(frontend, *numbers), flush=True)
        excess += len(totals.excess)
        for found in totals.excess:
            print(f"\nexcess of {found.excess}: {found.ours} asserts, torch {found.theirs}")
            print(program_source(found.program))
        for found in totals.more:
            rows.append(
                {
                    "frontend": frontend,
                    "program": found.program.to_json(),
                    "ours": found.ours,
                    "torch": found.theirs,
                    "lost": [str(term) for term in found.lost],
                    "excess": found.excess,
                }
            )
    print(
        "lost: asserts of ours, in graphs with more of them, that torch's graph does not imply. failed: a pass raised."
    )
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1))
    return 1 if excess else 0


if __name__ == "__main__":
    sys.exit(main())
