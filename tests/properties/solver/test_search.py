"""Search by trying values: which are tried, in which order, and which a person would rather see."""

from __future__ import annotations

import math

import pytest

from properties.solver.search import candidates, plainness, search, search_solution, simpler, solving
from properties.solver.smt import satisfies
from strategies.terms import Const, Var, apply

X, Y, F, B = Var("x"), Var("y"), Var("f", "float"), Var("b", "bool")


def test_an_integer_is_tried_near_what_is_known_then_on_and_beside_constants_then_near_zero():
    found = candidates([apply("eq", X, 40), apply("float_le", F, 7.0), apply("float_le", F, 0.5)], {"x": 90})
    assert found["x"] == [90, 91, 89, 40, 41, 39, 7, 8, 6, 0, 1, -1, 2, 3, 4, -2]


def test_a_float_is_tried_on_the_constants_on_the_doubles_beside_them_and_half_a_step_away():
    found = candidates([apply("float_le", F, 7.25), apply("eq", X, 40)], {"f": math.inf})["f"]
    assert found[:11] == [
        math.inf,
        7.25,
        math.nextafter(7.25, math.inf),
        math.nextafter(7.25, 0.0),
        7.75,
        6.75,
        40.0,
        math.nextafter(40.0, math.inf),
        math.nextafter(40.0, 0.0),
        40.5,
        39.5,
    ]
    assert found[11:-1] == [0.0, 1.0, -1.0, 0.5, 1.5, 2.0, 3.0, -0.5, 2.5, 1e-3, 1e300, -1e300, -math.inf]
    assert math.isnan(found[-1])


def test_no_value_is_tried_twice_and_each_has_the_sort_of_its_leaf():
    terms = [apply("and", B, apply("eq", X, 1), apply("float_lt", F, 1.0)), apply("eq", Y, 2**1001)]
    found = candidates(terms, {"b": True, "x": 0, "f": 2})
    assert found["b"] == [True, False]
    for name, kind in (("x", int), ("f", float), ("b", bool), ("y", int)):
        assert {type(value) for value in found[name]} == {kind}
        assert len({repr(value) for value in found[name]}) == len(found[name])
    assert 2**1001 in found["y"]
    # Both zeros are tried, and what is no integer, no double, or a literal of truth is nobody's candidate.
    assert found["f"][0] == 2.0
    literals = [apply("and", Const(True), apply("eq", X, 50)), apply("float_le", F, -0.0), apply("float_le", F, 1e30)]
    tried = candidates(literals, {})
    assert tried["f"][:5] == [50.0, math.nextafter(50.0, 99.0), math.nextafter(50.0, 0.0), 50.5, 49.5]
    assert math.nextafter(1.0, 2.0) not in tried["f"]
    assert tried["x"][:6] == [50, 51, 49, 0, 1, -1]
    assert [math.copysign(1.0, value) for value in tried["f"] if value == 0] == [-1.0, 1.0]


def test_a_leaf_of_truth_is_tried_false_first_whatever_the_constants_are():
    assert candidates([apply("and", B, apply("float_lt", F, 7.0))], {})["b"] == [False, True]


@pytest.mark.parametrize("number", [2.0**63, -(2.0**63), 2.0**64, 1e30])
def test_a_double_beyond_the_machines_integers_is_tried_for_no_integer(number):
    terms = [apply("float_lt", F, number), apply("eq", X, 50)]
    assert int(number) not in candidates(terms, {})["x"]
    assert 2**62 in candidates([apply("float_lt", F, 2.0**62), *terms], {})["x"]


def test_an_integer_that_is_far_too_large_for_a_double_is_tried_for_none():
    numbers = (5000, 2**999, 2**1000, 2**1030)
    tried = candidates([*(apply("lt", X, number) for number in numbers), apply("float_lt", F, 7.0)], {})
    assert {5000.0, 2.0**999} <= set(tried["f"])
    assert 2.0**1000 not in tried["f"]
    assert set(numbers) <= set(tried["x"])


def _trials(terms, wanted=None, near=None, most=1000) -> tuple[list[dict], dict | None]:
    seen: list[dict] = []

    def solves(values) -> bool:
        seen.append(dict(values))
        return values == wanted

    return seen, search(terms, lambda *_: solves, near or {}, most)


def test_one_leaf_is_changed_then_two_then_three():
    terms = [apply("and", B, apply("and", Var("c", "bool"), apply("and", Var("d", "bool"), Var("e", "bool"))))]
    seen, found = _trials(terms)
    assert found is None
    changed = [sum(trial.values()) for trial in seen]
    assert changed[0] == 0
    # Each leaf has two values, of which the first is where it stands; the fourth leaf is never changed beside three.
    assert len(seen) == 1 + 4 * 2 + 6 * 4 + 4 * 8
    assert [max(changed[: 1 + 8]), max(changed[: 1 + 8 + 24]), max(changed)] == [1, 2, 3]


