"""Mutants of the asserts' conditions: dropped, weakened, strengthened, wrong operands, wrongly deduplicated."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from properties.mutants import edits
from properties.mutants.edits import calls, drop, has, many_leaves, negative_literal, retarget, rewrite, shifted
from properties.mutants.mutant import EQ, GE, LE, LT, NE, after, always, table
from properties.read.targets import target_name


def _first_per_relation(gm: fx.GraphModule) -> None:
    """Deduplicates by relation and leaves, as if constants did not matter."""
    seen: set[Any] = set()
    for node in edits.asserts(gm.graph):
        key = (edits.condition(node).target, frozenset(edits.leaves(edits.condition(node))))
        if key in seen:
            gm.graph.erase_node(node)
        seen.add(key)


def _other_leaf(gm: fx.GraphModule) -> None:
    """Asserts about the first ``item()`` what was said of another."""
    items = [node for node in gm.graph.nodes if "scalar" in str(node.target) or "item" in str(node.target)]
    for node in edits.asserts(gm.graph):
        condition = edits.condition(node)
        for leaf in edits.leaves(condition) & set(items[1:]):
            condition.replace_input_with(leaf, items[0])


def _negated(gm: fx.GraphModule) -> None:
    node = edits.asserts(gm.graph)[-1:]
    for found in node:
        with gm.graph.inserting_before(found):
            found.args = (gm.graph.call_function(torch.sym_not, (found.args[0],)), *found.args[1:])


def _raises_on_two(gm: fx.GraphModule) -> None:
    if len(edits.asserts(gm.graph)) >= 2:
        raise IndexError("list index out of range")


def _float_literal(node: fx.Node) -> bool:
    """Whether a condition has a literal float."""
    return any(isinstance(arg, float) for part in edits.below(node) for arg in part.args)


def _negative_divisor(node: fx.Node) -> bool:
    return any(
        part.target in (operator.floordiv, operator.mod) and isinstance(part.args[1], int) and part.args[1] < 0
        for part in edits.below(node)
    )


def _has_float(node: fx.Node) -> bool:
    return any(isinstance(arg, float) and arg == arg and abs(arg) < 1e18 for arg in node.args)


def _truncated(node: fx.Node) -> None:
    """Takes bounds of floats for bounds of ints."""
    node.args = tuple(int(arg) if isinstance(arg, float) else arg for arg in node.args)


def _one_per_leaf(gm: fx.GraphModule) -> None:
    """Asserts one thing about each leaf, as if nothing more could be said."""
    seen: set[fx.Node] = set()
    for node in edits.asserts(gm.graph):
        found = edits.leaves(edits.condition(node))
        if found <= seen:
            gm.graph.erase_node(node)
        seen |= found


def _is_stride(node: fx.Node) -> bool:
    return target_name(node.target) in ("aten.sym_stride.int", "stride")


def _sizes_for_strides(gm: fx.GraphModule) -> None:
    """Asserts about a size what was said of the stride of the same dimension."""
    for node in edits.asserts(gm.graph):
        bound = edits.condition(node)
        for leaf in filter(_is_stride, edits.leaves(bound)):
            with gm.graph.inserting_after(leaf):
                size = gm.graph.call_function(torch.ops.aten.sym_size.int, leaf.args)
            for part in edits.below(bound):
                part.replace_input_with(leaf, size)


_LONG_SUM = 4
_LARGE_GRAPH = 30


def _shorter_sums(gm: fx.GraphModule) -> None:
    """Adds up all but the last of many terms."""
    for node in gm.graph.find_nodes(op="call_function", target=torch.sym_sum):
        terms = node.args[0]
        if len(terms) >= _LONG_SUM:
            node.args = (list(terms[:-1]),)


def _gives_up_on_large_graphs(gm: fx.GraphModule) -> None:
    """Asserts nothing where there is much to assert about."""
    if len(gm.graph.nodes) > _LARGE_GRAPH:
        drop(always)(gm)


MUTANTS = table(
    ("drops-all", "RA101", after(drop(always)), ""),
    ("drops-the-first", "RA101", after(drop(always, which=slice(0, 1))), ""),
    ("drops-the-last", "RA101", after(drop(always, which=slice(-1, None))), ""),
    ("drops-upper-bounds", "RA101", after(drop(calls(LE, literal=1))), "182703"),
    ("drops-lower-bounds", "RA101", after(drop(calls(GE, literal=1))), ""),
    ("drops-equalities", "RA101", after(drop(calls(EQ))), "151127"),
    ("drops-inequalities", "RA101", after(drop(calls(NE))), "151127"),
    ("drops-what-has-two-leaves", "RA101", after(drop(many_leaves(2))), ""),
    ("drops-what-has-three-leaves", "RA101", after(drop(many_leaves(3))), "144792"),
    ("drops-remainders", "RA101", after(drop(has(operator.mod))), "PR 132457"),
    ("drops-quotients", "RA101", after(drop(has(operator.floordiv))), "PR 132457"),
    ("drops-minima", "RA101", after(drop(has(torch.sym_min))), ""),
    ("drops-maxima", "RA101", after(drop(has(torch.sym_max))), ""),
    ("drops-negative-constants", "RA101", after(drop(negative_literal)), ""),
    ("equality-with-itself", "RA101", after(rewrite(calls(EQ), edits.same_operand)), "119689"),
    ("lower-bounds-one-too-low", "RA101", after(rewrite(calls(GE, literal=1), shifted(1, -1))), ""),
    ("upper-bounds-one-too-high", "RA101", after(rewrite(calls(LE, literal=1), shifted(1, 1))), ""),
    ("lower-bounds-one-too-high", "RA101", after(rewrite(calls(GE, literal=1), shifted(1, 1))), "165912"),
    ("upper-bounds-one-too-low", "RA101", after(rewrite(calls(LE, literal=1), shifted(1, -1))), ""),
    ("upper-bounds-strict", "RA101", after(rewrite(calls(LE), retarget(LT))), ""),
    ("equality-weakened-to-a-bound", "RA101", after(rewrite(calls(EQ), retarget(GE))), ""),
    ("bounds-with-operands-swapped", "RA101", after(rewrite(calls(LE, GE), edits.swapped)), ""),
    ("minimum-for-maximum", "RA101", after(rewrite(calls(torch.sym_max), retarget(torch.sym_min))), ""),
    ("quotient-for-remainder", "RA101", after(rewrite(calls(operator.mod), retarget(operator.floordiv))), ""),
    ("sum-for-difference", "RA101", after(rewrite(calls(operator.sub), retarget(operator.add))), ""),
    ("deduplicates-without-constants", "RA101", after(_first_per_relation), "PR 128599"),
    ("says-it-of-another-item", "RA101", after(_other_leaf), ""),
    ("negates-the-last", "RA101", after(_negated), "143157"),
    ("raises-on-two-asserts", "RA101", after(_raises_on_two), "PR 125878"),
    ("drops-what-has-float-literals", "RA101", after(drop(_float_literal)), "151500"),
    ("truncates-float-bounds", "RA101", after(rewrite(_has_float, _truncated)), "151500"),
    ("drops-disjunctions", "RA101", after(drop(has(operator.or_))), "PR 132457"),
    ("drops-negative-divisors", "RA101", after(drop(_negative_divisor)), "PR 140886"),
    ("drops-all-but-two", "RA101", after(drop(always, which=slice(2, None))), "144792"),
    ("asserts-once-per-leaf", "RA101", after(_one_per_leaf), "PR 128599"),
    ("drops-an-addend-of-long-sums", "RA101", after(_shorter_sums), "144792"),
    ("gives-up-on-large-graphs", "RA101", after(_gives_up_on_large_graphs), ""),
    ("sizes-for-strides", "RA101", after(_sizes_for_strides), "", "export+deferred", ("check_query=stride",)),
)
