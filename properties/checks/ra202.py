"""RA202 leaves a legal graph: well formed, compilable, with the same inputs and outputs.

## What it guarantees
After the pass the graph passes FX's own lint, has the placeholders that it had, in their order and before all other
nodes, ends in one output node, and every assert's condition is a node or a literal bool.

## Why it matters
A malformed graph fails far from its cause, in a later stage (pytorch/pytorch pull 125878, issue 131324).

## How it is decided
By inspection of the graph.

## What it cannot see
Metadata (RA203) and bindings (RA204).
"""

from __future__ import annotations

from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.read.targets import ASSERT_TARGETS, target_name
from properties.verdict import PROVED, Status, Verdict


def check(case: Case) -> Verdict:
    """Whether the graph that ``case``'s subject left is well formed."""
    if case.after is None:
        return Verdict(Status.UNDECIDED, reason="the subject raised", detail=case.crash)
    fault = ("lint", case.malformed) if case.malformed else _fault(case.after.graph, case.capture.graph.graph)
    if fault is None:
        return PROVED
    kind, detail = fault
    return refuted(case, "malformed", None, case.run(case.capture.example()), skeleton=kind, detail=detail)


def _fault(graph: fx.Graph, before: fx.Graph) -> tuple[str, str] | None:
    nodes = list(graph.nodes)
    inputs = [node.name for node in nodes if node.op == "placeholder"]
    expected = [node.name for node in before.nodes if node.op == "placeholder"]
    if inputs != expected:
        return "inputs", f"placeholders {inputs}, before the pass {expected}"
    if [node.name for node in nodes[: len(inputs)]] != inputs:
        return "order", "a node stands before the last placeholder"
    if sum(node.op == "output" for node in nodes) != 1 or nodes[-1].op != "output":
        return "output", "the graph does not end in its one output"
    for node in nodes:
        if target_name(node.target) in ASSERT_TARGETS:
            condition = node.args[0] if node.args else node.kwargs.get("cond", node.kwargs.get("self"))
            if not isinstance(condition, (fx.Node, bool)):
                return "condition", f"{node.name} asserts {condition!r}"
    return None
