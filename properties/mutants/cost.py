"""Mutants that assert too much, and those whose errors do not help."""

from __future__ import annotations

import torch
from torch import fx

from properties.mutants import edits
from properties.mutants.edits import calls
from properties.mutants.mutant import GE, after, table


def _again(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        bound = edits.condition(node)
        edits.add_assert(gm.graph, node, bound.target, *bound.args)  # type: ignore[arg-type]


def _looser(gm: fx.GraphModule) -> None:
    """Asserts beside each lower bound one that is lower."""
    for node in edits.asserts(gm.graph):
        bound = edits.condition(node)
        if calls(GE, literal=1)(bound):
            left, right, *_ = bound.args
            edits.add_assert(gm.graph, node, GE, left, right - 1)  # type: ignore[operator]


def _restates(least: int) -> edits.Edit:
    """Asserts of every size of an input that it is at least ``least``."""

    def edit(gm: fx.GraphModule) -> None:
        inputs = [node for node in gm.graph.nodes if node.op == "placeholder"]
        for node in inputs:
            value = node.meta.get("val")
            for axis, size in enumerate(value.shape if isinstance(value, torch.Tensor) else ()):
                if isinstance(size, torch.SymInt):
                    with gm.graph.inserting_before(inputs[-1].next):
                        read = gm.graph.call_function(torch.ops.aten.sym_size.int, (node, axis))
                    edits.add_assert(gm.graph, read, GE, read, least)

    return edit


def _swaps_messages(gm: fx.GraphModule) -> None:
    found = edits.asserts(gm.graph)
    texts = [node.args[1] for node in found]
    for node, text in zip(found, texts[1:] + texts[:1], strict=True):
        node.args = (node.args[0], text)


def _placeless(gm: fx.GraphModule) -> None:
    edits.messages(lambda node, text: text.partition(" (checked")[0])(gm)
    for node in edits.asserts(gm.graph):
        node.meta.pop("stack_trace", None)


def _wrong_places(gm: fx.GraphModule) -> None:
    """Names the line of the binding in place of that of the check."""
    for node in edits.asserts(gm.graph):
        origins = [leaf.meta["stack_trace"] for leaf in edits.leaves(node.args[0]) if leaf.meta.get("stack_trace")]  # type: ignore[arg-type]
        node.meta["stack_trace"] = origins[0] if origins else ""
    edits.messages(lambda node, text: text.partition(" (checked")[0])(gm)


MUTANTS = table(
    ("asserts-twice", "RA401", after(_again), "182703"),
    ("asserts-looser-bounds-too", "RA401", after(_looser), "vLLM PR 37485"),
    ("restates-that-sizes-are-sizes", "RA402", after(_restates(0)), "", "export"),
    ("restates-ranges-of-sizes", "RA402", after(_restates(2)), "", "export"),
    (
        "shows-another-condition",
        "RA501",
        after(edits.messages(lambda node, text: "Runtime assertion failed: 0 == 1")),
        "150063",
    ),
    ("empty-messages", "RA501", after(edits.messages(lambda node, text: "")), "150064"),
    (
        "messages-without-a-condition",
        "RA501",
        after(edits.messages(lambda node, text: "Runtime assertion failed")),
        "",
    ),
    ("asserts-without-a-place", "RA501", after(_placeless), "150063", "compile"),
    ("points-to-the-binding", "RA501", after(_wrong_places), "150064", "compile"),
    ("forgets-the-users-message", "RA502", after(edits.messages(lambda node, text: "0 == 1")), "150063", "compile"),
    ("swaps-messages", "RA502", after(_swaps_messages), "", "compile"),
)
