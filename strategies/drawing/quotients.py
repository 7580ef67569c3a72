"""Checks with divisions that round up, divisions by run-time values, and powers: one function a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.drawing.known import DIVISORS, Known, any_leaf, combine, constant, of_leaf, shifted
from strategies.drawing.relations import Relation, between, near, written
from strategies.statement import Scope
from strategies.terms import Term, Var

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

_LARGE = 2**31


def _ceil_division(chooser: Chooser, scope: Scope) -> Term:
    """A quotient rounded up, in one of the two ways in which people write it."""
    left, divisor = any_leaf(chooser, scope), chooser.pick(DIVISORS)
    if chooser.flag(3):
        left = shifted(left, chooser.below(41) - 20)
    if divisor > 0 and chooser.flag(2):
        quotient = combine("floordiv", shifted(left, divisor - 1), constant(divisor))
    else:
        quotient = combine("neg", combine("floordiv", combine("neg", left), constant(divisor)))
    if chooser.flag(4):
        return between(chooser, quotient, any_leaf(chooser, scope))
    return near(chooser, quotient)


def _by_leaf(chooser: Chooser, scope: Scope) -> Term | None:
    """A remainder or a quotient whose divisor is a run-time value; where that is 0, the check raises."""
    names = [name for name in (*scope.backed, *scope.unbacked) if scope.values[name] != 0]
    if not names:
        return None
    divisor = of_leaf(scope, chooser.pick(names))
    others = [name for name in scope.integers if Var(name) != divisor.term]
    left = of_leaf(scope, chooser.pick(others)) if others else shifted(divisor, 3)
    if chooser.flag(4):
        left = combine("add", left, any_leaf(chooser, scope))
    result = combine(chooser.pick(("mod", "floordiv")), left, divisor)
    return written(chooser, "eq", result, constant(result.value)) if chooser.flag(2) else near(chooser, result)


def _square(chooser: Chooser, scope: Scope) -> Term:
    """A product of a term with itself, or of three leaves."""
    base = any_leaf(chooser, scope)
    if chooser.flag(4):
        base = shifted(base, chooser.below(7) - 3)
    if abs(base.value) >= 2**15:
        return near(chooser, base)
    square = combine("mul", base, base)
    if chooser.flag(3):
        third = any_leaf(chooser, scope)
        if abs(square.value * third.value) < _LARGE:
            return near(chooser, combine("mul", square, third))
    return near(chooser, square)


def _replaced(chooser: Chooser, scope: Scope) -> Term:
    """An equality from which torch learns what a value is: a constant, another value, or a multiple of one."""
    left = any_leaf(chooser, scope)
    others = [of_leaf(scope, name) for name in scope.integers if Var(name) != left.term]
    exact = [other for other in others if other.value == left.value]
    choice = chooser.below(5)
    if choice == 1 and exact:
        return written(chooser, "eq", left, chooser.pick(exact))
    if choice == 2:
        scale = constant(2 + chooser.below(3))
        scaled = combine("mul", scale, left)
        return written(chooser, "eq", scaled, _made_equal(chooser, others, scaled.value))
    if choice == 3 and others:
        return written(chooser, "eq", left, _made_equal(chooser, others, left.value))
    if choice == 4 and others:
        total = combine("add", left, chooser.pick(others))
        return written(chooser, "eq", total, constant(total.value))
    return written(chooser, "eq", left, constant(left.value))


def _made_equal(chooser: Chooser, others: list[Known], value: int) -> Known:
    if not others:
        return constant(value)
    other = chooser.pick(others)
    return shifted(other, value - other.value)


QUOTIENTS: dict[str, Relation] = {
    "ceil_division": _ceil_division,
    "by_leaf": _by_leaf,
    "square": _square,
    "replaced": _replaced,
}
"""The forms of this file. ``None`` is returned where the scope lacks a leaf that the form needs."""
