"""The steps that decide one part of a query, in order: each knows, or leaves it to the next one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TypeAlias

from properties.solver import quotients, residues, second, statistics
from properties.solver.bits import bit_builder
from properties.solver.bounds import Contradiction
from properties.solver.enumeration import FEW, MANY, enumerate_all
from properties.solver.reduction import Part, free_values, reduced
from properties.solver.search import FEW as FEW_TRIALS
from properties.solver.search import TRIALS, search_solution
from properties.solver.smt import Answer, Budget, ask, satisfies
from strategies.operators import sort_of
from strategies.terms import Apply, Const, Term, Value, Var, leaves_of, substitute, walk

_GLANCE, _QUICK = 0.01, 0.1
"""The shares of the work that z3 may do before other steps are tried."""
_CASE = 0.02
"""The share for each of many cases: one that is as hard as the whole query is not worth them."""
_FEW_ROUNDED = 10_000
"""So many values are gone through at first where roundings matter, which no solver likes."""
_NEAR = 2**20
"""Sums, products and quotients of a few integers up to here are doubles."""
_VALUES = 64
"""A leaf with more values than these is not gone through value by value."""


def decide(part: Part, budget: Budget, work: int, steps: Steps | None = None) -> Answer:
    """The answer of the first step that knows; else ``unknown`` with what z3 says to it.

    ``work`` is what one call of z3 may do, and ``budget`` what all of them may do together.
    """
    last = Answer("unknown", "none", reason="no step decides this")
    for name, step in STEPS if steps is None else steps:
        # What a step asks of other steps is a part of its own time.
        with statistics.step(name) if steps is None else nullcontext():
            answer = step(part, budget, work, last.model or {})
        if answer is None:
            continue
        if answer.status != "unknown":
            return replace(answer, by=name)
        last = replace(answer, model=answer.model or last.model)
    return replace(last, model=None)


def _few(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    return _enumerated(part, _FEW_ROUNDED if _has_floats(part) else FEW)


def _many(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    return _enumerated(part, MANY)


def _enumerated(part: Part, most: int) -> Answer | None:
    found = enumerate_all(part.hold, part.broken, part.sorts, part.box, most)
    if found.model is not None:
        return Answer("sat", model=found.model)
    return Answer("unsat") if found.complete else None


def _one_condition(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    """Whether one of the conditions on floats has no solution by itself, whatever else has to hold.

    Of two counts of at most 64 there are few values, however many the leaves have that stand beside them.
    """
    for hold, broken in (*(((term,), ()) for term in part.hold), *(((), (group,)) for group in part.broken)):
        terms = (*hold, *(term for group in broken for term in group))
        if any(map(_has_rounding, terms)):
            found = enumerate_all(hold, broken, leaves_of(*terms), part.box, _FEW_ROUNDED)
            if found.complete and found.model is None:
                return Answer("unsat")
    return None


def _glance(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer:
    return ask(part.hold, part.broken, budget, int(work * _GLANCE))


def _quick(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer:
    return ask(part.hold, part.broken, budget, int(work * _QUICK))


def _thorough(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer:
    return ask(part.hold, part.broken, budget, work)


def _near_zero(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    """A solution with integers that are small enough for no rounding to matter where only they are rounded."""
    if not _has_floats(part):
        return None
    near = [
        bound
        for name, sort in part.sorts.items()
        if sort == "int"
        for bound in (Apply("le", (Const(-_NEAR), Var(name))), Apply("le", (Var(name), Const(_NEAR))))
    ]
    answer = ask((*part.hold, *near), part.broken, budget, int(work * _QUICK)) if near else None
    return answer if answer is not None and answer.status == "sat" else None


def _fractions(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    """A solution whose quotients of integers, as far as they have to be certain doubles, are simple fractions or nearly
    so."""
    for query in quotients.fractional(part.hold, part.broken):
        try:
            left = reduced(*query)
        except Contradiction:
            continue
        answer = decide(left, budget, int(work * _QUICK), _INNER)
        if answer.model is not None:
            found = _confirmed(part, {**free_values(left, part.sorts), **answer.model})
            if found is not None:
                return found
    return None


def _second(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    return second.second(part.hold, part.broken, budget)


def _residues(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    """Case by case of the remainders by constant divisors."""
    split = False
    for case in residues.cases(part.hold, part.broken):
        split = True
        try:
            left = reduced(case.hold, case.broken)
        except Contradiction:
            continue
        answer = ask(left.hold, left.broken, budget, int(work * _CASE))
        if answer.status == "unknown":
            return None
        if answer.model is not None:
            model = case.model({**free_values(left, case.sorts), **answer.model})
            return _confirmed(part, model)
    return Answer("unsat") if split else None


def _confirmed(part: Part, model: Mapping[str, Value]) -> Answer | None:
    return Answer("sat", model=model) if satisfies(part.hold, part.broken, model) else None


def _bits(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    builder = bit_builder(part.terms, part.box)
    return None if builder is None else ask(part.hold, part.broken, budget, work, builder)


def _search_few(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    return _searched(part, hint, FEW_TRIALS)


def _search(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    return _searched(part, hint, TRIALS)


def _searched(part: Part, hint: Mapping[str, Value], most: int) -> Answer | None:
    found = search_solution(part.hold, part.broken, hint, most)
    return None if found is None else Answer("sat", model=found)


def _values_of_rounded(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    return _values(part, budget, work, hint) if _has_floats(part) else None


def _has_floats(part: Part) -> bool:
    return any(map(_has_rounding, part.terms))


def _has_rounding(term: Term) -> bool:
    return any(sort_of(sub) == "float" for sub in walk(term))


def _values(part: Part, budget: Budget, work: int, hint: Mapping[str, Value]) -> Answer | None:
    """Goes through the values of a leaf that can have a few only: what is left may be about one leaf, or linear."""
    found = _narrowest(part) or _points(part)
    if found is None:
        return None
    name, options = found
    # A leaf with one value may hide another one with few.
    steps = _INNER if len(options) > 1 else STEPS
    for value in options:
        mapping = {name: Const(value)}
        try:
            left = reduced(
                [substitute(term, mapping) for term in part.hold],
                [[substitute(term, mapping) for term in group] for group in part.broken],
            )
        except Contradiction:
            continue
        answer = decide(left, budget, int(work * _QUICK), steps)
        if answer.status == "unknown":
            return None
        if answer.model is not None:
            model = {**free_values(left, part.sorts), **answer.model, name: value}
            return _confirmed(part, model)
    return Answer("unsat")


def _narrowest(part: Part) -> tuple[str, Sequence[Value]] | None:
    """The integer leaf with the fewest values, if those are few, with them.

    A leaf beside a rounding comes first: what is left of ``u1 / u0 == 4.9`` for each ``u0`` is an interval of ``u1``.
    Next come the factors of products: what is left of ``u0 * u0 * u1 == 7`` for each ``u1`` is about ``u0`` alone.
    """
    rounded = {name for term in part.terms if _has_rounding(term) for name in leaves_of(term)}
    factors = {name for term in part.terms for sub in walk(term) if _is_product(sub) for name in leaves_of(sub)}
    widths = {
        name: high - low
        for name, (low, high) in part.box.intervals.items()
        if part.sorts.get(name) == "int" and low is not None and high is not None and high - low < _VALUES
    }
    if not widths:
        return None
    name = min(widths, key=lambda item: (item not in rounded, item not in factors, widths[item], item))
    low = part.box.intervals[name][0] or 0
    return name, range(low, low + widths[name] + 1)


def _is_product(term: Term) -> bool:
    return isinstance(term, Apply) and term.op == "mul" and not any(isinstance(arg, Const) for arg in term.args)


def _points(part: Part) -> tuple[str, Sequence[Value]] | None:
    """A float leaf of which a condition leaves a few numbers, with those: ``x * x == 0.25`` is one."""
    outside = (_complement(group[0]) for group in part.broken if len(group) == 1)
    for ranges in (*map(_ranges, part.hold), *outside):
        if ranges is not None and all(low == high for low, high in ranges[1]):
            numbers = [low for low, _ in ranges[1]]
            # Both zeros are equal to zero.
            return ranges[0], [*numbers, *(-number for number in numbers if number == 0)]
    return None


def _ranges(term: Term) -> tuple[str, list[tuple[float, float]]] | None:
    """The leaf and the ranges, if ``term`` says that one float leaf lies in one of them and is no NaN."""
    names: set[str] = set()
    found: list[tuple[float, float]] = []
    for option in term.args if isinstance(term, Apply) and term.op == "or" else (term,):
        match option:
            case Apply(
                "and", (Apply("float_ge", (Var(name), Const(low))), Apply("float_le", (Var(other), Const(high))))
            ):
                names |= {name, other}
                found.append((float(low), float(high)))
            case _:
                return None
    return (names.pop(), found) if len(names) == 1 else None


def _complement(term: Term) -> tuple[str, list[tuple[float, float]]] | None:
    """The leaf and the ranges in which it lies where ``term``, which holds for NaN and both infinities, does not."""
    if not isinstance(term, Apply) or term.op != "or":
        return None
    *options, nan = term.args
    ranges = _ranges(Apply("or", tuple(options)))
    if ranges is None or nan != Apply("float_ne", (Var(ranges[0], "float"), Var(ranges[0], "float"))):
        return None
    ends = sorted(ranges[1])
    if (ends[0][0], ends[-1][1]) != (-math.inf, math.inf):
        return None
    return ranges[0], [
        (math.nextafter(before, math.inf), math.nextafter(behind, -math.inf))
        for (_, before), (behind, _) in itertools.pairwise(ends)
    ]


Step: TypeAlias = Callable[[Part, Budget, int, Mapping[str, Value]], Answer | None]
"""What a step answers need not say who gave it: ``decide`` does."""
Steps: TypeAlias = Sequence[tuple[str, Step]]

STEPS: Steps = (
    ("enumeration", _few),
    ("z3", _glance),
    ("enumeration", _one_condition),
    ("values", _values_of_rounded),
    ("search", _search_few),
    ("z3", _quick),
    ("z3", _near_zero),
    ("fractions", _fractions),
    ("residues", _residues),
    ("enumeration", _many),
    ("search", _search),
    ("bits", _bits),
    ("values", _values),
    ("z3", _thorough),
    (second.NAME, _second),
)
"""By the name under which an answer tells who gave it."""
_INNER: Steps = tuple((name, step) for name, step in STEPS if name not in ("values", "fractions", second.NAME))
