"""A normal form of integer conditions, to see at once that two of them are the same.

A comparison becomes ``polynomial <= 0`` (or ``==``, ``!=``), where anything that is not a sum or a
product by a constant is an atom. Equal normal forms mean equal conditions; different ones mean nothing, and the
solver is asked. Every rule here is proved by the solver in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import gcd
from typing import TypeAlias

from strategies.operators import OPERATORS
from strategies.operators.comparison import MIRROR, NEGATION, relation
from strategies.operators.row import always
from strategies.terms import FALSE, TRUE, Apply, Const, Term, conjuncts

Linear: TypeAlias = tuple[tuple[tuple[Term, int], ...], int]
"""Coefficients of the atoms in a fixed order, and the constant."""


@lru_cache(maxsize=8192)
def normal(term: Term) -> Term:
    """An equivalent condition that is the same for many ways of writing it."""
    return _normal(term) if isinstance(term, Apply) else term


def _normal(term: Apply) -> Term:
    if term.op == "not":
        (inner,) = term.args
        if isinstance(inner, Apply) and inner.op in NEGATION:
            return normal(Apply(NEGATION[inner.op], inner.args))
        return Apply("not", (normal(inner),))
    if term.op in ("and", "or"):
        parts = sorted({normal(arg) for arg in term.args}, key=repr)
        return Apply(term.op, tuple(parts)) if len(parts) > 1 else parts[0]
    if term.op not in NEGATION:
        return _floats_in_order(term) if term.op.startswith("float_") else term
    return _of_choice(comparison(term)) or _as_term(comparison(term))


def _of_choice(found: Comparison) -> Term | None:
    """A comparison of a number that a condition chooses from two: the condition itself, or that it does not hold."""
    match found:
        case op, ((Apply("ite", (condition, Const(int() as then), Const(int() as other))), factor),), constant:
            truths = tuple(_is_true(op, factor * number + constant) for number in (then, other))
            if truths[0] != truths[1]:
                return normal(condition if truths[0] else Apply("not", (condition,)))
    return None


def _floats_in_order(term: Apply) -> Term:
    """A comparison of floats with its operands in one order; nothing may be moved from one side to the other."""
    bare = relation(term.op)
    if not bare:
        return term
    left, right = (_atom(arg) for arg in term.args)
    if bare in ("gt", "ge") or (bare in ("eq", "ne") and repr(right) < repr(left)):
        return Apply(f"float_{MIRROR[bare]}", (right, left))
    return Apply(term.op, (left, right))


Comparison: TypeAlias = tuple[str, tuple[tuple[Term, int], ...], int]
"""``(op, coefficients, constant)`` for ``coefficients + constant  op  0``, op one of ``le``, ``eq``, ``ne``."""


@lru_cache(maxsize=8192)
def comparison(term: Apply) -> Comparison:
    """A comparison in normal form; without coefficients it is a literal."""
    return _compared(term.op, *linear(Apply("sub", term.args)))


def _compared(op: str, coefficients: tuple[tuple[Term, int], ...], constant: int) -> Comparison:
    if op in ("gt", "ge"):
        coefficients, constant = tuple((atom, -factor) for atom, factor in coefficients), -constant
    op = {"gt": "lt", "ge": "le"}.get(op, op)
    if op == "lt":
        op, constant = "le", constant + 1
    if not any(factor for _, factor in coefficients):
        return op, coefficients, constant
    # Divided by the common factor, and rounded so that the bound is one of an integer.
    factor = gcd(*(factor for _, factor in coefficients))
    if op == "le":
        constant = -((-constant) // factor)
    elif constant % factor:
        return (op, coefficients, constant) if _partial(coefficients) else (op, (), 1)
    else:
        constant //= factor
    coefficients = tuple((atom, value // factor) for atom, value in coefficients)
    if op in ("eq", "ne") and next(value for _, value in coefficients if value) < 0:
        coefficients, constant = tuple((atom, -value) for atom, value in coefficients), -constant
    return op, coefficients, constant


def _partial(coefficients: tuple[tuple[Term, int], ...]) -> bool:
    return not all(total_everywhere(atom) for atom, _ in coefficients)


def _is_true(op: str, constant: int) -> bool:
    return {"le": constant <= 0, "eq": constant == 0, "ne": constant != 0}[op]


def _as_term(found: Comparison) -> Term:
    op, coefficients, constant = found
    if not coefficients:
        return TRUE if _is_true(op, constant) else FALSE
    total: Term = Const(constant)
    for atom, value in coefficients:
        total = Apply("add", (total, Apply("mul", (Const(value), atom))))
    return Apply(op, (total, Const(0)))


class Known:
    """Conditions that hold, prepared to see at once what follows from a single one of them.

    ``x + 3 <= 0`` implies ``x + 2 <= 0``, and ``x - 3 == 0`` implies ``-x + 1 <= 0``.
    """

    def __init__(self, given: Iterable[Term]) -> None:
        self._normals: set[Term] = set()
        self._bounds: dict[tuple[tuple[Term, int], ...], int] = {}
        for part in dict.fromkeys(part for item in given for part in conjuncts(item)):
            self._normals.add(normal(part))
            for coefficients, constant in _bounds_of(part):
                self._bounds[coefficients] = max(constant, self._bounds.get(coefficients, constant))

    def implies(self, term: Term) -> bool:
        """Whether ``term`` follows by comparing constants; False says nothing."""
        wanted = normal(term)
        if wanted == TRUE or wanted in self._normals:
            return True
        if not isinstance(term, Apply) or term.op not in NEGATION:
            return False
        op, coefficients, constant = comparison(term)
        bound = self._bounds.get(coefficients)
        return op == "le" and bound is not None and bound >= constant


@lru_cache(maxsize=8192)
def _bounds_of(part: Term) -> tuple[Linear, ...]:
    """Sums that are not positive if ``part`` holds."""
    if not isinstance(part, Apply) or part.op not in NEGATION:
        return ()
    op, coefficients, constant = comparison(part)
    if op == "ne":
        return ()
    bound = (coefficients, constant)
    return (bound, (tuple((atom, -value) for atom, value in coefficients), -constant)) if op == "eq" else (bound,)


def linear(term: Term) -> Linear:
    """``term`` as a sum of atoms with integer coefficients.

    An atom that may be undefined stays even with coefficient 0: cancelling must not hide a division by zero.
    """
    totals: dict[Term, int] = {}
    constant = _collect(term, 1, totals)
    kept = [(atom, factor) for atom, factor in totals.items() if factor or not total_everywhere(atom)]
    return tuple(sorted(kept, key=lambda item: repr(item[0]))), constant


def _collect(term: Term, factor: int, totals: dict[Term, int]) -> int:
    if isinstance(term, Const) and not isinstance(term.value, (bool, float)):
        return factor * term.value
    if isinstance(term, Apply):
        args = term.args
        if term.op == "add":
            return sum(_collect(arg, factor, totals) for arg in args)
        if term.op == "sub":
            return _collect(args[0], factor, totals) + _collect(args[1], -factor, totals)
        if term.op == "neg":
            return _collect(args[0], -factor, totals)
        if term.op == "mul":
            scalars = [arg for arg in args if isinstance(arg, Const)]
            others = [arg for arg in args if not isinstance(arg, Const)]
            scale = factor
            for scalar in scalars:
                scale *= int(scalar.value)
            if not others:
                return scale
            if len(others) == 1:
                return _collect(others[0], scale, totals)
            atom: Term = Apply("mul", tuple(sorted(map(_atom, others), key=repr)))
            totals[atom] = totals.get(atom, 0) + scale
            return 0
    atom = _atom(term)
    totals[atom] = totals.get(atom, 0) + factor
    return 0


def _atom(term: Term) -> Term:
    """An atom with its operands in normal order where order does not matter."""
    if isinstance(term, Apply):
        args = tuple(_atom(arg) for arg in term.args)
        if term.op in _COMMUTATIVE:
            args = tuple(sorted(args, key=repr))
        return Apply(term.op, args)
    return term


_COMMUTATIVE = frozenset({"min", "max", "add", "mul", "float_add", "float_mul", "bitand", "bitor", "bitxor"})


def total_everywhere(term: Term) -> bool:
    """Whether ``term`` has a value for every valuation, seen at a glance."""
    if not isinstance(term, Apply):
        return True
    if OPERATORS[term.op].defined is not always:
        divides = term.op in ("floordiv", "mod", "float_div", "float_mod", "float_floordiv")
        divisor = term.args[-1]
        if not (divides and isinstance(divisor, Const) and divisor.value):
            return False
    return all(total_everywhere(arg) for arg in term.args)


def normal_set(terms: tuple[Term, ...]) -> frozenset[Term]:
    """The normal forms of all conjuncts of ``terms``."""
    return frozenset(normal(part) for term in terms for part in conjuncts(term))


def is_trivial(term: Term) -> bool:
    """Whether the normal form of ``term`` is true for every valuation."""
    return normal(term) == TRUE


__all__ = ["Known", "is_trivial", "linear", "normal", "normal_set", "total_everywhere"]
