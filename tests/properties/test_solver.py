"""The solver layer: its answers are right, its normal forms sound, and not knowing is never success."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from properties.solver import solve
from properties.solver.normal import Known, linear, normal
from properties.solver.query import satisfies
from properties.solver.skeleton import skeleton
from strategies.evaluate import evaluate, holds
from strategies.terms import FALSE, TRUE, Undefined, Var, apply
from tests.properties.terms_strategy import conditions, integers, valuations


@settings(max_examples=1000)
@given(conditions(), valuations())
def test_a_normal_form_holds_exactly_where_the_condition_does(term, values):
    assert holds(normal(term), values) == holds(term, values)


@given(integers(), valuations())
def test_a_linear_form_has_the_value_of_the_term(term, values):
    atoms, constant = linear(term)
    try:
        expected = evaluate(term, values)
    except Undefined:
        with pytest.raises(Undefined):
            [evaluate(atom, values) for atom, _ in atoms]
        return
    assert expected == sum(factor * evaluate(atom, values) for atom, factor in atoms) + constant


@given(conditions())
def test_the_solver_proves_each_normal_form_equivalent_or_does_not_know(term):
    for hold, broken in ((term, normal(term)), (normal(term), term)):
        assert solve([hold], [broken], work=200_000).status != "sat"


@given(conditions(), valuations())
def test_an_unsat_answer_leaves_no_solution(term, values):
    if solve([term], work=200_000).status == "unsat":
        assert not holds(term, values)


@given(conditions(), conditions())
def test_a_model_is_a_solution_by_plain_evaluation(first, second):
    answer = solve([first], [second], small=True, work=200_000)
    if answer.model is not None:
        assert satisfies([first], [[second]], {"x": 0, "y": 0, "z": 0, **answer.model})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (apply("eq", "x", "x"), TRUE),
        (apply("lt", "x", "x"), FALSE),
        (apply("eq", apply("mul", 2, "x"), 3), FALSE),
        (apply("eq", apply("sub", apply("add", "x", "y"), "y"), 3), normal(apply("eq", 3, "x"))),
        (apply("lt", apply("mul", 2, "x"), 7), normal(apply("le", "x", 3))),
        (apply("not", apply("gt", "x", 3)), normal(apply("le", "x", 3))),
    ],
)
def test_ways_of_writing_one_condition_have_one_normal_form(condition, expected):
    assert normal(condition) == expected


@given(conditions(), conditions())
def test_what_is_implied_at_once_is_implied(first, second):
    if Known([second]).implies(first):
        assert solve([second], [first], work=200_000).status != "sat"


def test_a_tighter_bound_and_an_equality_imply_a_bound_at_once():
    bound = apply("ge", "x", 2)
    assert Known([apply("gt", "x", 4)]).implies(bound)
    assert Known([apply("eq", 3, "x")]).implies(bound)
    assert not Known([apply("ge", "x", 1)]).implies(bound)
    assert not Known([apply("le", "x", 4)]).implies(bound)


def test_cancelling_does_not_hide_a_division_by_zero():
    quotient = apply("floordiv", "x", "y")
    condition = apply("eq", apply("sub", quotient, quotient), 0)
    assert normal(condition) != TRUE
    assert solve([TRUE], [normal(condition)]).status == "sat"


def test_a_query_beyond_its_work_budget_is_unknown():
    x, y, z = Var("x"), Var("y"), Var("z")

    def cube(term):
        return apply("mul", term, apply("mul", term, term))

    hard = [
        apply("eq", apply("add", cube(x), apply("add", cube(y), cube(z))), 114),
        *(apply("ne", term, 0) for term in (x, y, z)),
    ]
    answer = solve(hard, work=20_000)
    assert (answer.status, answer.model) == ("unknown", None)
    assert answer.reason


def test_remainders_are_decided_by_splitting_into_residues():
    square = apply("mul", "x", "x")
    condition = apply("ne", apply("mod", square, 4), 2)
    assert solve([TRUE], [condition]).status == "unsat"


def test_a_small_model_is_near_zero():
    answer = solve([apply("gt", "x", 5), apply("ne", "y", 0)], small=True)
    assert answer.model == {"x": 6, "y": 1} or answer.model == {"x": 6, "y": -1}


def test_a_query_gives_the_same_answer_again():
    condition = apply("gt", apply("mul", "x", "y"), apply("add", "z", 11))
    assert solve([condition]) == solve([condition])


def test_a_skeleton_forgets_names_numbers_and_order():
    kinds = {"x": "item", "y": "dim", "z": "dim"}
    first = apply("ge", apply("add", "y", "x"), 3)
    second = apply("le", 5, apply("add", "x", "z"))
    assert skeleton(first, kinds) == skeleton(second, kinds) == "le(c, add(dim, item))"
