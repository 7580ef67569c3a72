"""The solver layer: its answers are right, its normal forms sound, and not knowing is never success."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from properties.solver import query, solve
from properties.solver.normal import Known, is_trivial, linear, normal, normal_set
from properties.solver.query import _minimised, satisfies
from properties.solver.reduction import reduced
from properties.solver.skeleton import skeleton
from properties.solver.smt import Budget
from strategies.evaluate import evaluate, holds
from strategies.terms import FALSE, TRUE, Const, Undefined, Var, apply
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


ZF, ZG = Var("f", "float"), Var("g", "float")


@pytest.mark.parametrize(
    ("hold", "broken"),
    [
        ([apply("float_ge", ZF, 1.5)], apply("float_gt", ZF, 1.0)),
        ([apply("float_lt", ZF, ZG), apply("float_lt", ZG, 2.0)], apply("float_lt", ZF, 2.0)),
        ([apply("float_ge", ZF, 0.0)], apply("ge", apply("trunc", ZF), 0)),
        ([apply("float_ge", ZF, 0.5)], apply("float_ge", apply("float_add", ZF, ZF), 1.0)),
        ([apply("ge", "n", 3), apply("le", "n", 2**63)], apply("float_ge", apply("int_div", "n", 2), 1.5)),
        ([apply("mixed_le", "n", ZF)], apply("float_eq", ZF, ZF)),
        ([apply("float_le", ZF, 4.0)], apply("float_le", apply("float_sqrt", ZF), 2.0)),
        ([apply("float_lt", ZG, apply("float_neg", ZF))], apply("float_gt", apply("float_mul", -1.0, ZF), ZG)),
        ([apply("ge", "n", 0)], apply("ge", apply("bitand", "n", 12), 0)),
        ([apply("ge", "n", 1)], apply("gt", apply("lshift", 1, "n"), "n")),
    ],
    ids=str,
)
def test_what_follows_for_doubles_is_proved(hold, broken):
    defined = [apply("float_ge", ZF, 0.0)] if "float_sqrt" in str(broken) else []
    definite = [apply("le", "n", 60)] if "lshift" in str(broken) else []
    finite = [apply("float_lt", ZF, 1e9)] if "trunc" in str(broken) else []
    assert solve([*hold, *defined, *definite, *finite], [broken]).status == "unsat"


@pytest.mark.parametrize(
    "condition",
    [
        apply("float_eq", ZF, ZF),  # NaN
        apply("float_eq", apply("float_sub", apply("float_add", ZF, 1.0), 1.0), ZF),  # rounding
        apply("float_le", ZF, 1e308),
        apply("not", apply("float_gt", ZF, 0.1)),
        apply("mixed_ne", "n", ZF),
        apply("float_ne", apply("to_float", "n"), apply("to_float", apply("add", "n", 1))),  # beyond 2**53
        apply("eq", apply("trunc", apply("int_div", "n", 3)), apply("floordiv", "n", 3)),  # negative, large
        apply("eq", apply("round", apply("int_div", "n", 2)), apply("floordiv", apply("add", "n", 1), 2)),
    ],
    ids=str,
)
def test_what_does_not_hold_for_all_doubles_is_refuted_by_a_model(condition):
    answer = solve([], [condition])
    assert answer.model is not None
    assert not holds(condition, answer.model)


def test_a_normal_form_moves_no_float_to_the_other_side():
    moved = apply("float_ge", ZF, apply("float_add", ZG, 2.0))
    assert normal(apply("float_ge", apply("float_sub", ZF, ZG), 2.0)) != normal(moved)
    assert normal(apply("float_ge", ZF, ZG)) == normal(apply("float_le", ZG, ZF))
    assert normal(apply("not", apply("float_ge", ZF, ZG))) != normal(apply("float_lt", ZF, ZG))


def test_a_model_that_cannot_be_confirmed_is_no_answer():
    """A sum of two sines may be anything as far as the solver knows; what it says must not be taken for a bug."""
    wave = apply("float_add", apply("float_sin", ZF), apply("float_sin", apply("float_mul", ZF, 3.0)))
    answer = solve([apply("float_gt", wave, 1.9)])
    assert answer.status != "sat"
    assert "libm" in answer.reason


def test_a_leaf_with_few_values_is_gone_through_where_roundings_matter():
    quotient = apply("float_div", apply("to_float", "n"), 1.5)
    exact = apply(
        "float_eq", apply("float_mul", apply("float_sub", quotient, 0.25), ZF), apply("float_mul", ZF, 13 / 12)
    )
    given = [apply("ge", "n", 2), apply("float_ge", ZF, 1.0), apply("float_le", ZF, 1e9)]
    answer = solve([*given, apply("lt", "n", 3)], [exact])
    assert answer.status != "unknown"
    wrong = solve([*given, apply("le", "n", 3)], [exact])
    assert wrong.model is not None


@pytest.mark.parametrize("divisor", ["u", apply("sub", "u", 1)])
def test_what_is_not_computed_in_a_branch_is_not_demanded(divisor):
    # The branch is taken where it can divide; the condition in it has to hold there and nowhere else.
    inside = apply("implies", apply("ne", divisor, 0), apply("eq", apply("mod", 6, divisor), 0))
    assert solve((inside, apply("eq", divisor, 0))).status == "sat"
    assert solve((inside, apply("eq", divisor, 4))).status == "unsat"
    assert solve((apply("eq", divisor, 0),), (inside,)).status == "unsat"
    # Without the branch it would have to.
    assert solve((apply("eq", apply("mod", 6, divisor), 0), apply("eq", divisor, 0))).status == "unsat"


@pytest.mark.parametrize(("relation", "turned"), [("lt", "gt"), ("le", "ge"), ("eq", "eq"), ("ne", "ne")])
def test_a_comparison_of_floats_has_one_form_for_both_orders_of_its_operands(relation, turned):
    for first, second in ((ZF, ZG), (ZG, ZF)):
        form = normal(apply(f"float_{relation}", first, second))
        assert form == normal(apply(f"float_{turned}", second, first))
        # The form says in so many words what it is: a smaller side, or the operands of an equality in a fixed order.
        assert form == apply(f"float_{relation}", *((first, second) if relation in ("lt", "le") else (ZF, ZG)))


def test_what_is_known_implies_itself_whatever_it_is():
    for condition in (
        apply("ne", "x", 3),
        apply("eq", "x", 3),
        apply("or", apply("eq", "x", 3), apply("eq", "y", 4)),
        apply("float_lt", ZF, 2.0),
        Var("flag", "bool"),
    ):
        assert Known([condition]).implies(condition)
        assert not Known([]).implies(condition)
    assert Known([]).implies(apply("eq", "x", "x"))
    assert Known([apply("eq", "x", 4)]).implies(apply("le", "x", 4))
    assert not Known([apply("le", "x", 4), apply("ge", "x", 4)]).implies(apply("ne", "x", 5))


@pytest.mark.parametrize("bounds", [(5, 1), (1, 5)])
def test_the_tighter_of_two_bounds_counts(bounds):
    known = Known([apply("ge", "x", bound) for bound in bounds])
    assert known.implies(apply("ge", "x", 4))
    assert not known.implies(apply("ge", "x", 6))


def test_a_part_that_has_no_solution_decides_although_another_one_is_open():
    wave = apply(
        "float_gt", apply("float_add", apply("float_sin", ZF), apply("float_sin", apply("float_mul", ZF, 3.0))), 1.9
    )
    nothing = [apply("gt", apply("add", "x", "y"), 3), apply("lt", apply("sub", 4, "x"), apply("sub", "y", 1))]
    never = apply("lt", apply("add", "x", "y"), 4)
    assert solve([wave]).status == "unknown"
    assert solve([wave, *nothing, never]).status == "unsat"


def test_an_answer_that_needed_no_search_says_so():
    assert solve([apply("gt", "x", 3), apply("lt", "x", 3)]).by == "bounds"
    assert solve([apply("gt", "x", 3)]).by == "bounds"
    assert solve([apply("gt", apply("add", "x", "y"), 3)]).by == "z3"


@pytest.mark.parametrize(("least", "limit"), [(20, 16), (200, 1024), (2048, 10**6), (5000, 10**6)])
def test_a_model_is_moved_into_the_smallest_box_that_has_one(least, limit):
    part = reduced([apply("gt", apply("add", "x", "y"), least), apply("ne", apply("mul", "x", "y"), 7)], [])
    far = {"x": 10**6, "y": 10**5}
    found = _minimised(part, far, Budget(10**7), 10**6)
    assert satisfies(part.hold, part.broken, found)
    assert max(map(abs, found.values())) <= limit
    assert (found == far) == (limit == 10**6)


def test_a_model_that_is_small_or_cannot_be_made_so_stays():
    part = reduced([apply("gt", apply("add", "x", "y"), 20)], [])
    assert _minimised(part, {"x": 12, "y": 16}, Budget(10**7), 10**6) == {"x": 12, "y": 16}
    assert _minimised(part, {"x": 99, "y": 5}, Budget(0), 10**6) == {"x": 99, "y": 5}
    floats = reduced([apply("mixed_gt", apply("add", "x", "y"), ZF), apply("float_gt", ZF, 1e6)], [])
    assert _minimised(reduced([apply("float_gt", ZF, 1.0)], []), {"f": 2e6}, Budget(10**7), 10**6) == {"f": 2e6}
    far = {"x": 10**9, "y": 0, "f": 2e6}
    assert _minimised(floats, far, Budget(10**7), 10**6) == far


def test_a_box_reaches_to_both_sides_of_zero():
    part = reduced([apply("lt", apply("add", "x", "y"), -20)], [])
    found = _minimised(part, {"x": -(10**6), "y": 3}, Budget(10**7), 10**6)
    assert max(map(abs, found.values())) <= 16


def test_a_small_model_is_looked_for_only_where_one_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(query, "_minimised", lambda part, model, budget, work: asked.append(part) or model)
    condition = [apply("gt", apply("add", "x", "y"), 20)]
    assert solve(condition).model is not None
    assert not asked
    assert solve(condition, small=True).model is not None
    assert asked


def test_a_skeleton_shows_literals_of_truth_and_leaves_of_no_kind():
    flag = apply("and", Const(True), Var("flag", "bool"), Const(False))
    assert skeleton(flag, {}) == "and(false, leaf, true)"
    strict = apply("gt", "x", apply("sub", 3, "y"))
    assert skeleton(strict, {"x": "item", "y": "dim"}) == "lt(sub(c, dim), item)"
    assert skeleton(apply("ge", "x", 2), {"x": "item"}) == "le(c, item)"
    assert skeleton(apply("le", "x", 2), {"x": "item"}) == "le(item, c)"


def test_a_set_of_normal_forms_is_that_of_all_conjuncts():
    first, second = apply("le", "x", 3), apply("gt", "y", 2)
    assert normal_set((apply("and", first, second), first)) == {normal(first), normal(second)}


def test_what_holds_for_all_values_is_trivial():
    assert is_trivial(apply("le", "x", apply("add", "x", 1)))
    assert not is_trivial(apply("le", "x", 3))
    assert not is_trivial(FALSE)


def test_no_double_lies_between_a_number_and_the_next() -> None:
    """Above -5e-324 is from zero on, where a root is defined: reals between the two are no values."""
    z = Var("z", "float")
    above = (apply("float_gt", 0.5, z), apply("float_gt", z, -5e-324))
    assert solve(above, (apply("float_ne", -2.0, apply("float_sqrt", z)),)).status == "unsat"
    assert solve((apply("float_lt", z, 5e-324),), (apply("float_le", z, 0.0),)).status == "unsat"
    assert solve((apply("float_le", z, 5e-324),), (apply("float_le", z, 0.0),)).model == {"z": 5e-324}
