"""Doubles that come from integers alone are whole, and comparisons with what lies between two such are made simpler."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from properties.solver import solve
from properties.solver.whole import is_whole, with_whole_limits
from strategies.evaluate import evaluate
from strategies.terms import Apply, Const, Undefined, Var, apply

LIMITS = (2.5, -2.5, 0.5, -0.5, 16.999999999, 2.0, -0.0, math.inf, math.nan, 2.0**53, 4503599627370495.5)
NUMBERS = (-(2**63), -(2**53) - 1, -17, -3, -2, -1, 0, 1, 2, 3, 17, 2**53 + 1, 10**400)
COMPARISONS = ("float_eq", "float_ne", "float_lt", "float_le", "float_gt", "float_ge")
U, V, F = apply("to_float", "u0"), apply("to_float", "u1"), Var("f", "float")


def value(term, **leaves):
    try:
        return evaluate(term, leaves)
    except Undefined:
        return "undefined"


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("op", COMPARISONS)
def test_a_comparison_has_the_value_it_had_and_where_it_had_one(op: str, limit: float):
    for condition in (Apply(op, (U, Const(limit))), Apply(op, (Const(limit), U))):
        simpler = with_whole_limits(condition)
        assert [value(simpler, u0=number) for number in NUMBERS] == [value(condition, u0=number) for number in NUMBERS]


@pytest.mark.parametrize(
    ("op", "right", "left"),
    [("float_lt", 3.0, 2.0), ("float_le", 2.0, 3.0), ("float_gt", 2.0, 3.0), ("float_ge", 3.0, 2.0)],
)
def test_a_limit_between_two_numbers_becomes_the_one_that_says_the_same(op: str, right: float, left: float):
    assert with_whole_limits(apply(op, U, 2.5)) == apply(op, U, right)
    assert with_whole_limits(apply(op, 2.5, U)) == apply(op, left, U)


@pytest.mark.parametrize("op", ["float_eq", "float_ne"])
def test_a_whole_number_is_equal_to_none_with_a_fraction(op: str):
    assert with_whole_limits(apply(op, U, 2.5)) == apply(op, U, math.nan)
    assert with_whole_limits(apply(op, 2.5, U)) == apply(op, math.nan, U)


@pytest.mark.parametrize(
    "condition",
    [
        apply("float_lt", F, 2.5),
        apply("float_lt", apply("int_div", "u0", "u1"), 2.5),
        apply("float_lt", apply("float_mul", U, 0.5), 2.5),
        apply("float_lt", U, 3.0),
        apply("float_lt", U, math.inf),
        apply("float_lt", U, V),
        apply("lt", "u0", 3),
        Var("b", "bool"),
    ],
)
def test_what_compares_no_whole_number_with_a_fraction_stays(condition):
    assert with_whole_limits(condition) == condition


@pytest.mark.parametrize("op", ["and", "or"])
def test_every_part_of_a_condition_is_made_simpler(op: str):
    parts = [apply("float_lt", leaf, 2.5) for leaf in (U, V)]
    assert with_whole_limits(Apply(op, tuple(parts))) == apply(op, *(apply("float_lt", leaf, 3.0) for leaf in (U, V)))


def test_conditions_within_conditions_are_simpler_too():
    inner, simpler = apply("float_lt", U, 2.5), apply("float_lt", U, 3.0)
    assert with_whole_limits(apply("or", apply("not", inner), inner)) == apply("or", apply("not", simpler), simpler)


whole_terms = st.recursive(
    st.sampled_from([U, V, Const(3.0), Const(-0.0), Const(math.inf)]),
    lambda inner: st.one_of(
        st.builds(
            lambda op, a, b: apply(op, a, b), st.sampled_from(["float_add", "float_sub", "float_mul"]), inner, inner
        ),
        st.builds(lambda op, a, b: apply(op, a, b), st.sampled_from(["float_min", "float_max"]), inner, inner),
        st.builds(lambda op, a: apply(op, a), st.sampled_from(["float_neg", "float_abs"]), inner),
    ),
    max_leaves=5,
)


@given(whole_terms, st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63))
def test_what_is_called_whole_has_no_fraction(term, first: int, second: int):
    assert is_whole(term)
    found = evaluate(term, {"u0": first, "u1": second})
    assert not math.isfinite(found) or float(found).is_integer()


def test_a_sum_that_has_to_have_a_fraction_has_no_solution():
    """In a search of 100,000 Programs it was left open."""
    equation = apply("float_eq", 16.999999999, apply("float_add", U, V))
    bounds = [bound for name in ("u0", "u1") for bound in (apply("ge", name, -(2**63)), apply("lt", name, 2**63))]
    assert solve([equation]).status == "unsat"
    assert solve(bounds, [apply("not", equation)]).status == "unsat"
    assert solve([apply("gt", "u0", 3)], [equation]).status == "sat"
