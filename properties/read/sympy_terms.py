"""Reads a sympy expression of a ShapeEnv as a term; what it cannot read exactly it refuses."""

from __future__ import annotations

from collections.abc import Callable
from math import lcm
from typing import Any

import sympy
from torch.utils._sympy.numbers import int_oo

from properties.errors import Unsupported
from strategies.operators import OPERATORS
from strategies.terms import Apply, Const, Term, Var, apply

_BY_CLASS = {name: row for row in OPERATORS.values() for name in row.sympy}


def term_of(expr: sympy.Basic, symbol: Callable[[sympy.Symbol], Term] | None = None) -> Term:
    """``expr`` as a term, each sympy symbol through ``symbol`` (default: a variable of its name).

    Raises:
        Unsupported: if a function of ``expr`` is not in the operator table.
    """
    read = symbol or (lambda s: Var(s.name))

    def go(e: sympy.Basic) -> Term:
        if isinstance(e, sympy.Symbol):
            return read(e)
        if isinstance(e, sympy.Integer):
            return Const(int(e))
        if e is sympy.true or e is sympy.false:
            return Const(bool(e))
        if isinstance(e, sympy.core.relational.Relational):
            e = _over_integers(e)
        name = type(e).__name__
        handler = _SPECIAL.get(name)
        if handler is not None:
            return handler(e, go)
        row = _BY_CLASS.get(name)
        if row is None:
            raise Unsupported(f"sympy function {name}")
        args = tuple(go(arg) for arg in e.args)
        if row.variadic and len(args) > 2:
            folded = args[0]
            for arg in args[1:]:
                folded = Apply(row.name, (folded, arg))
            return folded
        return Apply(row.name, args)

    return go(expr)


def _over_integers(e: Any) -> Any:
    """A comparison with fractions (``u0 <= 1/2``, which sympy makes of ``2*u0 <= 1``) without them."""
    scale = lcm(*(number.q for number in e.atoms(sympy.Rational)))
    if scale == 1:
        return e
    return e.func(sympy.expand(e.lhs * scale), sympy.expand(e.rhs * scale), evaluate=False)


def _add(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    """A sum; terms with a negative coefficient are subtracted, as a person would write them."""
    plus: list[Term] = []
    minus: list[Term] = []
    for arg in e.args:
        if arg.could_extract_minus_sign():  # type: ignore[attr-defined]
            minus.append(go(-arg))  # type: ignore[operator]
        else:
            plus.append(go(arg))
    total: Term = plus[0] if plus else Apply("neg", (minus.pop(0),))
    for part in plus[1:]:
        total = Apply("add", (total, part))
    for part in minus:
        total = Apply("sub", (total, part))
    return total


def _mul(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    if any(isinstance(arg, sympy.Rational) and not isinstance(arg, sympy.Integer) for arg in e.args):
        raise Unsupported("rational coefficient")
    factors = [go(arg) for arg in e.args]
    product = factors[0]
    for factor in factors[1:]:
        product = Apply("mul", (product, factor))
    return product


def _power(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    base, exponent = e.args
    if not isinstance(exponent, sympy.Integer) or not 1 <= int(exponent) <= 8:
        raise Unsupported(f"power with exponent {exponent}")
    term = go(base)
    product = term
    for _ in range(int(exponent) - 1):
        product = Apply("mul", (product, term))
    return product


def _piecewise(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    *cases, (last, condition) = [(pair.args[0], pair.args[1]) for pair in e.args]
    if condition is not sympy.true:
        raise Unsupported("piecewise without a default")
    result = go(last)
    for value, cond in reversed(cases):
        result = Apply("ite", (go(cond), go(value), result))
    return result


def _modular_indexing(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    base, divisor, modulus = (go(arg) for arg in e.args)
    return apply("mod", apply("floordiv", base, divisor), modulus)


def _infinity(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    raise Unsupported("infinite integer in an expression")


_SPECIAL: dict[str, Callable[[sympy.Basic, Callable[[sympy.Basic], Term]], Term]] = {
    "Add": _add,
    "Mul": _mul,
    "Pow": _power,
    "PowByNatural": _power,
    "Piecewise": _piecewise,
    "ModularIndexing": _modular_indexing,
    "IntInfinity": _infinity,
    "NegativeIntInfinity": _infinity,
    "Identity": lambda e, go: go(e.args[0]),
}


def finite_bounds(lower: sympy.Basic, upper: sympy.Basic) -> tuple[int | None, int | None]:
    """An integer range's two ends, each None where it bounds nothing by torch's conventions.

    ``sys.maxsize - 1`` and above stand for no upper bound (torch/fx/passes/runtime_assert.py, pull 133627); the
    least int64 for no lower one.

    Raises:
        Unsupported: if an end is not an integer.
    """
    ends: list[int | None] = []
    for bound in (lower, upper):
        if bound in (int_oo, -int_oo, sympy.oo, -sympy.oo):
            ends.append(None)
        elif isinstance(bound, sympy.Integer):
            ends.append(int(bound))
        else:
            raise Unsupported(f"range bound {bound}")
    low, high = ends
    if low is not None and low <= -(2**63):
        low = None
    if high is not None and high >= 2**63 - 2:
        high = None
    return low, high
