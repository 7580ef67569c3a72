"""Mutants of the rest of the graph: its results, its legality, its metadata, its bindings."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx
from torch.utils._pytree import SequenceKey

from properties.mutants import edits
from properties.mutants.edits import Edit
from properties.mutants.mutant import after, always, table


def _larger_sizes(gm: fx.GraphModule) -> None:
    for node in list(gm.graph.nodes):
        if node.target is torch.ops.aten.zeros.default and node.args[0]:
            first, *rest = node.args[0]  # type: ignore[misc]
            with gm.graph.inserting_before(node):
                larger = gm.graph.call_function(operator.add, (first, 1))
            node.args = ([larger, *rest], *node.args[1:])


def _reversed_results(gm: fx.GraphModule) -> None:
    output = list(gm.graph.nodes)[-1]
    if isinstance(output.args[0], (list, tuple)):
        output.args = (tuple(reversed(output.args[0])),)


def _misplaced(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        next(iter(gm.graph.nodes)).prepend(node)


def _among_inputs(gm: fx.GraphModule) -> None:
    inputs = [node for node in gm.graph.nodes if node.op == "placeholder"]
    if len(inputs) > 1:
        inputs[0].append(inputs[-1])


def _textual_condition(gm: fx.GraphModule) -> None:
    for node in edits.asserts(gm.graph)[:1]:
        node.args = (str(node.args[0]), *node.args[1:])


def _unbinds(node: fx.Node) -> None:
    node.meta.pop("unbacked_bindings", None)


def _binds_elsewhere(node: fx.Node) -> None:
    found = node.meta.get("unbacked_bindings")
    if found:
        node.meta["unbacked_bindings"] = {symbol: (*path, SequenceKey(7)) for symbol, path in found.items()}


def _value_of_another_kind(node: fx.Node) -> None:
    if "val" in node.meta:
        node.meta["val"] = 0.5


def _results_through(target: Any, arguments: Mapping[str, Any]) -> Edit:
    """Gives back what ``target`` makes of each result that is a tensor of floats."""

    def edit(gm: fx.GraphModule) -> None:
        output = list(gm.graph.nodes)[-1]
        results = output.args[0]
        if not isinstance(results, (list, tuple)):
            return
        found = []
        for node in results:
            value = node.meta.get("val") if isinstance(node, fx.Node) else None
            if isinstance(value, torch.Tensor) and value.dtype is torch.float32 and node.target is not target:
                with gm.graph.inserting_before(output):
                    new = gm.graph.call_function(target, (node,), dict(arguments))
                new.meta = dict(node.meta)
                node = new
            found.append(node)
        output.args = (tuple(found),)

    return edit


def _writes_to_an_input(gm: fx.GraphModule) -> None:
    nodes = list(gm.graph.nodes)
    for node in nodes:
        value = node.meta.get("val")
        if node.op == "placeholder" and isinstance(value, torch.Tensor) and value.dtype is torch.float32:
            with gm.graph.inserting_before(nodes[-1]):
                gm.graph.call_function(torch.ops.aten.add_.Scalar, (node, 1)).meta = dict(node.meta)
            return


def _without_writes(gm: fx.GraphModule) -> None:
    """Erases operators that nothing reads, as if none of them wrote to what it was given."""
    for node in reversed(list(gm.graph.nodes)):
        schema = getattr(node.target, "_schema", None)
        if schema is not None and schema.is_mutable and not node.users:
            gm.graph.erase_node(node)


MUTANTS = table(
    ("erases-writes", "RA201", after(_without_writes), "", "make_fx", ("mutate",)),
    (
        "returns-doubles",
        "RA201",
        after(_results_through(torch.ops.aten._to_copy.default, {"dtype": torch.float64})),
        "",
        "make_fx",
    ),
    ("returns-copies", "RA201", after(_results_through(torch.ops.aten.clone.default, {})), "", "make_fx"),
    ("writes-to-an-input", "RA201", after(_writes_to_an_input), "", "make_fx"),
    ("makes-sizes-larger", "RA201", after(_larger_sizes), "PR 130351", "make_fx"),
    ("reverses-the-results", "RA201", after(_reversed_results), "PR 128599"),
    ("asserts-before-the-inputs", "RA202", after(_misplaced), "123854"),
    ("reorders-the-inputs", "RA202", after(_among_inputs), "151879"),
    ("asserts-a-text", "RA202", after(_textual_condition), ""),
    ("conditions-without-values", "RA203", after(edits.metadata(edits.without("val"), of=edits.is_condition)), ""),
    (
        "values-of-another-kind",
        "RA203",
        after(edits.metadata(_value_of_another_kind, of=edits.is_condition)),
        "PR 125414",
    ),
    (
        "new-nodes-without-traces",
        "RA203",
        after(edits.metadata(edits.without("stack_trace"), of=edits.is_condition)),
        "PR 124696",
        "export",
    ),
    (
        "loses-module-stacks",
        "RA203",
        after(edits.metadata(edits.without("nn_module_stack"), of=always)),
        "PR 169497",
        "export",
    ),
    (
        "loses-annotations",
        "RA203",
        after(edits.metadata(edits.without("custom"), of=always)),
        "",
        "compile",
        ("annotate",),
    ),
    ("forgets-bindings", "RA204", after(edits.metadata(_unbinds, of=always)), "PR 121079"),
    ("binds-at-another-path", "RA204", after(edits.metadata(_binds_elsewhere, of=always)), "PR 138136"),
)
