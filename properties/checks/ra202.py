"""RA202 leaves a legal graph: well formed, compilable, with the same inputs and outputs.

## What it guarantees
After the pass the graph passes FX's own lint, has the placeholders that it had, in their order and before all other
nodes, ends in one output node, and every assert's condition is a node or a literal bool, its message a text. So do the
graphs inside, of branches and loops.

## Why it matters
A malformed graph fails far from its cause, in a later stage (pytorch/pytorch pull 125878, issue 131324).

## How it is decided
By inspection of the graph.

## What it cannot see
Metadata (RA203) and bindings (RA204).
"""

from __future__ import annotations

from properties.case import Case
from properties.checks.models import refuted
from properties.verdict import PROVED, Status, Verdict


def check(case: Case) -> Verdict:
    """Whether the graph that ``case``'s subject left is well formed."""
    if case.after is None:
        return Verdict(Status.UNDECIDED, reason="the subject raised", detail=case.crash)
    if case.malformed is None:
        return PROVED
    kind, detail = case.malformed
    return refuted(case, "malformed", None, case.run(case.capture.example()), skeleton=kind, detail=detail)
