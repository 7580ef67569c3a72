"""Solutions by going through all values of leaves that have few: exact for every operator, floats included."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from properties.solver.bounds import Box
from strategies.operators import OPERATORS
from strategies.terms import Apply, Const, Sort, Term, Value, Var, variables

FEW = 400
"""So many values are gone through before anything else is tried."""
MANY = 40_000
"""So many values are gone through where a solver does not know."""
_WIDEST = 5_000


@dataclass(frozen=True, slots=True)
class Enumerated:
    """``complete`` says that there is no solution but ``model``'s, if it has one, or none at all."""

    complete: bool
    model: Mapping[str, Value] | None = None


def enumerate_all(
    hold: Sequence[Term],
    broken: Sequence[Sequence[Term]],
    sorts: Mapping[str, Sort],
    box: Box,
    most: int,
) -> Enumerated:
    """The first solution in the order of size, or that there is none; not complete if that takes more than ``most``
    values, or a leaf has too many.

    Leaves get their values one after the other, those with few first, and a condition is checked as soon as its
    leaves have one.
    """
    ranges: dict[str, Sequence[Value]] = {}
    for name, sort in sorts.items():
        found = _values(sort, box.intervals.get(name, (None, None)))
        if found is None:
            return Enumerated(False)
        ranges[name] = found
    order = sorted(ranges, key=lambda name: len(ranges[name]))
    smallest = ranges[order[0]] if order else ()
    if len(smallest) > most:
        return Enumerated(False)
    places = {name: place for place, name in enumerate(order)}
    checks: list[list[Callable[[list[Any]], bool]]] = [[] for _ in range(len(order) + 1)]
    for term in hold:
        checks[_ready(variables(term), places)].append(_holding(term, places))
    for group in broken:
        names = frozenset().union(*(variables(term) for term in group))
        checks[_ready(names, places)].append(_breaking([_holding(term, places) for term in group]))
    values: list[Any] = [None] * len(order)
    if not all(check(values) for check in checks[0]):
        return Enumerated(True)
    spent = 0
    stack: list[Iterator[Value]] = [iter(ranges[order[0]])] if order else []
    if not order:
        return Enumerated(True, {})
    while stack:
        depth = len(stack)
        for value in stack[-1]:
            spent += 1
            if spent > most:
                return Enumerated(False)
            values[depth - 1] = value
            if all(check(values) for check in checks[depth]):
                break
        else:
            stack.pop()
            continue
        if depth == len(order):
            return Enumerated(True, dict(zip(order, values, strict=True)))
        stack.append(iter(ranges[order[depth]]))
    return Enumerated(True)


def _values(sort: Sort, interval: tuple[int | None, int | None]) -> Sequence[Value] | None:
    if sort == "bool":
        return (False, True)
    low, high = interval
    if sort != "int" or low is None or high is None or high - low >= _WIDEST:
        return None
    return sorted(range(low, high + 1), key=lambda value: (abs(value), -value))


def _ready(names: Iterable[str], places: Mapping[str, int]) -> int:
    """After how many leaves all ``names`` have values."""
    return max((places[name] + 1 for name in names), default=0)


def _breaking(terms: Sequence[Callable[[list[Any]], bool]]) -> Callable[[list[Any]], bool]:
    return lambda values: not all(term(values) for term in terms)


def _holding(term: Term, places: Mapping[str, int]) -> Callable[[list[Any]], bool]:
    value = compiled(term, places)

    def holding(values: list[Any]) -> bool:
        try:
            return bool(value(values))
        except (ArithmeticError, ValueError):
            return False

    return holding


def compiled(term: Term, places: Mapping[str, int]) -> Callable[[list[Any]], Any]:
    """A function from the values of all leaves, each at its place, to that of ``term``.

    It raises an ``ArithmeticError`` or ``ValueError`` where ``term`` is undefined.
    """
    if isinstance(term, Const):
        value = term.value
        return lambda values: value
    if isinstance(term, Var):
        return itemgetter(places[term.name])
    assert isinstance(term, Apply)
    function = OPERATORS[term.op].python
    width = len(OPERATORS[term.op].sorts)
    args = [compiled(arg, places) for arg in term.args]
    if len(args) == 1:
        (only,) = args
        return lambda values: function(only(values))
    if OPERATORS[term.op].lazy:
        condition, then = args
        return lambda values: not condition(values) or then(values)
    if len(args) == width == 2:
        left, right = args
        return lambda values: function(left(values), right(values))

    def folded(values: list[Any]) -> Any:
        results = [arg(values) for arg in args]
        result = function(*results[:width])
        for extra in itertools.islice(results, width, None):
            result = function(result, extra)
        return result

    return folded
