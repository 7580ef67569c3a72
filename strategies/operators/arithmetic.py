"""Integer arithmetic: exact, unbounded, with Python's floor division and remainder.

``//`` rounds towards minus infinity and ``%`` takes the sign of the divisor (Python language reference,
section 6.7); a divisor of zero raises, which a guarded program shows as a rejection.
"""

from __future__ import annotations

import operator
from typing import Any

from strategies.operators.row import Operator


def _floordiv(z: Any, a: Any, b: Any) -> Any:
    # SMT-LIB's div rounds so that the remainder is never negative: for a positive divisor that is the floor;
    # for a negative one the signs of both operands are turned first.
    return z.If(b > 0, z.div(a, b), z.div(-a, -b))


def _mod(z: Any, a: Any, b: Any) -> Any:
    return a - b * _floordiv(z, a, b)


_LARGEST_POWER_BITS = 1 << 20


def _power(a: int, b: int) -> int:
    # torch calls this pow_by_natural and refuses a negative exponent, for which Python would yield a float.
    if b < 0:
        raise ValueError("negative exponent")
    if a.bit_length() * b > _LARGEST_POWER_BITS:
        raise OverflowError("the power has too many digits")
    return a**b


def _nonzero_divisor(z: Any, a: Any, b: Any) -> Any:
    return b != 0


ROWS = (
    Operator(
        name="add",
        sorts=("int", "int"),
        result="int",
        python=operator.add,
        template="{0} + {1}",
        precedence=7,
        encode=lambda z, a, b: a + b,
        fx=("_operator.add", "operator.add", "aten.add.Scalar"),
        sympy=("Add",),
        variadic=True,
    ),
    Operator(
        name="sub",
        sorts=("int", "int"),
        result="int",
        python=operator.sub,
        template="{0} - {1}",
        precedence=7,
        encode=lambda z, a, b: a - b,
        fx=("_operator.sub",),
    ),
    Operator(
        name="mul",
        sorts=("int", "int"),
        result="int",
        python=operator.mul,
        template="{0} * {1}",
        precedence=8,
        encode=lambda z, a, b: a * b,
        fx=("_operator.mul",),
        sympy=("Mul",),
        variadic=True,
    ),
    Operator(
        name="neg",
        sorts=("int",),
        result="int",
        python=operator.neg,
        template="-{0}",
        precedence=9,
        encode=lambda z, a: -a,
        fx=("_operator.neg",),
    ),
    Operator(
        name="abs",
        sorts=("int",),
        result="int",
        python=abs,
        template="abs({0})",
        precedence=10,
        encode=lambda z, a: z.If(a >= 0, a, -a),
        fx=("_operator.abs", "builtins.abs"),
        sympy=("Abs",),
    ),
    Operator(
        name="pow",
        sorts=("int", "int"),
        result="int",
        python=_power,
        template="pow({0}, {1})",
        precedence=10,
        encode=lambda z, a, b: z.power(a, b),
        defined=lambda z, a, b: b >= 0,
        fx=("_operator.pow", "builtins.pow"),
        sympy=("PowByNatural", "Pow"),
        approximation="power",
    ),
    Operator(
        name="floordiv",
        sorts=("int", "int"),
        result="int",
        python=operator.floordiv,
        template="{0} // {1}",
        precedence=8,
        encode=_floordiv,
        defined=_nonzero_divisor,
        fx=("_operator.floordiv",),
        sympy=("FloorDiv", "CleanDiv"),
    ),
    Operator(
        name="mod",
        sorts=("int", "int"),
        result="int",
        python=operator.mod,
        template="{0} % {1}",
        precedence=8,
        encode=_mod,
        defined=_nonzero_divisor,
        fx=("_operator.mod",),
        sympy=("Mod", "PythonMod"),
    ),
    Operator(
        name="min",
        sorts=("int", "int"),
        result="int",
        python=min,
        template="torch.sym_min({0}, {1})",
        precedence=10,
        encode=lambda z, a, b: z.If(a <= b, a, b),
        fx=("torch.sym_min", "builtins.min"),
        sympy=("Min",),
        variadic=True,
    ),
    Operator(
        name="max",
        sorts=("int", "int"),
        result="int",
        python=max,
        template="torch.sym_max({0}, {1})",
        precedence=10,
        encode=lambda z, a, b: z.If(a >= b, a, b),
        fx=("torch.sym_max", "builtins.max"),
        sympy=("Max",),
        variadic=True,
    ),
)
