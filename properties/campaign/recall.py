"""Public faults of the pass, and within how many Programs random search finds each of them again.

A row names torch itself where 2.13 still has the fault, and else a mutant that brings it back. An audit searches for
all of them (``gates.recall``); so does ``make recall``, which writes ``docs/audits/recall.md``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from properties.campaign.environment import environment
from properties.campaign.pool import Lost, results

if TYPE_CHECKING:
    from strategies.program import Program


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
PROGRAMS = 300
"""Programs of the nightly profile, for seed 0, within which each row must be found."""
PROFILE = "nightly"
SEED = 0
TORCH = "2.13"
"""The release whose own pass shows the faults of the rows that name it."""

Needed = int | Lost | None
"""How many Programs a row needed: None if more than it was given, Lost if its worker was."""
_TIMEOUT = 900.0


def may_be_mended(row: Row) -> bool:
    """Whether a fault of torch's own pass may be gone, because the installed torch is of another release."""
    return row.subject == "torch" and not str(environment()["torch"]).startswith(f"{TORCH}.")


def search(rows: Sequence[Row], programs: int, workers: int) -> Iterator[tuple[Row, Needed]]:
    """Each of ``rows`` with what it needed, in order, run by ``workers`` processes."""
    found = results(programs_needed, [(row, programs) for row in rows], workers=workers, timeout=_TIMEOUT)
    yield from zip(rows, found, strict=True)


def programs_needed(row: Row, programs: int) -> int | None:
    """How many Programs were checked until ``row``'s fault was seen with its witness, or None."""
    from properties.campaign.check import check_program
    from properties.campaign.signature import signature_of
    from properties.subjects import resolve

    subject = {row.subject: resolve(row.subject)}
    for number, program in enumerate(_programs(row.frontend, programs), start=1):
        checked = check_program(program, row.frontend, subject, (row.code,), thorough=False)
        case = checked.cases.get(row.subject)
        for code, verdict in checked.refutations(row.subject) if case is not None else ():
            cause = signature_of(case, code, verdict).cause  # type: ignore[arg-type]
            if code == row.code and verdict.direction.startswith(row.direction) and row.cause in cause:
                return number
    return None


@functools.cache
def _programs(frontend: str, count: int) -> Sequence[Program]:
    """Drawn once by each worker."""
    from properties.campaign.draw import draw, shard_seed

    return draw(shard_seed(SEED, 0, 0), PROFILE, count, frontend)
