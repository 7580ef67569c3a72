"""Mutants that bring back faults that torch has fixed, for ``make recall``; each says its thread."""

from __future__ import annotations

import sys
from typing import Any

import sympy
import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.mutants import edits
from properties.mutants.mutant import GE, LE, Mutant, after
from properties.read.targets import target_name
from runtime_assert import insert_deferred_runtime_asserts

_SIZES = ("aten.sym_size.int", "size")


def _of_inputs(node: fx.Node) -> bool:
    """Whether a condition reads nothing but sizes of inputs."""
    return all(leaf.op == "placeholder" or target_name(leaf.target) in _SIZES for leaf in edits.leaves(node))


def _bound_of_an_input(node: fx.Node) -> bool:
    return node.target in (LE, GE) and len(edits.leaves(node)) == 1 and _of_inputs(node)


def _has_a_fraction(node: fx.Node) -> bool:
    return any(isinstance(arg, float) and not arg.is_integer() for arg in node.args)


def _truncate(node: fx.Node) -> None:
    node.args = tuple(int(arg) if isinstance(arg, float) and abs(arg) < 2**53 else arg for arg in node.args)


def _below_maxsize(gm: fx.GraphModule) -> None:
    """Takes the largest index for a bound of every item."""
    for node in list(gm.graph.nodes):
        if target_name(node.target) != "aten._local_scalar_dense.default" or "val" not in node.meta:
            continue
        if not isinstance(node.meta["val"], torch.SymInt):
            continue
        with gm.graph.inserting_after(node):
            condition = gm.graph.call_function(LE, (node, sys.maxsize - 1))
        with gm.graph.inserting_after(condition):
            gm.graph.call_function(
                edits.ASSERT, (condition, f"Runtime assertion failed for expression {node} <= maxsize")
            )


def _raises_on_connectives(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    """Asks a condition that is no comparison for its truth, as Python's ``not`` does."""
    asserts: Any = shape_env.deferred_runtime_asserts
    if any(item.expr.has(sympy.Not, sympy.Or, sympy.And) for items in asserts.values() for item in items):
        raise TypeError("cannot determine truth value of a condition")
    insert_deferred_runtime_asserts(gm, shape_env, name, export=export)


RECALLED: dict[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            "truncates-bounds-of-floats",
            "RA101",
            after(edits.rewrite(_has_a_fraction, _truncate)),
            "151500",
            "make_fx",
        ),
        Mutant("drops-what-is-about-inputs", "RA101", after(edits.drop(_of_inputs)), "PR 185588", "shape_env+deferred"),
        Mutant(
            "drops-bounds-of-one-input",
            "RA101",
            after(edits.drop(_bound_of_an_input)),
            "PR 150103",
            "shape_env+deferred",
        ),
        Mutant("takes-maxsize-for-a-bound", "RA101", after(_below_maxsize), "PR 133627"),
        Mutant("raises-on-connectives", "RA101", _raises_on_connectives, "143157"),
    )
}