def test_the_first_valuation_is_what_is_known_and_the_search_ends_with_a_solution():
    seen, found = _trials([apply("lt", X, Y)], {"x": 5, "y": 9}, {"x": 5, "y": 9})
    assert found == {"x": 5, "y": 9}
    assert len(seen) == 1
    seen, found = _trials([apply("lt", X, Y)], {"x": 5, "y": -1}, {"x": 5, "y": 9})
    assert found == seen[-1] == {"x": 5, "y": -1}


@pytest.mark.parametrize("most", [1, 5])
def test_a_search_evaluates_no_more_than_it_may(most):
    seen, found = _trials([apply("lt", X, Y)], most=most)
    assert found is None
    assert len(seen) == most


@pytest.mark.parametrize(("most", "solved"), [(33, False), (34, True)])
def test_what_cannot_help_counts_as_if_it_had_been_tried(most, solved):
    """Four leaves of truth: the first valuation, four times two, six times four; then three leaves are changed."""
    terms = [apply("and", B, apply("and", Var("c", "bool"), apply("and", Var("d", "bool"), Var("e", "bool"))))]
    found = search(terms, lambda base, names: (lambda trial: True) if len(names) == 3 else None, {}, most)
    assert found == ({"b": False, "c": False, "d": False, "e": False} if solved else None)


def test_where_a_leaf_has_no_value_everything_is_decided_anew_for_each_trial():
    solves = solving([apply("lt", X, 5)], [[apply("lt", X, Y)]], {"x": 1}, ["y"])
    assert solves is not None
    assert [solves({"x": x, "y": y}) for x, y in ((1, 0), (1, 3), (7, 0))] == [True, False, False]


QUERIES = [
    ([apply("lt", X, Y), apply("eq", apply("add", X, Y), 41)], []),
    ([apply("gt", Y, 3)], [[apply("lt", X, 7), apply("le", F, X)]]),
    ([B, apply("eq", X, 12)], [[apply("ge", Y, 5)], [apply("float_le", F, 2.5), B]]),
    ([apply("eq", apply("floordiv", X, Y), 2), apply("ne", Y, 1)], [[apply("le", X, 9)]]),
    ([apply("lt", X, X)], [[apply("ge", Y, 5)]]),
]


@pytest.mark.parametrize(("hold", "broken"), QUERIES)
@pytest.mark.parametrize("near", [{}, {"x": 12, "y": 5, "f": 0.5, "b": True}])
@pytest.mark.parametrize("most", [1, 30, 400, 30_000])
def test_to_leave_out_leaves_that_cannot_help_changes_neither_the_solution_nor_the_end(hold, broken, near, most):
    terms = [*hold, *(term for group in broken for term in group)]
    plain = search(terms, lambda *_: lambda values: satisfies(hold, broken, values), near, most)
    assert search_solution(hold, broken, near, most) == plain


def test_integers_that_a_person_would_rather_see_are_near_zero():
    assert simpler("int", 40) == [0, 1, -1, 2, 3, 20, 39]
    assert simpler("int", -3) == [0, 1, -1, 2, -2, 3]
    assert simpler("int", 0) == []
    assert simpler("int", 1) == [0]
    assert simpler("int", -1) == [0, 1]
    assert simpler("bool", True) == [False]
    assert simpler("bool", False) == []


def test_floats_that_a_person_would_rather_see_are_short():
    assert simpler("float", 12.3456) == [0.0, 1.0, -1.0, 0.5, 2.0, -0.5, 1.5, 3.0, 2.5, 12.0, 12.3, 12.346]
    assert simpler("float", math.inf) == simpler("float", math.nan)
    assert simpler("float", math.nan) == [0.0, 1.0, -1.0, 0.5, 2.0, -0.5, 1.5, 3.0, 2.5]
    assert simpler("float", -2.5) == [0.0, 1.0, 0.5, 2.0, 1.5, 3.0, 2.5]


def test_plain_values_come_first():
    mixed = [math.nan, -math.inf, 1e300, 2.25, math.inf, -0.5, -2.25, 0.5]
    assert sorted(mixed, key=plainness) == [0.5, -0.5, 2.25, -2.25, 1e300, math.inf, -math.inf, mixed[0]]
    assert sorted([-(10**301), 10**301, 2, -2, 1, 0], key=plainness)[:4] == [0, 1, 2, -2]
    assert sorted([5000, 4000], key=plainness) == [4000, 5000]
    assert sorted([math.nan, math.inf, 10**9], key=plainness)[:2] == [10**9, math.inf]
    assert plainness(10**300) == plainness(10**301)
