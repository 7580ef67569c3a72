"""What several constructs say about sizes: their product, and that they are not negative."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from strategies.statement import Scope
from strategies.terms import Apply, Const, Term, apply


def numel(shape: Sequence[Term]) -> Term:
    """The product of the sizes, with the constants among them multiplied out."""
    constant = prod(int(size.value) for size in shape if isinstance(size, Const))
    factors: list[Term] = [size for size in shape if not isinstance(size, Const)]
    if not factors:
        return Const(constant)
    if constant != 1:
        factors.append(Const(constant))
    return factors[0] if len(factors) == 1 else Apply("mul", tuple(factors))


def total(sizes: Sequence[Term]) -> Term:
    """The sum of the sizes."""
    if not sizes:
        return Const(0)
    return sizes[0] if len(sizes) == 1 else Apply("add", tuple(sizes))


def not_negative(sizes: Sequence[Term], scope: Scope) -> tuple[Term, ...]:
    """``size >= 0`` for each size of which the scope does not know it yet, once each."""
    return tuple(apply("ge", size, 0) for size in dict.fromkeys(sizes) if not scope.is_nonnegative(size))


def equal(left: Term, right: Term) -> tuple[Term, ...]:
    """``left == right``, or nothing if they are the same term."""
    return () if left == right else (apply("eq", left, right),)
