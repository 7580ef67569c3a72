"""RA301 is idempotent: a second run of the pass on its own result changes nothing.

## What it guarantees
Running the subject again, on the graph that it left and the same ShapeEnv, leaves that graph as it is.

## Why it matters
Stages retrace and run the pass again (pytorch/pytorch issue 113952); what grows on every run costs on every step.

## How it is decided
By comparing what the nodes of both graphs compute; names, order and messages do not count.

## What it cannot see
Growth that needs a retrace in between (RA302).
"""

from __future__ import annotations

from collections import Counter

from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.read.nodes import computed, used
from properties.read.targets import is_assert
from properties.verdict import PROVED, Verdict


def check(case: Case) -> Verdict:
    """Whether a second run of ``case``'s subject changes its own result."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    again, crash, _ = case.again
    if again is None:
        return refuted(case, "crash", None, case.run(case.capture.example()), skeleton="second run", detail=crash)
    first, second = _nodes(case.after.graph), _nodes(again.graph)
    if first == second:
        return PROVED
    change = _asserts(again.graph) - _asserts(case.after.graph)
    kind = "asserts added" if change > 0 else "asserts removed" if change < 0 else "nodes changed"
    detail = f"the second run changes {first.total()} nodes to {second.total()}, asserts by {change:+d}"
    return refuted(case, "altered", None, case.run(case.capture.example()), skeleton=kind, detail=detail)


def _nodes(graph: fx.Graph) -> Counter[str]:
    """The nodes as what they compute; what nothing uses and has no effect is left out."""
    seen = computed(graph)
    return Counter(seen[node] for node in used(graph))


def _asserts(graph: fx.Graph) -> int:
    return sum(is_assert(node) for node in graph.nodes)
