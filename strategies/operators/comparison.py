"""Comparisons of integers, of floats, and of an integer with a float (exact, as in Python)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from strategies.operators.row import Operator, Sort
from strategies.terms import Apply, Term

_RELATIONS: tuple[tuple[str, str, Callable[..., Any], str], ...] = (
    ("eq", "==", operator.eq, "Equality"),
    ("ne", "!=", operator.ne, "Unequality"),
    ("lt", "<", operator.lt, "StrictLessThan"),
    ("le", "<=", operator.le, "LessThan"),
    ("gt", ">", operator.gt, "StrictGreaterThan"),
    ("ge", ">=", operator.ge, "GreaterThan"),
)


def _rows(prefix: str, sorts: tuple[Sort, Sort], encode: Callable[[str, Callable[..., Any]], Callable[..., Any]]):
    return tuple(
        Operator(
            name=f"{prefix}{name}",
            sorts=sorts,
            result="bool",
            python=function,
            template=f"{{0}} {symbol} {{1}}",
            precedence=4,
            encode=encode(name, function),
            fx=(f"_operator.{name}",),
            sympy=(sympy,),
        )
        for name, symbol, function, sympy in _RELATIONS
    )


ROWS = (
    *_rows("", ("int", "int"), lambda name, function: lambda z, a, b: function(a, b)),
    *_rows("float_", ("float", "float"), lambda name, function: lambda z, a, b: z.float_compare(name, a, b)),
    *_rows("mixed_", ("int", "float"), lambda name, function: lambda z, a, b: z.mixed_compare(name, a, b)),
)

NEGATION = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "le": "gt", "gt": "le"}
"""The comparison that holds exactly where the other does not: integers are totally ordered, floats are not (NaN)."""
MIRROR = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
"""The comparison with both operands exchanged."""


def relation(op: str) -> str:
    """The bare relation of a comparison of any kind (``lt`` of ``float_lt``, ``mixed_lt``); empty if it is none."""
    bare = op.removeprefix("float_").removeprefix("mixed_")
    return bare if bare in MIRROR else ""


def opposite(condition: Term) -> Term:
    """The condition that is true where this one is false."""
    if isinstance(condition, Apply) and condition.op in NEGATION:
        return Apply(NEGATION[condition.op], condition.args)
    if isinstance(condition, Apply) and condition.op == "not":
        return condition.args[0]
    return Apply("not", (condition,))
