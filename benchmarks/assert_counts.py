"""Counts the asserts that the pass emits against torch's own on the same captures, and explains every graph with more.

    python benchmarks/assert_counts.py [--programs N] [--seed S] [--frontend NAME ...]

An assert of ours that torch's graph does not imply, decided by the solver for all inputs, stands for a constraint that
torch lost or weakened. One that computes with floats, as torch's pass cannot, stands for a constraint that torch left
out and that its other asserts happen to imply. What is beyond these and torch's own is excess: the aim is none.
Generated programs, the same for the same seed. Exits with 1 if there is excess.
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
from strategies.terms import Apply, Term

SUBJECTS = ("reference", "torch")
SHARD = 50
_FLOATING = ("float_", "to_float")


@dataclass(frozen=True)
class Comparison:
    """One capture: how many asserts either pass leaves, and which of ours torch's graph does not imply.

    left_out: those of ours that compute with floats, which torch has in no form but which its graph implies.
    undecided: asserts of ours that the solver, or the reader of the graph, could not decide.
    """

    program: Program
    ours: int
    theirs: int
    lost: tuple[Term, ...] = ()
    left_out: int = 0
    undecided: int = 0

    @property
    def excess(self) -> int:
        """Asserts beyond torch's that no constraint that torch lost or left out explains."""
        return max(0, self.ours - self.theirs - len(self.lost) - self.left_out)


@dataclass
class Totals:
    """What came of the captures of one front end."""

    graphs: int = 0
    refused: int = 0
    failed: int = 0
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


def operators(term: Term) -> Iterator[str]:
    """The names of all operators in a term."""
    if isinstance(term, Apply):
        yield term.op
        for argument in term.args:
            yield from operators(argument)


def compare(program: Program, ours: Case, theirs: Case) -> Comparison:
    """Both passes on one capture. The solver is asked only where ours leaves more asserts."""
    mine, other = (*ours.emitted, *ours.inside), (*theirs.emitted, *theirs.inside)
    if len(mine) <= len(other):
        return Comparison(program, len(mine), len(other))
    assumed = ours.facts.assumptions
    lost: list[Term] = []
    left_out = undecided = 0
    for term in (emitted.term for emitted in mine):
        answer = solve((*assumed, *theirs.emitted_terms), (term,)).status if term is not None else "unknown"
        if term is None or answer == "unknown":
            undecided += 1
        elif answer == "sat":
            lost.append(term)
        elif term not in theirs.emitted_terms and any(op.startswith(_FLOATING) for op in operators(term)):
            left_out += 1
    return Comparison(program, len(mine), len(other), tuple(lost), left_out, undecided)


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
        elif checked.cases["reference"].after is None:
            totals.failed += 1
        elif checked.cases["torch"].after is None:
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
    names = (
        "graphs",
        "refused",
        "failed",
        "t failed",
        "ours",
        "torch",
        "fewer",
        "more",
        "lost",
        "left out",
        "undecided",
        "excess",
    )
    line = "{:20}" + "{:>10}" * len(names)
    print(line.format("front end", *names))
    rows: list[dict[str, object]] = []
    excess = failed = 0
    for frontend in options.frontend:
        totals = count(programs_of(options.seed, options.programs), frontend)
        numbers = (
            totals.graphs,
            totals.refused,
            totals.failed,
            totals.torch_failed,
            totals.ours,
            totals.theirs,
            totals.fewer,
            len(totals.more),
            sum(len(found.lost) for found in totals.more),
            sum(found.left_out for found in totals.more),
            sum(found.undecided for found in totals.more),
            sum(found.excess for found in totals.more),
        )
        print(line.format(frontend, *numbers), flush=True)
        excess += len(totals.excess)
        failed += totals.failed
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
    print("lost: asserts of ours, in graphs with more of them, that torch's graph does not imply. left out: asserts on")
    print("floats that torch has in no form. failed, t failed: graphs for which our pass, or only torch's, raised.")
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1))
    return 1 if excess or failed else 0


if __name__ == "__main__":
    sys.exit(main())
