"""What a box says of conditions, held against all values of a square: it leaves out no solution, and little else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import pytest

from properties.solver.bounds import Box, Contradiction, box_of
from properties.solver.intervals import Interval
from strategies.evaluate import evaluate, holds
from strategies.terms import Apply, Const, Term, Undefined, Value, apply

RELATIONS = ("eq", "ne", "lt", "le", "gt", "ge")
ORDERED = RELATIONS[2:]
NUMBERS = (-3, 0, 1, 6)
SQUARE = [{"x": x, "y": y} for x in range(-4, 5) for y in range(-4, 5)]
EVERYWHERE = frozenset(range(len(SQUARE)))


def times(factor: int, leaf: Term | str) -> Apply:
    return apply("mul", factor, leaf)


LINEAR: list[Term] = [
    apply("add", "x", "y"),
    apply("sub", "x", "y"),
    apply("sub", 1, apply("add", "y", "x")),
    apply("add", times(2, "x"), times(-3, "y")),
    apply("add", times(-2, "x"), 1),
    apply("add", apply("add", "x", "y"), "x"),
]
OTHERS: list[Term] = [
    apply("min", "x", "y"),
    apply("max", "x", times(2, "y")),
    apply("abs", apply("sub", "x", 1)),
    apply("add", apply("abs", "x"), "y"),
    apply("mul", "x", "x"),
    apply("mul", "x", "y"),
    apply("mul", "x", "x", "y"),
    apply("floordiv", "x", 3),
    apply("floordiv", apply("add", "x", "y"), -2),
    apply("floordiv", "x", "y"),
    apply("mod", "x", 3),
    apply("mod", "x", "y"),
    apply("add", times(2, apply("mod", "x", "y")), "y"),
    apply("bitxor", 5, "x"),
    apply("bitxor", "x", "y"),
    apply("bitand", "x", 3),
    apply("pow", "x", 2),
    apply("lshift", 1, "y"),
]
CONDITIONS = [apply(op, term, number) for term in (*LINEAR, *OTHERS) for op in RELATIONS for number in NUMBERS]
INSIDE = [apply(op, name, end) for name in "xy" for op, end in (("ge", -4), ("le", 4))]
BOXES: list[dict[str, Interval]] = [
    {},
    {"x": (-4, 4), "y": (-4, 4)},
    {"x": (1, 4), "y": (-2, -1)},
    {"x": (0, None), "y": (1, 3)},
    {"x": (None, -1), "y": (0, 0)},
    {"y": (-1, None)},
]


def solutions(condition: Term) -> frozenset[int]:
    return frozenset(place for place, values in enumerate(SQUARE) if holds(condition, values))


SOLUTIONS: Mapping[Term, frozenset[int]] = {condition: solutions(condition) for condition in CONDITIONS}


def within(box: Mapping[str, Interval], values: Mapping[str, int]) -> bool:
    return all(
        (low is None or low <= values[name]) and (high is None or values[name] <= high)
        for name, (low, high) in box.items()
    )


def hull(places: Iterable[int]) -> dict[str, Interval]:
    found = {name: [SQUARE[place][name] for place in places] for name in "xy"}
    return {name: (min(values), max(values)) for name, values in found.items()}


def left_out(hold: list[Term], expected: frozenset[int]) -> list[dict[str, int]]:
    """Those of the values ``expected`` that the bounds of ``hold`` exclude."""
    try:
        box = box_of(hold)
    except Contradiction:
        return [SQUARE[place] for place in expected]
    return [SQUARE[place] for place in expected if not within(box.intervals, SQUARE[place])]


@pytest.mark.parametrize("bounds", BOXES, ids=str)
def test_no_solution_of_a_condition_lies_outside_of_its_bounds(bounds):
    limits = Box(bounds).as_terms()
    allowed = frozenset(place for place in EVERYWHERE if within(bounds, SQUARE[place]))
    for condition, places in SOLUTIONS.items():
        assert not left_out([*limits, condition], places & allowed), condition
        assert not left_out([*limits, apply("not", condition)], _broken(condition) & allowed), condition


def _broken(condition: Term) -> frozenset[int]:
    return solutions(apply("not", condition))


def test_no_solution_of_two_conditions_lies_outside_of_their_bounds():
    for first, second in itertools.pairwise(CONDITIONS[::3] + CONDITIONS[::5] + CONDITIONS[::7]):
        together = SOLUTIONS[first] & SOLUTIONS[second]
        assert not left_out([*INSIDE, first, second], together), (first, second)
        for either in (apply("or", first, second), apply("not", apply("and", first, second))):
            assert not left_out([*INSIDE, either], solutions(either)), either


@pytest.mark.parametrize("term", LINEAR, ids=str)
def test_the_bounds_of_a_linear_condition_are_as_narrow_as_they_can_be(term):
    for op, number in itertools.product(ORDERED, range(-9, 10)):
        condition = apply(op, term, number)
        places = solutions(condition)
        if places:
            assert box_of([*INSIDE, condition]).intervals == hull(places), condition
        else:
            with pytest.raises(Contradiction):
                box_of([*INSIDE, condition])


@pytest.mark.parametrize("bounds", BOXES[1:3], ids=str)
def test_a_condition_comes_to_what_it_says_within_the_box(bounds):
    """Where it has no value, neither has what it comes to; where it is the same throughout, that is seen."""
    box = Box(bounds)
    inside = [values for values in SQUARE if within(bounds, values)]
    for condition in CONDITIONS:
        wanted = [_value(condition, values) for values in inside]
        found = box.simplified(condition)
        assert [_value(found, values) for values in inside] == wanted, condition
        if wanted[0] is not None and len(set(wanted)) == 1 and condition.args[0] in LINEAR and condition.op in ORDERED:
            assert found == Const(wanted[0]), condition


def _value(term: Term, values: Mapping[str, int]) -> Value | None:
    try:
        return evaluate(term, values)
    except Undefined:
        return None


@pytest.mark.parametrize("bounds", BOXES, ids=str)
def test_what_is_called_total_has_a_value_everywhere_in_the_box(bounds):
    box = Box(bounds)
    for term in (*LINEAR, *OTHERS):
        if box.total(term):
            assert all(_value(term, values) is not None for values in SQUARE if within(bounds, values)), term
