"""Intervals of integer values, from the ranges of the inputs and from the bounds that are asserted."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, inf
from typing import Any

from runtime_assert.polynomials import Monomial, polynomial
from runtime_assert.values import Value

Interval = tuple[float | int, float | int]
EVERYTHING: Interval = (-inf, inf)

# How deep an interval looks into nested operators; deeper ones count as unknown.
DEPTH = 6

Facts = Callable[[Monomial], Interval]


def interval(poly: dict[Monomial, Any], facts: Facts, depth: int = DEPTH) -> Interval:
    """An interval that holds the value of a polynomial, given what is known of its monomials."""
    low: float | int = 0
    high: float | int = 0
    for monomial, coefficient in poly.items():
        a, b = _monomial(monomial, facts, depth)
        if coefficient < 0:
            a, b = b, a
        low, high = low + _times(coefficient, a), high + _times(coefficient, b)
        if low == -inf and high == inf:
            return EVERYTHING
    return low, high


def _times(coefficient: Any, bound: float | int) -> Any:
    if bound in (inf, -inf):
        return bound if coefficient > 0 else -bound
    return coefficient * bound


def _monomial(monomial: Monomial, facts: Facts, depth: int) -> Interval:
    low, high = facts(monomial)
    if len(monomial) == 1:
        below, above = _atom(monomial[0], facts, depth)
    else:
        below, above = 1, 1
        for value in monomial:
            below, above = _product((below, above), _monomial((value,), facts, depth))
    return max(low, below), min(high, above)


def _product(left: Interval, right: Interval) -> Interval:
    corners = [0 if 0 in (a, b) else a * b for a in left for b in right]
    return min(corners), max(corners)


def _atom(value: Value, facts: Facts, depth: int) -> Interval:
    if depth == 0 or value.op not in _RULES:
        return EVERYTHING
    operands = [
        interval(polynomial(a), facts, depth - 1)
        if isinstance(a, Value) and a.kind == "int"
        else ((a, a) if type(a) is int else EVERYTHING)
        for a in value.args
    ]
    return _RULES[value.op](*operands)


def _opposite(found: Interval) -> Interval:
    return -found[1], -found[0]


def _floordiv(base: Interval, divisor: Interval) -> Interval:
    if divisor[1] < 0:
        return _floordiv(_opposite(base), _opposite(divisor))
    if divisor[0] < 1:
        return EVERYTHING
    corners: list[float | int] = []
    for a in base:
        for b in divisor:
            if a in (inf, -inf):
                corners.append(a)
            else:
                corners.append((0 if a >= 0 else -1) if b == inf else floor(Fraction(a) / Fraction(b)))
    return min(corners), max(corners)


def _mod(base: Interval, divisor: Interval) -> Interval:
    if divisor[1] < 0:
        return _opposite(_mod(_opposite(base), _opposite(divisor)))
    if divisor[0] < 1:
        return EVERYTHING
    if base[0] >= 0 and base[1] < divisor[0]:
        return base
    top = divisor[1] if divisor[1] == inf else ceil(divisor[1]) - 1
    return 0, min(top, base[1]) if base[0] >= 0 else top


def _absolute(base: Interval) -> Interval:
    low, high = base
    if low >= 0:
        return base
    return (-high, -low) if high <= 0 else (0, max(-low, high))


_RULES: dict[str, Callable[..., Interval]] = {
    "floordiv": _floordiv,
    "mod": _mod,
    "abs": _absolute,
    "min": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "max": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "ite": lambda _condition, a, b: (min(a[0], b[0]), max(a[1], b[1])),
}
