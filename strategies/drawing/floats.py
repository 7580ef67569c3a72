"""Checks of floats, and of integers by way of floats: one function a form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strategies.drawing.known import Known, any_leaf, constant, of_leaf
from strategies.drawing.relations import Relation, near
from strategies.operators import OPERATORS
from strategies.statement import Scope
from strategies.terms import Apply, Const, Term, Var

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

_BOUNDS = (0.5, 0.0, 1.0, 0.25, 2.0, 1e-9)
_LIMIT = 2.0**31


@dataclass(frozen=True, slots=True)
class Real:
    """A term of sort float and its value on the example."""

    term: Term
    value: float


def _leaf(chooser: Chooser, scope: Scope) -> Real | None:
    """A float leaf, or an integer leaf as a float; ``None`` without a float leaf half of the time."""
    if scope.floats:
        name = chooser.pick(scope.floats)
        return Real(Var(name, "float"), scope.values[name])
    if scope.integers and chooser.flag(2):
        leaf = any_leaf(chooser, scope)
        if abs(leaf.value) < 2**53:
            return Real(Apply("to_float", (leaf.term,)), float(leaf.value))
    return None


def _applied(op: str, *operands: Real) -> Real:
    value = OPERATORS[op].python(*(operand.value for operand in operands))
    return Real(Apply(op, tuple(operand.term for operand in operands)), value)


def _literal(value: float) -> Real:
    return Real(Const(value), value)


def _compared(chooser: Chooser, left: Real) -> Term:
    """A comparison with a literal near the example value, in one of four with the operands exchanged."""
    slack = chooser.pick(_BOUNDS)
    op = chooser.pick(("le", "ge", "lt", "gt", "ne", "eq"))
    match op:
        case "eq":
            other = left.value
        case "le" | "lt":
            other = left.value + slack
        case _:
            other = left.value - slack
    if op in ("lt", "gt", "ne") and other == left.value:
        other = math.nextafter(left.value, -math.inf if op == "gt" else math.inf)
    if chooser.flag(4):
        mirrored = {"le": "ge", "ge": "le", "lt": "gt", "gt": "lt"}.get(op, op)
        return Apply(f"float_{mirrored}", (Const(other), left.term))
    return Apply(f"float_{op}", (left.term, Const(other)))


def _bound(chooser: Chooser, scope: Scope) -> Term | None:
    left = _leaf(chooser, scope)
    return None if left is None else _compared(chooser, left)


def _arithmetic(chooser: Chooser, scope: Scope) -> Term | None:
    """A sum, difference, product or quotient of floats."""
    left = _leaf(chooser, scope)
    if left is None:
        return None
    other = _leaf(chooser, scope) if chooser.flag(2) else None
    other = other or _literal(chooser.pick((0.5, 2.0, 1.5, 0.1, -1.0)))
    op = chooser.pick(("float_add", "float_sub", "float_mul", "float_div"))
    if op == "float_div" and other.value == 0.0:
        op = "float_add"
    return _compared(chooser, _applied(op, left, other))


def _rounded(chooser: Chooser, scope: Scope) -> Term | None:
    """A float made an integer, in one of the four ways."""
    left = _leaf(chooser, scope)
    if left is None or abs(left.value) > _LIMIT:
        return None
    if chooser.flag(3):
        left = _applied("float_mul", left, _literal(chooser.pick((0.5, 2.0, 1.5))))
    op = chooser.pick(("trunc", "floor", "ceil", "round"))
    return near(chooser, Known(Apply(op, (left.term,)), int(OPERATORS[op].python(left.value))))


def _true_division(chooser: Chooser, scope: Scope) -> Term | None:
    """A quotient of integers that is a float."""
    if not scope.integers:
        return None
    left = any_leaf(chooser, scope)
    names = [name for name in scope.integers if scope.values[name] != 0]
    divisor = of_leaf(scope, chooser.pick(names)) if names and chooser.flag(3) else constant(2 + chooser.below(3))
    if max(abs(left.value), abs(divisor.value)) >= _LIMIT:
        return None
    return _compared(chooser, Real(Apply("int_div", (left.term, divisor.term)), left.value / divisor.value))


def _root(chooser: Chooser, scope: Scope) -> Term | None:
    """A square root of a float that is not negative."""
    left = _leaf(chooser, scope)
    if left is None or left.value < 0:
        return None
    return _compared(chooser, _applied("float_sqrt", left))


def _with_integer(chooser: Chooser, scope: Scope) -> Term | None:
    """A comparison of an integer with a float that need not be one."""
    if not scope.integers:
        return None
    left = any_leaf(chooser, scope)
    if abs(left.value) >= _LIMIT:
        return None
    if scope.floats and chooser.flag(2):
        name = chooser.pick(scope.floats)
        value, other = scope.values[name], Var(name, "float")
        op = "lt" if left.value < value else "gt" if left.value > value else "eq"
        return Apply(f"mixed_{op}", (left.term, other))
    slack = chooser.pick(_BOUNDS)
    if chooser.flag(2):
        return Apply(f"mixed_{chooser.pick(('le', 'lt'))}", (left.term, Const(left.value + (slack or 0.5))))
    return Apply(f"mixed_{chooser.pick(('ge', 'gt'))}", (left.term, Const(left.value - (slack or 0.5))))


FLOATS: dict[str, Relation] = {
    "float_bound": _bound,
    "float_arithmetic": _arithmetic,
    "float_rounded": _rounded,
    "true_division": _true_division,
    "float_root": _root,
    "float_and_int": _with_integer,
}
"""The forms of this file. ``None`` is returned where the scope lacks a leaf that the form needs."""
