"""Between integers and floats: conversions, roundings to an integer, and the true division of integers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from strategies.operators.row import Operator

BEYOND = 2**1024 - 2**970
"""The least number that is too large for a double: halfway between the largest one and ``2**1024``, ties to even."""

_TRUNCATE = ("torch.sym_int", "math.trunc", "builtins.int")


def _rounding(
    name: str, python: Callable[..., Any], template: str, fx: tuple[str, ...], sympy: tuple[str, ...]
) -> Operator:
    """A rounding to an integer; NaN and the infinities raise."""
    return Operator(
        name=name,
        sorts=("float",),
        result="int",
        python=python,
        template=template,
        precedence=10,
        encode=lambda z, a: z.to_int(name, a),
        defined=lambda z, a: z.float_finite(a),
        fx=fx,
        sympy=sympy,
    )


ROWS = (
    Operator(
        name="to_float",
        sorts=("int",),
        result="float",
        python=float,
        template="torch.sym_float({0})",
        precedence=10,
        encode=lambda z, a: z.to_float(a),
        defined=lambda z, a: z.And(a < BEYOND, a > -BEYOND),
        fx=("torch.sym_float", "builtins.float"),
        sympy=("ToFloat",),
        approximation="rounding",
    ),
    Operator(
        name="int_div",
        sorts=("int", "int"),
        result="float",
        python=operator.truediv,
        template="{0} / {1}",
        precedence=8,
        encode=lambda z, a, b: z.int_div(a, b),
        defined=lambda z, a, b: z.If(
            b > 0, z.And(a < BEYOND * b, a > -BEYOND * b), z.And(b < 0, a > BEYOND * b, a < -BEYOND * b)
        ),
        fx=("_operator.truediv",),
        sympy=("IntTrueDiv",),
        approximation="rounding",
    ),
    _rounding(
        "trunc", math.trunc, "torch.sym_int({0})", ("torch.sym_int", "math.trunc", "builtins.int"), ("TruncToInt",)
    ),
    _rounding("floor", math.floor, "math.floor({0})", ("math.floor",), ("FloorToInt", "floor")),
    _rounding("ceil", math.ceil, "math.ceil({0})", ("math.ceil",), ("CeilToInt", "ceiling")),
    # To the nearest integer, and to the even one of two that are equally near.
    _rounding("round", round, "round({0})", ("builtins.round", "__round__"), ("RoundToInt",)),
    Operator(
        name="round_digits",
        sorts=("float", "int"),
        result="float",
        python=round,
        template="round({0}, {1})",
        precedence=10,
        encode=lambda z, a, b: z.float_opaque("round_digits", a, b),
        defined=lambda z, a, b: z.opaque_defined("round_digits", a, b),
        fx=("builtins.round", "__round__"),
        sympy=("RoundDecimal",),
        approximation="decimal",
    ),
    Operator(
        name="is_integer",
        sorts=("float",),
        result="bool",
        python=float.is_integer,
        template="({0}).is_integer()",
        precedence=10,
        encode=lambda z, a: z.float_is_integer(a),
        fx=("is_integer",),
    ),
)
