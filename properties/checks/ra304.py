"""RA304 is deterministic: two runs on copies of one capture leave the same graph.

## What it guarantees
The same graph and ShapeEnv give the same nodes with the same names, arguments and messages in the same order.

## Why it matters
Compile caches are keyed by the graph's text, and two ranks of one job must compile the same program; a pass whose
result depends on the order of a set breaks both.

## How it is decided
By running the subject a second time on a fresh copy and comparing the graphs' texts; a subject that changes the
ShapeEnv (RA305) is judged by its second and third run.

## What it cannot see
Differences between processes (the seed of string hashing), and in metadata.
"""

from __future__ import annotations

from itertools import zip_longest

from properties.capture.state import changes
from properties.case import Case, apply
from properties.checks.models import refuted
from properties.read.nodes import lines
from properties.verdict import PROVED, Verdict


def check(case: Case) -> Verdict:
    """Whether a second run of ``case``'s subject, on a copy of the same capture, leaves the same graph."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    first, second = lines(case.after.graph), _again(case)
    if first != second and changes(case.capture.state, case.state_after):
        # What the first run wrote is put back, but the caches that it filled stay: only later runs are alike.
        first, second = second, _again(case)
    if first == second:
        return PROVED
    one, two = next((a, b) for a, b in zip_longest(first, second, fillvalue="nothing") if a != b)
    kind = "order" if sorted(first) == sorted(second) else "nodes"
    witness = case.run(case.capture.example())
    detail = f"first run:  {one}\nsecond run: {two}"
    return refuted(case, "nondeterministic", None, witness, skeleton=kind, detail=detail)


def _again(case: Case) -> list[str]:
    module, crash, _ = apply(case.subject, case.capture, case.capture.copy_of_graph())
    return lines(module.graph) if module is not None else [crash]
