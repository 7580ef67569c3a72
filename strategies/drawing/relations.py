"""Checks that are one comparison: one function a form, each true of the example values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from strategies.drawing.known import (
    DIVISORS,
    SCALES,
    Known,
    any_leaf,
    combine,
    compound,
    constant,
    equal_to,
    of_leaf,
    shifted,
)
from strategies.operators.comparison import MIRROR
from strategies.statement import Scope
from strategies.terms import Apply, Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

Relation: TypeAlias = "Callable[[Chooser, Scope], Term | None]"

_OPS = ("le", "ge", "lt", "gt", "eq", "ne", "le", "ge")
_TELLING = {
    "min": ("le", "lt", "le", "lt", "eq", "ne", "ge", "gt"),
    "max": ("ge", "gt", "ge", "gt", "eq", "ne", "le", "lt"),
}
"""Comparisons of a minimum or maximum with a constant, first those that bound the operand in charge alone."""
_SLACKS = (0, 0, 0, 1, 1, 2, 5, 40)


def written(chooser: Chooser, op: str, left: Known, right: Known) -> Term:
    """``left op right``, one time in four with the operands exchanged."""
    if chooser.flag(4):
        return Apply(MIRROR[op], (right.term, left.term))
    return Apply(op, (left.term, right.term))


def near(chooser: Chooser, left: Known, ops: tuple[str, ...] = _OPS) -> Term:
    """``left`` compared, by one of ``ops``, with a constant at its example value or close to it."""
    choice = chooser.below(len(_SLACKS) * len(ops))
    op, slack = ops[choice % len(ops)], _SLACKS[choice // len(ops)]
    if op == "eq":
        slack = 0
    if op in ("lt", "gt", "ne"):
        slack += 1
    below = op in ("ge", "gt") or (op == "ne" and slack % 2 == 0)
    return written(chooser, op, left, constant(left.value - slack if below else left.value + slack))


def between(chooser: Chooser, left: Known, right: Known) -> Term:
    """``left`` compared with ``right`` by one of the comparisons that hold between their example values."""
    if left.value == right.value:
        ops = ("eq", "le", "ge")
    else:
        ops = ("le", "lt", "ne") if left.value < right.value else ("ge", "gt", "ne")
    return written(chooser, chooser.pick(ops), left, right)


def _bound(chooser: Chooser, scope: Scope) -> Term:
    return near(chooser, any_leaf(chooser, scope))


def _dim_bound(chooser: Chooser, scope: Scope) -> Term | None:
    if not scope.backed:
        return None
    left = of_leaf(scope, chooser.pick(scope.backed))
    if chooser.flag(3):
        other = of_leaf(scope, chooser.pick(scope.backed))
        left = combine(chooser.pick(("add", "mul")), left, other)
    return near(chooser, left)


def _equality(chooser: Chooser, scope: Scope) -> Term:
    """A leaf equal to a sum, product or other short term; made equal by a constant where none is so by itself."""
    names = scope.unbacked or scope.backed
    start = chooser.below(len(names))
    for name in (*names[start:], *names[:start]):
        left = of_leaf(scope, name)
        candidates = equal_to(scope, left)
        if candidates:
            return written(chooser, "eq", left, chooser.pick(candidates))
    left = of_leaf(scope, names[start])
    others = [of_leaf(scope, name) for name in scope.integers if name != names[start]]
    if not others:
        return written(chooser, "eq", left, constant(left.value))
    right = chooser.pick(others)
    if chooser.flag(2):
        right = combine("add", right, chooser.pick(others))
    return written(chooser, "eq", left, shifted(right, left.value - right.value))


def _items(chooser: Chooser, scope: Scope) -> Term | None:
    if len(scope.unbacked) < 2:
        return None
    later = 1 + chooser.below(len(scope.unbacked) - 1)
    left = of_leaf(scope, scope.unbacked[chooser.below(later)])
    right = of_leaf(scope, scope.unbacked[later])
    if chooser.flag(3):
        left = shifted(left, chooser.below(7) - 3)
    return between(chooser, right, left) if chooser.flag(2) else between(chooser, left, right)


def _item_and_dim(chooser: Chooser, scope: Scope) -> Term | None:
    if not scope.unbacked or not scope.backed:
        return None
    left, right = of_leaf(scope, chooser.pick(scope.unbacked)), of_leaf(scope, chooser.pick(scope.backed))
    if chooser.flag(3):
        left = shifted(left, chooser.below(7) - 3)
    elif chooser.flag(4):
        right = combine("add", right, any_leaf(chooser, scope))
    return between(chooser, left, right)


def _min_max(chooser: Chooser, scope: Scope) -> Term:
    left, op = any_leaf(chooser, scope), chooser.pick(("min", "max"))
    if chooser.flag(3):
        other = any_leaf(chooser, scope)
    else:
        # A constant beyond the example keeps the leaf in charge of the result: the bound is the leaf's own.
        distance = chooser.below(6) - 1
        other = constant(left.value + distance if op == "min" else left.value - distance)
    joined = combine(op, other, left) if chooser.flag(4) else combine(op, left, other)
    return near(chooser, joined, _TELLING[op])


def _scaled(chooser: Chooser, scope: Scope) -> Term:
    left = any_leaf(chooser, scope)
    if chooser.flag(4):
        left = shifted(left, chooser.below(9) - 4)
    scale = constant(chooser.pick(SCALES))
    return near(chooser, combine("mul", scale, left) if chooser.flag(2) else combine("mul", left, scale))


def _cancelling(chooser: Chooser, scope: Scope) -> Term:
    """A sum in which all but one leaf cancels, or a difference of multiples of one leaf."""
    left = any_leaf(chooser, scope)
    other = any_leaf(chooser, scope)
    choice = chooser.below(5)
    if choice == 0:
        return near(chooser, combine("sub", combine("add", left, other), other))
    if choice == 1:
        return near(chooser, combine("add", combine("sub", left, other), other))
    if choice == 2:
        return near(chooser, shifted(shifted(left, 3), -3))
    if choice == 3:
        triple = combine("mul", left, constant(3))
        return near(chooser, combine("sub", triple, combine("mul", left, constant(2))))
    # The leaf stands on both sides: what is left is a bound of the other one.
    return between(chooser, combine("add", left, other), shifted(left, other.value + chooser.below(3)))


def _remainder(chooser: Chooser, scope: Scope) -> Term:
    left = any_leaf(chooser, scope)
    if chooser.flag(3):
        left = shifted(left, -chooser.below(30))
    elif chooser.flag(4):
        left = combine("add", left, any_leaf(chooser, scope))
    divisor = constant(chooser.pick(DIVISORS))
    remainder = combine("mod", left, divisor)
    if chooser.flag(4):
        return near(chooser, remainder)
    return written(chooser, "eq", remainder, constant(remainder.value))


def _floor_division(chooser: Chooser, scope: Scope) -> Term:
    left = any_leaf(chooser, scope)
    if chooser.flag(2):
        left = shifted(left, -chooser.below(40))
    if chooser.flag(3):
        left = combine("neg", left)
    return near(chooser, combine("floordiv", left, constant(chooser.pick(DIVISORS))))


def _sum_of_many(chooser: Chooser, scope: Scope) -> Term:
    addends = [any_leaf(chooser, scope), any_leaf(chooser, scope)]
    while len(addends) < 8 and chooser.often(4):
        addends.append(any_leaf(chooser, scope))
    if chooser.flag(8):
        # Dozens of them, as a sum over the sizes of many inputs has: the same few again and again, with a constant.
        addends = [addend for addend in addends for _ in range(4 + chooser.below(5))]
        addends.append(constant(chooser.below(5) - 2))
    whole = combine("add", *addends)
    if chooser.flag(2):
        return near(chooser, whole)
    return between(chooser, whole, any_leaf(chooser, scope))


def _product(chooser: Chooser, scope: Scope) -> Term:
    left, right = any_leaf(chooser, scope), any_leaf(chooser, scope)
    if abs(left.value * right.value) >= 2**31:
        return near(chooser, left)
    product = combine("mul", left, right)
    if chooser.flag(3):
        return between(chooser, product, any_leaf(chooser, scope))
    return near(chooser, product)


def _compound(chooser: Chooser, scope: Scope) -> Term:
    left = compound(chooser, scope)
    return between(chooser, left, compound(chooser, scope, 1)) if chooser.flag(3) else near(chooser, left)


ARITHMETIC: dict[str, Relation] = {
    "bound": _bound,
    "equality": _equality,
    "items": _items,
    "item_and_dim": _item_and_dim,
    "min_max": _min_max,
    "scaled": _scaled,
    "cancelling": _cancelling,
    "remainder": _remainder,
    "floor_division": _floor_division,
    "sum_of_many": _sum_of_many,
    "product": _product,
    "dim_bound": _dim_bound,
    "compound": _compound,
}
"""The forms that are one comparison. ``None`` is returned where the scope lacks a leaf that the form needs."""
