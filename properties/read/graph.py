"""Reads a graph's asserts by interpreting its nodes from the leaves up.

This is the oracle's own view of what a pass emitted: it looks at targets and arguments only, never at the
metadata or messages that the pass wrote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from torch import fx

from properties.read.bindings import Bindings, TensorLeaf
from properties.read.eager_shapes import eager_shape
from properties.read.in_place import gives_back
from properties.read.layouts import Layout, layout_of
from properties.read.shapes import RULES, SEVERAL
from properties.read.targets import condition_of, is_assert, message_of, target_name
from properties.read.values import READERS, Opaque, Sized, shape_of, source_value, truth
from strategies.operators import ROWS_OF_TARGET, Operator, applied, sort_of
from strategies.operators.comparison import relation
from strategies.terms import Apply, Const, Term, Var, apply


@dataclass(frozen=True)
class Emitted:
    """One assert of a graph: its node's name and position, and its condition over the leaves."""

    node: str
    index: int
    term: Term | None
    reason: str = ""
    message: str = ""


def read_asserts(graph: fx.Graph, bindings: Bindings) -> tuple[Emitted, ...]:
    """The asserts of ``graph`` in order, each condition as a term over the leaves of ``bindings``.

    A node that is not understood yields :class:`Opaque`; an assert that depends on one has no term.
    """
    return read_nodes(graph, bindings)[0]


def read_nodes(
    graph: fx.Graph, bindings: Bindings, inputs: Sequence[Any] | None = None
) -> tuple[tuple[Emitted, ...], dict[fx.Node, Any]]:
    """The asserts as :func:`read_asserts` gives them, and what every node yields: a term, sizes, or :class:`Opaque`.

    ``inputs`` are what the graph around a body hands to it, in the place of what its own inputs declare.
    """
    handed = iter(inputs or ())
    values: dict[fx.Node, Any] = {}
    found: list[Emitted] = []

    def argument(value: Any) -> Any:
        if isinstance(value, fx.Node):
            return values[value]
        if isinstance(value, (list, tuple)):
            return tuple(argument(item) for item in value)
        if isinstance(value, slice):
            return slice(*map(argument, (value.start, value.stop, value.step)))
        if isinstance(value, (bool, int, float)):
            return Const(value)
        return value

    for index, node in enumerate(graph.nodes):
        name = target_name(node.target)
        if node.op == "placeholder":
            leaf = bindings.placeholders.get(node.name) if inputs is None else next(handed, None)
            values[node] = leaf if leaf is not None else Opaque(f"input {node.name}")
        elif node.op in ("call_function", "call_method"):
            args = [argument(arg) for arg in node.args]
            kwargs = {key: argument(arg) for key, arg in node.kwargs.items()}
            if is_assert(node):
                condition = truth(argument(condition_of(node)))
                term = condition if isinstance(condition, (Const, Var, Apply)) else None
                reason = condition.reason if isinstance(condition, Opaque) else "not a scalar condition"
                message = message_of(node)
                said = "" if message is None else str(message)
                found.append(Emitted(node.name, index, term, "" if term else reason, said))
                values[node] = None
            else:
                values[node] = _value(node, name, args, kwargs, bindings.sources)
        else:
            values[node] = Opaque(f"{node.op} {node.name}")
    return tuple(found), values


def _value(
    node: fx.Node,
    name: str,
    args: list[Any],
    kwargs: Mapping[str, Any],
    sources: Mapping[str, Mapping[tuple[str, ...], str]],
) -> Any:
    bound = sources.get(node.name)
    if bound is not None:
        value = source_value(node, bound, args)
        if isinstance(value, Sized) and name in SEVERAL:
            shapes = [shape_of(arg) for arg in args]
            return replace(value, parts=SEVERAL[name](shapes[0], value.size_of_part))
        return value
    reader = READERS.get(name)
    if reader is not None:
        result = reader(node, *args)
        if result is not None:
            return result
    rows = ROWS_OF_TARGET.get(name)
    if rows is not None and not any(isinstance(arg, (TensorLeaf, Sized)) for arg in args):
        # ``round(x, None)`` is ``round(x)``.
        args = [arg for arg in args if arg is not None]
        for arg in args:
            if not isinstance(arg, (Const, Var, Apply)):
                return arg if isinstance(arg, Opaque) else Opaque(f"{name} of a non-scalar in {node.name}")
        return _application(node, rows, args)
    if args and isinstance(args[0], (TensorLeaf, Sized)) and gives_back(name):
        return args[0]
    shapes = [shape_of(arg) for arg in args]
    if not any(isinstance(item, Opaque) for item in shapes):
        shape = _ruled(name, shapes, kwargs)
        if shape and all(isinstance(part, tuple) for part in shape):
            return tuple(Sized(node.name, part) for part in shape)
        if shape is not None:
            return Sized(node.name, shape, layout=_layout(name, args, shape))
    return Sized(node.name, None, layout=_layout(name, args, None))


def _layout(name: str, args: Sequence[Any], shape: Any) -> Layout | None:
    """Strides and offset of what the call ``name`` yields, where they follow from its arguments."""
    operand = args[0] if args else None
    base = operand.layout if isinstance(operand, Sized) else None
    if isinstance(operand, TensorLeaf):
        base = Layout(operand.stride, operand.offset)
    return layout_of(name, args, base, shape_of(operand), shape)


def _ruled(name: str, shapes: list[Any], kwargs: Mapping[str, Any]) -> Any:
    """The sizes by the rule of ``name``; None for a form of the call that it does not know (a tensor without dims)."""
    rule = RULES.get(name)
    try:
        return rule(*shapes, **kwargs) if rule is not None else eager_shape(name, shapes, kwargs)
    except (TypeError, IndexError, ValueError, ZeroDivisionError):
        return None


_IDLE = {"torch.sym_int": "int", "torch.sym_float": "float"}
"""Conversions that leave a value of that kind as it is."""


def _application(node: fx.Node, rows: tuple[Operator, ...], args: list[Term]) -> Any:
    """What Python computes for operands of these kinds; a comparison of ints with a float literal is one of ints.

    Python compares an int with a float by their exact values.
    """
    floats = [arg.value for arg in args if isinstance(arg, Const) and isinstance(arg.value, float)]
    ints = [arg for arg in args if sort_of(arg) == "int"]
    bare = relation(rows[0].name)
    if bare and len(floats) == len(ints) == 1 and math.isfinite(floats[0]):
        exact = Fraction(floats[0])
        (number,) = ints
        scaled = number if exact.denominator == 1 else apply("mul", exact.denominator, number)
        return apply(bare, *(scaled if arg is number else Const(exact.numerator) for arg in args))
    if [*map(sort_of, args)] == [_IDLE.get(target_name(node.target))]:
        return args[0]
    found = applied(rows, args) or _of_truths(rows, args)
    kinds = ", ".join(map(sort_of, args))
    return found or Opaque(f"{target_name(node.target)} of {kinds} in {node.name}")


def _of_truths(rows: Sequence[Operator], args: Sequence[Term]) -> Term | None:
    """What Python computes where a bool stands for a number: it is 1 or 0."""
    if [*map(sort_of, args)] == ["bool"] and rows[0].name == "trunc":
        return apply("ite", args[0], 1, 0)
    for row in rows:
        if len(row.sorts) == len(args) and not row.variadic:
            numbers = [
                apply("ite", arg, 1, 0) if (sort, sort_of(arg)) == ("int", "bool") else arg
                for sort, arg in zip(row.sorts, args, strict=True)
            ]
            found = applied((row,), numbers)
            if found is not None:
                return found
    return None
