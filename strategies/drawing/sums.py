"""Checks of sums of three to twelve different values: bounds, equations, and one sum beside another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.drawing.known import SCALES, Known, combine, constant, of_leaf, shifted
from strategies.drawing.relations import Relation, between, near, written
from strategies.statement import Scope
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FEWEST, MOST = 3, 12
LARGE = 2**31


def _long_sum(chooser: Chooser, scope: Scope) -> Term | None:
    """A sum of different leaves, run-time values before inputs, compared with a constant, a leaf or another sum."""
    leaves = [name for name in (*scope.unbacked, *scope.backed) if abs(scope.values[name]) < LARGE]
    if len(leaves) < FEWEST:
        return None
    first = chooser.below(len(leaves) - FEWEST + 1)
    chosen, others = leaves[first : first + FEWEST], leaves[first + FEWEST :] + leaves[:first]
    while others and len(chosen) < MOST and chooser.often(6):
        chosen.append(others.pop(0))
    whole = _sum(chooser, scope, chosen)
    choice = chooser.below(5)
    if choice == 1:
        return written(chooser, "eq", whole, constant(whole.value))
    if choice == 2 and others:
        other = of_leaf(scope, chooser.pick(others))
        return written(chooser, "eq", whole, shifted(other, whole.value - other.value))
    if choice == 3 and others:
        return between(chooser, whole, of_leaf(scope, chooser.pick(others)))
    if choice == 4:
        return between(chooser, whole, _sum(chooser, scope, [*chosen[1:], *others][:MOST]))
    return near(chooser, whole)


def _sum(chooser: Chooser, scope: Scope, names: list[str]) -> Known:
    """The sum of the leaves, one time in four with a multiple of one of them."""
    addends = [of_leaf(scope, name) for name in names]
    if chooser.flag(4):
        place = chooser.below(len(addends))
        addends[place] = combine("mul", addends[place], constant(chooser.pick(SCALES)))
    return combine("add", *addends)


SUMS: dict[str, Relation] = {"long_sum": _long_sum}
"""The forms of this file. ``None`` is returned where the scope lacks a leaf that the form needs."""
