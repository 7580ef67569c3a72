"""Going through all values: completely, in the order of size, and never more of them than allowed."""

from __future__ import annotations

import pytest

from properties.solver.bounds import Box
from properties.solver.enumeration import Enumerated, enumerate_all
from strategies.terms import FALSE, TRUE, Sort, Var, apply

X_AND_Y: dict[str, Sort] = {"x": "int", "y": "int"}


def _box(**intervals) -> Box:
    return Box(intervals)


def test_the_solution_nearest_to_zero_comes_first_and_a_positive_number_before_its_negative():
    box = _box(x=(-5, 5))
    for condition, expected in (("ge", 0), ("ne", 1), ("lt", -1)):
        found = enumerate_all([apply(condition, "x", 0)], [], {"x": "int"}, box, 100)
        assert found == Enumerated(True, {"x": expected})
    assert enumerate_all([apply("ne", apply("mul", "x", "x"), 1), apply("ne", "x", 0)], [], {"x": "int"}, box, 100) == (
        Enumerated(True, {"x": 2})
    )


def test_groups_have_to_be_broken_by_one_of_their_terms():
    box = _box(x=(0, 3), y=(0, 3))
    group = [apply("lt", "x", 3), apply("lt", "y", 3)]
    assert enumerate_all([], [group], X_AND_Y, box, 100).model == {"x": 0, "y": 3}
    assert enumerate_all([apply("lt", "y", 3)], [group], X_AND_Y, box, 100).model == {"x": 3, "y": 0}
    assert enumerate_all(group, [group], X_AND_Y, box, 100) == Enumerated(True)
    assert enumerate_all([], [group[:1], group[1:]], X_AND_Y, box, 100).model == {"x": 3, "y": 3}


def test_leaves_with_few_values_come_first_and_their_conditions_cut_what_follows():
    """Of y there are two values, and neither will do: none of the thousand of x is looked at."""
    box = _box(x=(0, 999), y=(0, 1))
    conditions = [apply("gt", "y", 1), apply("eq", apply("add", "x", "y"), 7)]
    assert enumerate_all(conditions, [], X_AND_Y, box, 2) == Enumerated(True)
    assert enumerate_all(conditions, [], X_AND_Y, box, 1) == Enumerated(False)
    assert enumerate_all(conditions[1:], [conditions[:1]], X_AND_Y, box, 9).model == {"x": 7, "y": 0}


def test_no_more_values_than_allowed_are_tried():
    box = _box(x=(0, 9))
    # Where even the leaf with the fewest values has more than may be tried, none is.
    assert enumerate_all([apply("eq", "x", 0)], [], {"x": "int"}, box, 9) == Enumerated(False)
    assert enumerate_all([apply("eq", "x", 0)], [], {"x": "int"}, box, 10) == Enumerated(True, {"x": 0})


def test_after_a_dead_end_the_leaf_before_goes_on():
    box = _box(x=(0, 2), y=(0, 2))
    far = apply("ge", apply("add", "x", "y"), 4)
    assert enumerate_all([far], [], X_AND_Y, box, 12) == Enumerated(True, {"x": 2, "y": 2})
    assert enumerate_all([far], [], X_AND_Y, box, 11) == Enumerated(False)
    assert enumerate_all([apply("ge", apply("add", "x", "y"), 5)], [], X_AND_Y, box, 12) == Enumerated(True)


@pytest.mark.parametrize(
    ("sort", "interval", "complete"),
    [
        ("float", (0, 1), False),
        ("int", (None, 1), False),
        ("int", (0, None), False),
        ("int", (-4999, 0), True),
        ("int", (-5000, 0), False),
        ("bool", (None, None), True),
    ],
)
def test_a_leaf_that_has_too_many_values_is_not_gone_through(sort, interval, complete):
    leaf = Var("v", sort)
    never = apply("and", leaf, apply("not", leaf)) if sort == "bool" else apply("lt", leaf, leaf)
    condition = apply("float_lt", leaf, leaf) if sort == "float" else never
    assert enumerate_all([condition], [], {"v": sort}, _box(v=interval), 10**5).complete == complete
    # A leaf that the box does not know has no ends.
    assert enumerate_all([condition], [], {"v": sort}, _box(), 10**5).complete == (sort == "bool")


def test_conditions_without_a_leaf_are_checked_before_any_value():
    box = _box(x=(0, 9))
    assert enumerate_all([FALSE], [], {"x": "int"}, box, 100) == Enumerated(True)
    assert enumerate_all([], [[TRUE]], {"x": "int"}, box, 100) == Enumerated(True)
    assert enumerate_all([TRUE], [[FALSE]], {"x": "int"}, box, 100) == Enumerated(True, {"x": 0})
    assert enumerate_all([TRUE], [[FALSE]], {}, _box(), 0) == Enumerated(True, {})
    assert enumerate_all([FALSE], [], {}, _box(), 0) == Enumerated(True)


def test_a_truth_is_false_first_and_then_true():
    leaf = Var("b", "bool")
    assert enumerate_all([], [], {"b": "bool"}, _box(), 2) == Enumerated(True, {"b": False})
    assert enumerate_all([leaf], [], {"b": "bool"}, _box(), 2) == Enumerated(True, {"b": True})
    assert enumerate_all([leaf], [], {"b": "bool"}, _box(), 1) == Enumerated(False)
