"""Comparisons of integers."""

from __future__ import annotations

import operator

from strategies.operators.row import Operator

ROWS = tuple(
    Operator(
        name=name,
        sorts=("int", "int"),
        result="bool",
        python=function,
        template=f"{{0}} {symbol} {{1}}",
        precedence=4,
        encode=lambda z, a, b, function=function: function(a, b),
        fx=(f"_operator.{name}",),
        sympy=sympy,
    )
    for name, symbol, function, sympy in (
        ("eq", "==", operator.eq, ("Equality",)),
        ("ne", "!=", operator.ne, ("Unequality",)),
        ("lt", "<", operator.lt, ("StrictLessThan",)),
        ("le", "<=", operator.le, ("LessThan",)),
        ("gt", ">", operator.gt, ("StrictGreaterThan",)),
        ("ge", ">=", operator.ge, ("GreaterThan",)),
    )
)

NEGATION = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "le": "gt", "gt": "le"}
"""The comparison that holds exactly where the other does not (integers are totally ordered)."""
MIRROR = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
"""The comparison with both operands exchanged."""
