"""Mutants whose fault is only in the bodies of ``cond``, ``map`` and ``while_loop``; the outer graph is right."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from properties.capture.types import subgraphs
from properties.mutants import edits
from properties.mutants.edits import Edit, drop
from properties.mutants.mutant import GE, GT, LE, LT, after, always, table

_BODIES = ("cond", "while_loop", "map_rows")
_STEPS: dict[Any, int] = {GE: -1, GT: -1, LE: 1, LT: 1}


def in_bodies(edit: Edit, *, last: bool = False) -> Edit:
    """``edit`` in every graph inside of a graph; with ``last`` in the last one of each node only (the else branch)."""

    def inside(gm: fx.GraphModule) -> None:
        found = dict(subgraphs(gm))
        if last:
            attributes = [
                [part for part in node.all_input_nodes if part.op == "get_attr"]
                for node in gm.graph.nodes
                if isinstance(node.target, torch._ops.HigherOrderOperator)
            ]
            chosen = {str(parts[-1].target) for parts in attributes if len(parts) > 1}
            found = {name: module for name, module in found.items() if name in chosen}
        for module in found.values():
            edit(module)

    return inside


def _wider(gm: fx.GraphModule) -> None:
    """Moves every bound by one, so that more is let through."""
    for node in edits.asserts(gm.graph):
        bound = edits.condition(node)
        relation: Any = bound.target
        if relation in _STEPS:
            left, right, *_ = bound.args
            with gm.graph.inserting_before(node):
                moved = gm.graph.call_function(operator.add, (right, _STEPS[relation]))
                node.args = (gm.graph.call_function(relation, (left, moved)), *node.args[1:])


MUTANTS = table(
    ("drops-all-in-branches", "RA101", after(in_bodies(drop(always))), "158366", "make_fx", _BODIES),
    (
        "drops-the-last-of-each-branch",
        "RA101",
        after(in_bodies(drop(always, which=slice(-1, None)))),
        "",
        "make_fx",
        _BODIES,
    ),
    ("bounds-of-branches-one-too-wide", "RA101", after(in_bodies(_wider)), "", "make_fx", _BODIES),
    (
        "drops-checks-of-else-branches",
        "RA104",
        after(in_bodies(drop(always), last=True)),
        "PR 165893",
        "make_fx",
        ("cond",),
    ),
)
