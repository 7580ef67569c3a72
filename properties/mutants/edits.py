"""Edits of a guarded graph from which mutants are made: each plants one fault into what a right pass left."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from properties.read.targets import is_assert

Edit = Callable[[fx.GraphModule], None]
ASSERT = torch.ops.aten._assert_scalar.default
MIRRORED = {operator.le: operator.ge, operator.lt: operator.gt, operator.ge: operator.le, operator.gt: operator.lt}


def asserts(graph: fx.Graph) -> list[fx.Node]:
    """The assert nodes of ``graph`` whose condition is a node, in order."""
    return [node for node in graph.nodes if is_assert(node) and node.args and isinstance(node.args[0], fx.Node)]


def condition(node: fx.Node) -> fx.Node:
    """The node that ``node``, one of :func:`asserts`, asserts."""
    found = node.args[0]
    assert isinstance(found, fx.Node)
    return found


def leaves(node: fx.Node) -> set[fx.Node]:
    """The nodes below a condition that no other scalar operator computes."""
    found: set[fx.Node] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        scalar = getattr(current.target, "__module__", "") in ("_operator", "torch", "math")
        inner = current.all_input_nodes if scalar else []
        if inner:
            stack.extend(inner)
        else:
            found.add(current)
    return found


def below(node: fx.Node) -> list[fx.Node]:
    """A condition's own operators, from the condition down."""
    found, stack = [], [node]
    while stack:
        current = stack.pop()
        if getattr(current.target, "__module__", "") in ("_operator", "torch", "math"):
            found.append(current)
            stack.extend(current.all_input_nodes)
    return found


def drop(chosen: Callable[[fx.Node], bool], *, which: slice = slice(None)) -> Edit:
    """Erases the asserts whose condition is ``chosen``, or those of them at ``which``."""

    def edit(gm: fx.GraphModule) -> None:
        for node in [node for node in asserts(gm.graph) if chosen(condition(node))][which]:
            gm.graph.erase_node(node)

    return edit


def rewrite(chosen: Callable[[fx.Node], bool], change: Callable[[fx.Node], None]) -> Edit:
    """Changes a copy of each ``chosen`` node below an assert's condition; other users keep the original."""

    def edit(gm: fx.GraphModule) -> None:
        for node in asserts(gm.graph):
            if any(chosen(part) for part in below(condition(node))):
                node.args = (_copied(gm.graph, node, condition(node), chosen, change), *node.args[1:])

    return edit


def _copied(
    graph: fx.Graph,
    place: fx.Node,
    node: fx.Node,
    chosen: Callable[[fx.Node], bool],
    change: Callable[[fx.Node], None],
) -> fx.Node:
    if node not in below(node):
        return node
    with graph.inserting_before(place):
        copy = graph.node_copy(node, lambda inner: _copied(graph, place, inner, chosen, change))
    if chosen(node):
        change(copy)
    return copy


def shifted(position: int, step: int) -> Callable[[fx.Node], None]:
    """Adds ``step`` to the literal operand at ``position``."""

    def change(node: fx.Node) -> None:
        args: list[Any] = list(node.args)
        args[position] += step
        node.args = tuple(args)

    return change


def retarget(target: Callable[..., Any]) -> Callable[[fx.Node], None]:
    """Exchanges what a node calls."""

    def change(node: fx.Node) -> None:
        node.target = target

    return change


def swapped(node: fx.Node) -> None:
    """Exchanges the first two operands."""
    first, second, *rest = node.args
    node.args = (second, first, *rest)


def same_operand(node: fx.Node) -> None:
    """Makes both operands the first one."""
    node.args = (node.args[0], node.args[0])


def calls(*targets: Callable[..., Any], literal: int | None = None) -> Callable[[fx.Node], bool]:
    """Whether a node calls one of ``targets``, and has a literal integer at position ``literal`` if given."""

    def chosen(node: fx.Node) -> bool:
        if node.target not in targets:
            return False
        return literal is None or isinstance(node.args[literal], int)

    return chosen


def many_leaves(count: int) -> Callable[[fx.Node], bool]:
    """Whether a condition depends on at least ``count`` leaves."""
    return lambda node: len(leaves(node)) >= count


def has(*targets: Callable[..., Any]) -> Callable[[fx.Node], bool]:
    """Whether one of ``targets`` is called somewhere in a condition."""
    return lambda node: any(part.target in targets for part in below(node))


def negative_literal(node: fx.Node) -> bool:
    """Whether a condition has a negative constant."""
    return any(isinstance(arg, int) and arg < 0 for part in below(node) for arg in part.args)


def delay(nodes: slice, *, steps: int | None = None) -> Edit:
    """Moves the asserts at ``nodes`` behind the next ``steps`` nodes that are no asserts, or to the end."""

    def edit(gm: fx.GraphModule) -> None:
        for node in asserts(gm.graph)[nodes]:
            place, left = node.next, steps
            while place.op != "output" and left != 0:
                if left is not None and not is_assert(place):
                    left -= 1
                place = place.next
            place.prepend(node)

    return edit


def add_assert(graph: fx.Graph, behind: fx.Node, relation: Callable[..., Any], *operands: Any) -> None:
    """Asserts one more relation behind a node, with that node's metadata."""
    with graph.inserting_before(behind.next):
        bound = graph.call_function(relation, operands)
        node = graph.call_function(ASSERT, (bound, "added: 0 == 0"))
    bound.meta, node.meta = dict(behind.meta), dict(behind.meta)


def messages(change: Callable[[fx.Node, str], str]) -> Edit:
    """Exchanges the message of every assert."""

    def edit(gm: fx.GraphModule) -> None:
        for node in asserts(gm.graph):
            if len(node.args) > 1:
                node.args = (node.args[0], change(node, str(node.args[1])))

    return edit


def metadata(change: Callable[[fx.Node], None], *, of: Callable[[fx.Node], bool]) -> Edit:
    """Changes the metadata of the nodes ``of`` which it is asked for."""

    def edit(gm: fx.GraphModule) -> None:
        for node in gm.graph.nodes:
            if of(node):
                change(node)

    return edit


def is_condition(node: fx.Node) -> bool:
    """Whether an assert reads ``node``: it is new wherever tracing writes no checks into the graph."""
    return any(is_assert(user) for user in node.users)


def without(*keys: str) -> Callable[[fx.Node], None]:
    """Takes keys out of a node's metadata."""

    def change(node: fx.Node) -> None:
        for key in keys:
            node.meta.pop(key, None)

    return change
