"""What is wrong with the form of a graph that a pass left, so that neither a reader nor torch can make sense of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from properties.read.targets import ASSERT_TARGETS, condition_of, message_of, target_name


def fault_of(graph: fx.Graph, before: fx.Graph) -> tuple[str, str] | None:
    """The first fault of ``graph`` as (kind, detail), or None; ``before`` is the graph that the pass was given.

    Kinds: ``lint`` (FX's own), ``inputs`` (others than before, or in another order), ``order`` (a node stands before
    the last of them), ``output`` (not one, at the end), ``condition`` and ``message`` (an assert of something that is
    neither a node nor a truth value, or whose operator wants a text and has none).
    """
    try:
        graph.lint()
    except Exception as error:  # noqa: BLE001 - the graph is foreign, and lint has no type of its own
        lines = str(error).splitlines()
        return "lint", (lines[0] if lines else type(error).__name__)[:200]
    nodes = list(graph.nodes)
    inputs, expected = _inputs(graph), _inputs(before)
    if inputs != expected:
        return "inputs", f"placeholders {inputs}, before the pass {expected}"
    if any(node.op != "placeholder" for node in nodes[: len(inputs)]):
        return "order", "a node stands before the last placeholder"
    if sum(node.op == "output" for node in nodes) != 1 or nodes[-1].op != "output":
        return "output", "the graph does not end in its one output"
    # What was there before is not the pass's doing: programs of others are traced as they are.
    odd = _odd_asserts(before)
    return next((fault for name, fault in _odd_asserts(graph).items() if odd.get(name) != fault), None)


def _odd_asserts(graph: fx.Graph) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for node in graph.nodes:
        if target_name(node.target) not in ASSERT_TARGETS:
            continue
        condition = condition_of(node)
        if not isinstance(condition, (fx.Node, bool)):
            found[node.name] = "condition", f"{node.name} asserts {condition!r}"
        elif isinstance(node.target, torch._ops.OpOverload) and not isinstance(message_of(node), str):
            found[node.name] = "message", f"{node.name} has no text to say: {message_of(node)!r}"
    return found


def _inputs(graph: fx.Graph) -> list[Any]:
    """The placeholders, by the name under which a caller may give their values where it is not the node's."""
    nodes = [node for node in graph.nodes if node.op == "placeholder"]
    return [node.name if node.name == node.target else f"{node.name} ({node.target})" for node in nodes]
