"""Shifts and bit operations on integers of any size, negative ones in two's complement without end, as in Python."""

from __future__ import annotations

import operator
from typing import Any

from strategies.operators.row import Operator

_LONGEST_SHIFT = 1 << 16
"""Longer shifts are undefined here: Python would run out of memory over them sooner or later."""


def _shift(a: int, b: int) -> int:
    if b > _LONGEST_SHIFT:
        raise OverflowError(f"shift by {b}")
    return a << b


def _shift_back(a: int, b: int) -> int:
    if b > _LONGEST_SHIFT:
        raise OverflowError(f"shift by {b}")
    return a >> b


def _possible(z: Any, a: Any, b: Any) -> Any:
    return z.And(b >= 0, b <= _LONGEST_SHIFT)


def _row(name: str, python: Any, symbol: str, precedence: float, encode: Any, fx: str, sympy: str) -> Operator:
    return Operator(
        name=name,
        sorts=("int", "int"),
        result="int",
        python=python,
        template=f"{{0}} {symbol} {{1}}",
        precedence=precedence,
        encode=encode,
        defined=_possible if name.endswith("shift") else lambda z, a, b: z.BoolVal(True),
        fx=(fx,),
        sympy=(sympy,),
        approximation="power" if name.endswith("shift") else "bits",
    )


def _shifted_back(z: Any, a: Any, b: Any) -> Any:
    # A power of two is positive, so SMT-LIB's division is the floor.
    return z.div(a, z.power(2, b))


def _joined(z: Any, a: Any, b: Any) -> Any:
    # What two numbers have in common counts twice in their sum.
    return a + b - z.bitand(a, b)


ROWS = (
    _row("lshift", _shift, "<<", 6.5, lambda z, a, b: a * z.power(2, b), "_operator.lshift", "LShift"),
    _row("rshift", _shift_back, ">>", 6.5, _shifted_back, "_operator.rshift", "RShift"),
    _row("bitand", operator.and_, "&", 6, lambda z, a, b: z.bitand(a, b), "_operator.and_", "BitwiseFn_bitwise_and"),
    _row(
        "bitor", operator.or_, "|", 5, lambda z, a, b: a + b - z.bitand(a, b), "_operator.or_", "BitwiseFn_bitwise_or"
    ),
    _row(
        "bitxor",
        operator.xor,
        "^",
        5.5,
        lambda z, a, b: a + b - 2 * z.bitand(a, b),
        "_operator.xor",
        "BitwiseFn_bitwise_xor",
    ),
)
