"""Checks of truth values that are inputs: alone, negated, and beside comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.drawing.known import Known, any_leaf, shifted
from strategies.drawing.relations import Relation, near
from strategies.statement import Scope
from strategies.terms import Apply, Term, Var

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


def _flag(chooser: Chooser, scope: Scope) -> Term | None:
    """A truth value or its negation, whichever is true; joined with a comparison if there is an integer."""
    if not scope.flags:
        return None
    name = chooser.pick(scope.flags)
    leaf = Var(name, "bool")
    if not scope.integers or chooser.below(3) == 0:
        return leaf if scope.values[name] else Apply("not", (leaf,))
    comparison = near(chooser, any_leaf(chooser, scope))
    return Apply("or", (leaf, comparison) if chooser.flag(2) else (Apply("not", (leaf,)), comparison))


def _chosen(chooser: Chooser, scope: Scope) -> Term | None:
    """A comparison of the one of two numbers that a truth value chooses."""
    if not scope.flags or not scope.integers:
        return None
    name = chooser.pick(scope.flags)
    then, other = any_leaf(chooser, scope), shifted(any_leaf(chooser, scope), 1 + chooser.below(3))
    value = then.value if scope.values[name] else other.value
    return near(chooser, Known(Apply("ite", (Var(name, "bool"), then.term, other.term)), value))


FLAGS: dict[str, Relation] = {"flag": _flag, "flag_chooses": _chosen}
"""The forms of this file. ``None`` is returned where the scope lacks a leaf that the form needs."""
