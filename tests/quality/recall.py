"""Public faults of the pass, and within how many Programs random search finds each of them again.

Run as ``python -m tests.quality.recall [--programs N]`` (``make recall``): one line for each row of :data:`ROWS`. A row
names torch itself where 2.13 still has the fault, and else a mutant that brings it back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed
from properties.campaign.pool import Lost, results
from properties.campaign.signature import signature_of
from properties.subjects import resolve


@dataclass(frozen=True, slots=True)
class Row:
    """One public thread (an issue, or ``PR`` and a pull request of pytorch/pytorch) and what finds its fault.

    ``direction`` and ``cause`` narrow which refutation of the property counts; empty admits any.
    """

    thread: str
    what: str
    subject: str
    code: str
    frontend: str
    direction: str = ""
    cause: str = ""


ROWS = (
    Row(
        "113952",
        "a stage that traces again finds nothing left to assert",
        "mutant:empties-deferred-asserts",
        "RA305",
        "shape_env",
    ),
    Row(
        "119689",
        "an equality with a replaced item compares it with itself",
        "torch",
        "RA101",
        "shape_env",
        "missing",
        "replaced",
    ),
    Row("PR 121079", "the node that binds the item is lost", "mutant:forgets-bindings", "RA204", "shape_env"),
    Row("PR 131051", "what only a replacement knows is forgotten", "mutant:forgets-replacements", "RA305", "shape_env"),
    Row(
        "141248",
        "an equality of sizes is not asserted where asserts are preferred",
        "mutant:drops-what-is-about-inputs",
        "RA101",
        "make_fx+deferred",
        "missing",
        "equality",
    ),
    Row(
        "151127",
        "== and != of an item are dropped",
        "mutant:drops-inequalities",
        "RA101",
        "shape_env",
        "missing",
        "inequality",
    ),
    Row("182703", "checks of the user's are pruned", "mutant:loses-the-last-check", "RA105", "compile"),
    Row("PR 184608", "a check of the user's comes out weaker", "mutant:checks-weakened-to-bounds", "RA105", "compile"),
    Row("151500", "bounds of floats are truncated", "mutant:truncates-bounds-of-floats", "RA101", "make_fx"),
    Row(
        "PR 185588",
        "asserts over inputs alone are dropped",
        "mutant:drops-what-is-about-inputs",
        "RA101",
        "shape_env+deferred",
        "missing",
    ),
    Row(
        "150539",
        "a later stage drops what export added",
        "mutant:drops-all",
        "RA101",
        "export+decompositions",
        "missing",
    ),
    Row("PR 132457", "what cannot be lowered is skipped", "mutant:drops-remainders", "RA101", "shape_env", "missing"),
    Row(
        "PR 150103",
        "a bound of one of two equal dims is lost",
        "mutant:drops-bounds-of-one-input",
        "RA101",
        "shape_env+deferred",
        "missing",
        "bound",
    ),
    Row(
        "PR 133627",
        "sys.maxsize is taken for a bound",
        "mutant:takes-maxsize-for-a-bound",
        "RA101",
        "shape_env",
        "extra",
    ),
    Row("PR 138136", "a binding is read at another path", "mutant:binds-at-another-path", "RA204", "shape_env"),
    Row("PR 125878", "two asserts in one graph raise", "mutant:raises-on-two-asserts", "RA101", "shape_env", "crash"),
    Row(
        "123854", "an assert reads a value before it is there", "mutant:asserts-before-the-inputs", "RA202", "shape_env"
    ),
    Row("PR 183908", "an assert stands behind the first use", "mutant:asserts-a-few-nodes-late", "RA103", "make_fx"),
    Row(
        "143157", "a negated or joined condition raises", "mutant:raises-on-connectives", "RA101", "shape_env", "crash"
    ),
    Row("PR 125414", "values of new nodes are wrong", "mutant:values-of-another-kind", "RA203", "shape_env"),
    Row("PR 124696", "new nodes have no stack trace", "mutant:new-nodes-without-traces", "RA203", "export"),
    Row("PR 169497", "new nodes have no module stack", "mutant:loses-module-stacks", "RA203", "export"),
    Row("150063", "the user's message is lost", "mutant:forgets-the-users-message", "RA502", "compile"),
    Row("150064", "the line of the check is lost", "torch", "RA501", "make_fx", "unhelpful", "no line"),
    Row(
        "PR 128599",
        "asserts are taken for one that differ",
        "mutant:deduplicates-without-constants",
        "RA101",
        "shape_env",
        "missing",
    ),
    Row("PR 130351", "sizes of intermediates are computed wrongly", "mutant:makes-sizes-larger", "RA201", "make_fx"),
    Row(
        "vLLM PR 37485",
        "asserts that say nothing new cost time on each step",
        "torch",
        "RA401",
        "shape_env",
        "redundant",
    ),
    Row("144792", "sums of many terms are lost", "mutant:drops-what-has-three-leaves", "RA101", "shape_env", "missing"),
)
PROGRAMS = 600
"""Programs of the nightly profile, for seed 0, within which each row must be found."""


def programs_needed(row: Row, programs: int) -> int | None:
    """How many Programs were checked until ``row``'s fault was seen with its witness, or None."""
    subject = {row.subject: resolve(row.subject)}
    for number, program in enumerate(draw(shard_seed(0, 0, 0), "nightly", programs, row.frontend), start=1):
        checked = check_program(program, row.frontend, subject, (row.code,), thorough=False)
        case = checked.cases.get(row.subject)
        for code, verdict in checked.refutations(row.subject) if case is not None else ():
            cause = signature_of(case, code, verdict).cause  # type: ignore[arg-type]
            if code == row.code and verdict.direction.startswith(row.direction) and row.cause in cause:
                return number
    return None


def table(rows: Iterable[Row], programs: int, jobs: int) -> bool:
    """Prints a line for each row; whether all were found."""
    print(f"{'thread':<14}{'programs':>9}  {'property':<9}{'frontend':<22}subject")
    found = 0
    rows = tuple(rows)
    # A worker of its own for each: what torch's pass writes depends on what torch has cached before.
    for row, result in zip(
        rows, results(programs_needed, [(row, programs) for row in rows], workers=jobs, timeout=900), strict=True
    ):
        text = "lost" if isinstance(result, Lost) else "-" if result is None else str(result)
        found += isinstance(result, int)
        print(f"{row.thread:<14}{text:>9}  {row.code:<9}{row.frontend:<22}{row.subject}: {row.what}", flush=True)
    print(f"{found} of {len(rows)} found within {programs} programs each")
    return found == len(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=PROGRAMS)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    return 0 if table(ROWS, options.programs, options.jobs) else 1


if __name__ == "__main__":
    sys.exit(main())
