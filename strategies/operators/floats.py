"""IEEE doubles as Python computes with them: rounded to nearest, ties to even; dividing by zero raises.

The sign of a zero can be told by none of these operators, since a division by either zero raises.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from strategies.operators.row import Operator, Sort, always

_FLOAT: tuple[Sort, ...] = ("float",)


def _row(
    name: str,
    python: Callable[..., Any],
    template: str,
    precedence: float,
    *,
    fx: tuple[str, ...] = (),
    sympy: tuple[str, ...] = (),
    arity: int = 2,
    word: Callable[..., Any] | None = None,
    defined: Callable[..., Any] = always,
    approximation: str = "",
) -> Operator:
    """A row over floats alone; the solver's word for it is that of its name, unless another is given."""
    return Operator(
        name=name,
        sorts=_FLOAT * arity,
        result="float",
        python=python,
        template=template,
        precedence=precedence,
        encode=word or (lambda z, *args: getattr(z, name)(*args)),
        defined=defined,
        fx=fx,
        sympy=sympy,
        variadic=name in ("float_add", "float_mul", "float_min", "float_max"),
        approximation=approximation,
    )


def _power(a: float, b: float) -> float:
    result = a**b
    if isinstance(result, complex):
        raise ValueError("the power is a complex number")
    return result


def _nonzero(z: Any, a: Any, b: Any) -> Any:
    return z.Not(z.float_compare("eq", b, z.float_literal(0.0)))


def _not_negative(z: Any, a: Any) -> Any:
    return z.Not(z.float_compare("lt", a, z.float_literal(0.0)))


def _opaque(name: str) -> Operator:
    """A function of the C library; torch has words of its own for most of them."""
    own = name not in ("exp", "log")
    return _row(
        f"float_{name}",
        getattr(math, name),
        f"torch._sym_{name}({{0}})" if own else f"math.{name}({{0}})",
        10,
        fx=(f"torch._sym_{name}", f"math.{name}") if own else (f"math.{name}",),
        sympy=(f"OpaqueUnaryFn_{name}",),
        arity=1,
        word=lambda z, a: z.float_opaque(name, a),
        defined=lambda z, a: z.opaque_defined(name, a),
        approximation="libm",
    )


ROWS = (
    _row("float_add", operator.add, "{0} + {1}", 7, fx=("_operator.add", "aten.add.Scalar"), approximation="rounding"),
    _row("float_sub", operator.sub, "{0} - {1}", 7, fx=("_operator.sub",), approximation="rounding"),
    _row("float_mul", operator.mul, "{0} * {1}", 8, fx=("_operator.mul",), approximation="rounding"),
    _row(
        "float_div",
        operator.truediv,
        "{0} / {1}",
        8,
        fx=("_operator.truediv",),
        sympy=("FloatTrueDiv",),
        defined=_nonzero,
        approximation="rounding",
    ),
    _row("float_neg", operator.neg, "-{0}", 9, fx=("_operator.neg",), arity=1),
    _row("float_abs", abs, "abs({0})", 10, fx=("_operator.abs", "builtins.abs"), sympy=("Abs",), arity=1),
    # Python's min keeps the first operand unless the second one is smaller, which decides what a NaN does.
    _row(
        "float_min",
        min,
        "torch.sym_min({0}, {1})",
        10,
        fx=("torch.sym_min", "builtins.min"),
        sympy=("Min",),
        word=lambda z, a, b: z.float_if(z.float_compare("lt", b, a), b, a),
    ),
    _row(
        "float_max",
        max,
        "torch.sym_max({0}, {1})",
        10,
        fx=("torch.sym_max", "builtins.max"),
        sympy=("Max",),
        word=lambda z, a, b: z.float_if(z.float_compare("gt", b, a), b, a),
    ),
    _row(
        "float_sqrt",
        math.sqrt,
        "torch._sym_sqrt({0})",
        10,
        fx=("torch._sym_sqrt", "math.sqrt"),
        sympy=("OpaqueUnaryFn_sqrt",),
        arity=1,
        defined=_not_negative,
        approximation="rounding",
    ),
    _row(
        "float_pow",
        _power,
        "pow({0}, {1})",
        10,
        fx=("_operator.pow", "builtins.pow"),
        sympy=("FloatPow",),
        word=lambda z, a, b: z.float_opaque("pow", a, b),
        defined=lambda z, a, b: z.opaque_defined("pow", a, b),
        approximation="libm",
    ),
    _row(
        "float_mod",
        operator.mod,
        "{0} % {1}",
        8,
        fx=("_operator.mod",),
        # sympy's remainder is that of real numbers, so an expression with one says something else than Python.
        word=lambda z, a, b: z.float_opaque("mod", a, b),
        defined=_nonzero,
        approximation="remainder",
    ),
    _row(
        "float_floordiv",
        operator.floordiv,
        "{0} // {1}",
        8,
        fx=("_operator.floordiv",),
        word=lambda z, a, b: z.float_opaque("floordiv", a, b),
        defined=_nonzero,
        approximation="remainder",
    ),
    *(
        _opaque(name)
        for name in ("exp", "log", "log2", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan")
    ),
)
