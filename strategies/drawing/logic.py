"""Checks that join, negate or repeat comparisons, each true of the example values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.drawing.known import Known, any_leaf, combine, constant, of_leaf, shifted
from strategies.drawing.relations import ARITHMETIC, Relation, near
from strategies.evaluate import evaluate, holds
from strategies.operators.comparison import MIRROR, NEGATION
from strategies.statement import Scope
from strategies.terms import TRUE, Apply, Const, Term, Var, walk

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

_PARTS = ("bound", "bound", "item_and_dim", "items", "equality", "remainder", "min_max", "scaled")


def _comparison(chooser: Chooser, scope: Scope) -> Apply:
    """A comparison that is true of the example values."""
    condition = ARITHMETIC[chooser.pick(_PARTS)](chooser, scope)
    if condition is None:
        condition = near(chooser, any_leaf(chooser, scope))
    if not isinstance(condition, Apply):
        raise TypeError(f"{condition!r} is not a comparison")
    return condition


def _negated(condition: Apply) -> Apply:
    return Apply(NEGATION[condition.op], condition.args)


def _either_way(chooser: Chooser, scope: Scope) -> Apply:
    """A comparison that is false of the example values half of the time."""
    condition = _comparison(chooser, scope)
    return _negated(condition) if chooser.flag(2) else condition


def _both(chooser: Chooser, scope: Scope) -> Term:
    return Apply("and", (_comparison(chooser, scope), _comparison(chooser, scope)))


def _one_of(chooser: Chooser, scope: Scope) -> Term:
    parts = (_comparison(chooser, scope), _either_way(chooser, scope))
    return Apply("or", parts[::-1] if chooser.flag(2) else parts)


def _negation(chooser: Chooser, scope: Scope) -> Term:
    if chooser.flag(3):
        parts = (_negated(_comparison(chooser, scope)), _either_way(chooser, scope))
        return Apply("not", (Apply("and", parts),))
    return Apply("not", (_negated(_comparison(chooser, scope)),))


def _conditional(chooser: Chooser, scope: Scope) -> Term:
    condition, then = _either_way(chooser, scope), any_leaf(chooser, scope)
    # torch wants two values of one type: a leaf beside a literal is refused.
    other = shifted(any_leaf(chooser, scope), chooser.below(5) - 2)
    chosen = then if holds(condition, scope.values) else other
    known = Known(Apply("ite", (condition, then.term, other.term)), chosen.value)
    return near(chooser, combine("add", known, any_leaf(chooser, scope)) if chooser.flag(4) else known)


def _chained(chooser: Chooser, scope: Scope) -> Term:
    """A leaf between two bounds at once, each of them a leaf or a constant."""
    middle = any_leaf(chooser, scope)
    leaves = [of_leaf(scope, name) for name in scope.integers if Var(name) != middle.term]
    lower = _bound_of(chooser, [leaf for leaf in leaves if leaf.value <= middle.value], middle.value, -1)
    upper = _bound_of(chooser, [leaf for leaf in leaves if leaf.value >= middle.value], middle.value, 1)
    first = "lt" if lower.value < middle.value and chooser.flag(3) else "le"
    second = "lt" if middle.value < upper.value and chooser.flag(3) else "le"
    return Apply("and", (Apply(first, (lower.term, middle.term)), Apply(second, (middle.term, upper.term))))


def _bound_of(chooser: Chooser, leaves: list[Known], value: int, direction: int) -> Known:
    if leaves and chooser.flag(2):
        return chooser.pick(leaves)
    return constant(value + direction * chooser.below(4))


def _again(chooser: Chooser, scope: Scope) -> Term | None:
    """What an earlier check demanded, or an operator demanded or made sure of, once more."""
    known = [
        term
        for term in dict.fromkeys(scope.learned)
        if isinstance(term, Apply)
        and not any(isinstance(part, Const) and abs(part.value) >= _NO_BOUND for part in walk(term))
    ]
    if not known:
        return None
    term = chooser.pick(known[::-1])
    if term.op in MIRROR and chooser.flag(3):
        return Apply(MIRROR[term.op], term.args[::-1])
    return term


def _opposite(chooser: Chooser, scope: Scope) -> Term | None:
    """The other half of an equality of which an earlier check demanded one half."""
    halves = [
        term
        for term in dict.fromkeys(scope.learned)
        if isinstance(term, Apply)
        and term.op in ("le", "ge")
        and evaluate(term.args[0], scope.values) == evaluate(term.args[1], scope.values)
    ]
    if not halves:
        return None
    half = chooser.pick(halves[::-1])
    return Apply("ge" if half.op == "le" else "le", half.args)


def _impossible(chooser: Chooser, scope: Scope) -> Term:
    """A contradiction, beside something that is true: what can never be is left for the other side to carry."""
    condition, leaf = _comparison(chooser, scope), any_leaf(chooser, scope)
    bound = constant(leaf.value + chooser.below(5) - 2)
    both = Apply("and", (Apply("lt", (leaf.term, bound.term)), Apply("gt", (leaf.term, bound.term))))
    return Apply("or", (both, condition) if chooser.flag(2) else (condition, both))


def _always(chooser: Chooser, scope: Scope) -> Term:
    """What is true whatever the values are."""
    leaf = any_leaf(chooser, scope)
    bound = constant(leaf.value + chooser.below(5) - 2)
    other = any_leaf(chooser, scope)
    forms: tuple[Term, ...] = (
        TRUE,
        Apply("eq", (leaf.term, leaf.term)),
        Apply("eq", (Apply("mul", (leaf.term, Const(0))), Const(0))),
        Apply("eq", (Apply("sub", (leaf.term, leaf.term)), Const(0))),
        Apply("or", (Apply("lt", (leaf.term, bound.term)), Apply("ge", (leaf.term, bound.term)))),
        Apply("le", (Apply("min", (leaf.term, other.term)), other.term)),
        Apply("lt", (Apply("mod", (leaf.term, Const(3))), Const(3))),
    )
    return chooser.pick(forms)


def _nested(chooser: Chooser, scope: Scope) -> Term:
    """Connectives inside each other."""
    inner = Apply("or", (_either_way(chooser, scope), _comparison(chooser, scope)))
    if chooser.flag(2):
        inner = Apply("not", (Apply("and", (_negated(_comparison(chooser, scope)), _either_way(chooser, scope))),))
    return Apply("and", (inner, _comparison(chooser, scope)))


_NO_BOUND = 2**62
"""Constants from here on are the ends of int64, which every item keeps."""


LOGIC: dict[str, Relation] = {
    "both": _both,
    "one_of": _one_of,
    "negation": _negation,
    "conditional": _conditional,
    "chained": _chained,
    "again": _again,
    "opposite": _opposite,
    "impossible": _impossible,
    "nested": _nested,
    "always": _always,
}
"""The forms that have a boolean operator or a conditional inside, or may have one."""
