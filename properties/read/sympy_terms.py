"""Reads a sympy expression of a ShapeEnv as a term; what it cannot read exactly it refuses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import lcm
from typing import Any

import sympy
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.symbol import SymT, prefix_str

from properties.errors import Unsupported
from strategies.operators import ROWS_OF_CLASS, ROWS_OF_TARGET, applied, sort_of
from strategies.terms import Apply, Const, Term, Var, apply

_FLOATS = (prefix_str[SymT.UNBACKED_FLOAT], prefix_str[SymT.FLOAT])


def leaf_of(symbol: str) -> Var:
    """The leaf of a symbol of a ShapeEnv; torch tells floats by their prefix (``zuf0``, ``zf0``)."""
    return Var(symbol, "float" if symbol.startswith(_FLOATS) else "int")


def term_of(expr: sympy.Basic, symbol: Callable[[sympy.Symbol], Term] | None = None) -> Term:
    """``expr`` as a term, each sympy symbol through ``symbol`` (default: a variable of its name).

    Raises:
        Unsupported: if a function of ``expr`` is not in the operator table.
    """
    read = symbol or (lambda s: leaf_of(s.name))

    def go(e: sympy.Basic) -> Term:
        if isinstance(e, sympy.Symbol):
            return read(e)
        if isinstance(e, sympy.Integer):
            return Const(int(e))
        if isinstance(e, sympy.Float):
            return Const(float(e))
        if e in (sympy.oo, -sympy.oo, sympy.nan):
            return Const(float(e))  # type: ignore[arg-type]
        if isinstance(e, sympy.Rational):
            return Const(_exact(e))
        if e is sympy.true or e is sympy.false:
            return Const(bool(e))
        if isinstance(e, sympy.core.relational.Relational) and not _has_floats(e):
            e = _over_integers(e)
        name = type(e).__name__
        handler = _SPECIAL.get(name)
        if handler is not None:
            return handler(e, go)
        term = applied(ROWS_OF_CLASS.get(name, ()), tuple(go(arg) for arg in e.args))
        if term is None:
            raise Unsupported(f"sympy function {name}")
        return term

    return go(expr)


def _has_floats(e: Any) -> bool:
    return (
        bool(e.atoms(sympy.Float, sympy.oo.__class__))
        or any(symbol.name.startswith(_FLOATS) for symbol in e.free_symbols)
        or any(type(part).__name__ in _YIELD_FLOATS for part in sympy.preorder_traversal(e))
    )


_YIELD_FLOATS = frozenset({"ToFloat", "IntTrueDiv", "FloatTrueDiv", "FloatPow", "RoundDecimal"})


def _exact(e: Any) -> float:
    """A fraction among floats, which must be a double itself."""
    value = e.p / e.q
    if sympy.Rational(*value.as_integer_ratio()) != e:
        raise Unsupported(f"fraction {e} that is no double")
    return value


def _combined(target: str, *args: Term) -> Term:
    """``args`` by one of Python's operators, as Python would take it for their kinds."""
    term = applied(ROWS_OF_TARGET[target], args)
    if term is None:
        raise Unsupported(f"{target} of {', '.join(sort_of(arg) for arg in args)}")
    return term


def _over_integers(e: Any) -> Any:
    """A comparison with fractions (``u0 <= 1/2``, which sympy makes of ``2*u0 <= 1``) without them."""
    scale = lcm(*(number.q for number in e.atoms(sympy.Rational)))
    if scale == 1:
        return e
    return e.func(sympy.expand(e.lhs * scale), sympy.expand(e.rhs * scale), evaluate=False)


def _add(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    """A sum; terms with a negative coefficient are subtracted, as a person would write them.

    The order matters among floats: theirs is the one in which torch's own pass adds (``sympy_interp``).
    """
    if _has_floats(e):
        parts = [go(arg) for arg in e.args]
        return functools.reduce(functools.partial(_combined, "_operator.add"), parts)
    plus: list[Term] = []
    minus: list[Term] = []
    for arg in e.args:
        if arg.could_extract_minus_sign():  # type: ignore[attr-defined]
            minus.append(go(-arg))  # type: ignore[operator]
        else:
            plus.append(go(arg))
    total: Term = plus[0] if plus else _combined("_operator.neg", minus.pop(0))
    for part in plus[1:]:
        total = _combined("_operator.add", total, part)
    for part in minus:
        total = _combined("_operator.sub", total, part)
    return total


def _mul(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    if not _has_floats(e) and any(
        isinstance(arg, sympy.Rational) and not isinstance(arg, sympy.Integer) for arg in e.args
    ):
        raise Unsupported("rational coefficient")
    product, *factors = [go(arg) for arg in e.args]
    for factor in factors:
        product = _combined("_operator.mul", product, factor)
    return product


def _power(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    base, exponent = (go(arg) for arg in e.args)
    if sort_of(base) == "float":
        return _combined("_operator.pow", base, exponent)
    if not isinstance(exponent, Const) or not 1 <= exponent.value <= 8:
        if isinstance(exponent, Const):
            raise Unsupported(f"power with exponent {exponent.value}")
        return _combined("_operator.pow", base, exponent)
    product = base
    for _ in range(int(exponent.value) - 1):
        product = Apply("mul", (product, base))
    return product


def _piecewise(e: sympy.Basic, go: Callable[[sympy.Basic], Term]) -> Term:
    *cases, (last, condition) = [(pair.args[0], pair.args[1]) for pair in e.args]
    if condition is not sympy.true:
        raise Unsupported("piecewise without a default")
    result = go(last)
    for value, cond in reversed(cases):
        result = _combined("torch.sym_ite", go(cond), go(value), result)
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
