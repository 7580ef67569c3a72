"""Solutions by going through all values of leaves that have few: exact for every operator, floats included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from properties.solver.bounds import Box
from strategies.evaluate import holds
from strategies.terms import Sort, Term, Valuation, Value, variables

Check: TypeAlias = Callable[[Valuation], bool]

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
    checks: defaultdict[int, list[Check]] = defaultdict(list)
    for term in hold:
        checks[_ready(variables(term), places)].append(_holding(term))
    for group in broken:
        names = frozenset().union(*(variables(term) for term in group))
        checks[_ready(names, places)].append(_breaking(group))
    values: dict[str, Value] = {}
    if not all(check(values) for check in checks[0]):
        return Enumerated(True)
    if not order:
        return Enumerated(True, {})
    spent = 0
    stack: list[Iterator[Value]] = [iter(ranges[order[0]])]
    while stack:
        depth = len(stack)
        for value in stack[-1]:
            spent += 1
            if spent > most:
                return Enumerated(False)
            values[order[depth - 1]] = value
            if all(check(values) for check in checks[depth]):
                break
        else:
            stack.pop()
            continue
        if depth == len(order):
            return Enumerated(True, dict(values))
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


def _holding(term: Term) -> Check:
    return lambda values: holds(term, values)


def _breaking(terms: Sequence[Term]) -> Check:
    return lambda values: not all(holds(term, values) for term in terms)
