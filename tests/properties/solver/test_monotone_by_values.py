"""The ranges that stand for a condition on one leaf, held against every value of an int and the edges of a double."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from properties.solver import solve
from properties.solver.bounds import Box
from properties.solver.monotone import _Leaf, region, without_functions
from strategies.evaluate import evaluate, holds
from strategies.operators.conversion import BEYOND
from strategies.terms import TRUE, Apply, Const, Term, Undefined, Value, Var, apply, walk

X, F = Var("x"), Var("f", "float")
TURNED = apply("neg", "x")
DOUBLED = apply("mul", 2, "x")
LOWER = apply("sub", "x", 3)
SIZE = apply("abs", LOWER)
SQUARE = apply("mul", LOWER, LOWER)
HALF = apply("int_div", "x", 2)
FLOAT = apply("to_float", LOWER)
INTERVALS = ((-12, 12), (1, 9), (-9, -1), (0, 8), (5, 5))

INTEGER_TERMS: list[Term] = [
    SIZE,
    SQUARE,
    apply("neg", SQUARE),
    apply("add", SIZE, SQUARE),
    apply("sub", SIZE, apply("neg", SQUARE)),
    apply("sub", 4, SIZE),
    apply("min", TURNED, apply("sub", 1, DOUBLED)),
    apply("min", 2, LOWER, DOUBLED),
    apply("max", DOUBLED, "x", -5),
    apply("mul", LOWER, LOWER, LOWER),
    apply("mul", LOWER, apply("sub", DOUBLED, 6)),
    apply("mul", SIZE, -2),
    apply("mul", 0, SIZE),
    apply("mul", LOWER, apply("add", SQUARE, 1)),
    apply("floordiv", LOWER, 4),
    apply("floordiv", LOWER, -4),
    apply("floordiv", 30, LOWER),
    apply("floordiv", -30, LOWER),
    apply("floordiv", apply("neg", SIZE), 2),
    apply("floordiv", 0, LOWER),
    apply("add", apply("floordiv", 30, LOWER), 1),
    apply("pow", LOWER, 0),
    apply("pow", LOWER, 1),
    apply("pow", LOWER, 2),
    apply("pow", LOWER, 3),
    apply("pow", SIZE, 3),
    apply("lshift", LOWER, 2),
    apply("rshift", LOWER, 1),
    apply("rshift", apply("neg", SIZE), 1),
    apply("trunc", HALF),
    apply("floor", HALF),
    apply("ceil", apply("float_neg", HALF)),
    apply("round", HALF),
    apply("trunc", apply("float_sqrt", FLOAT)),
]
FLOAT_TERMS: list[Term] = [
    HALF,
    FLOAT,
    apply("float_neg", FLOAT),
    apply("float_abs", FLOAT),
    apply("float_sqrt", FLOAT),
    apply("float_sqrt", apply("float_neg", FLOAT)),
    apply("float_add", HALF, FLOAT),
    apply("float_sub", 0.5, FLOAT),
    apply("float_mul", FLOAT, FLOAT),
    apply("float_pow", FLOAT, 2.0),
    apply("float_pow", FLOAT, 3.0),
    apply("float_pow", HALF, 4.0),
    apply("float_mul", -0.3, FLOAT),
    apply("float_min", HALF, FLOAT),
    apply("float_max", HALF, FLOAT),
    apply("float_div", FLOAT, 3.0),
    apply("float_div", 3.0, FLOAT),
    apply("float_div", -3.0, apply("float_abs", FLOAT)),
    apply("int_div", LOWER, -3),
    apply("int_div", 7, LOWER),
    apply("int_div", -7, SIZE),
    apply("int_div", SQUARE, 7),
    apply("round_digits", HALF, 0),
    apply("float_add", apply("int_div", 7, LOWER), 1.0),
]
ON_INTEGERS = [
    *(apply(op, term, number) for op in ("le", "gt", "eq", "ne") for term in INTEGER_TERMS for number in (-7, 0, 3)),
    *(apply("lt", number, term) for term in INTEGER_TERMS for number in (-1, 4)),
    *(
        apply(f"float_{op}", term, number)
        for op in ("lt", "ge", "eq", "ne")
        for term in FLOAT_TERMS
        for number in (-1.5, 0.0, 2.5)
    ),
    *(apply("mixed_le", number, term) for term in FLOAT_TERMS for number in (-1, 2)),
    apply("lt", SIZE, apply("neg", SQUARE)),
    apply("float_ge", HALF, apply("float_neg", FLOAT)),
]


def _value(term: Term, values: dict[str, Value]) -> Value | None:
    try:
        return evaluate(term, values)
    except Undefined:
        return None


def check(condition: Apply, interval: tuple[int, int]) -> bool:
    """Whether ``condition`` has ranges; if so, they are those on which it holds."""
    found = region(condition, "x", "int", *interval)
    if found is None:
        return False
    for value in range(interval[0], interval[1] + 1):
        wanted = _value(condition, {"x": value})
        assert holds(found.true, {"x": value}) == (wanted is True), (condition, value)
        assert holds(found.defined, {"x": value}) == (wanted is not None), (condition, value)
    return True


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
def test_a_condition_on_an_integer_is_put_as_the_ranges_on_which_it_holds(interval):
    for condition in ON_INTEGERS:
        assert check(condition, interval), condition


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.5, -1.0, -2.0, math.inf, math.nan, 64.0])
def test_a_power_of_a_double_with_any_but_a_small_whole_exponent_has_no_ranges(exponent):
    assert region(apply("float_lt", apply("float_pow", FLOAT, exponent), 2.0), "x", "int", -9, 9) is None


@given(st.floats(0.0, 1e60), st.integers(2, 5))
def test_powers_of_neighbours_are_in_order(number, exponent):
    """What the solver takes for granted of the C library's ``pow``, which no standard says."""
    power = float(exponent)
    below, above = number**power, math.nextafter(number, math.inf) ** power
    assert below <= above


def test_a_rewritten_square_of_any_integer_is_compared_with_the_square():
    """torch writes ``f * f`` as a power in one place and not in another."""
    number = apply("to_float", "x")
    edge = 100.00000000000001
    power = apply("float_lt", apply("float_pow", number, 2.0), edge)
    product = apply("float_lt", apply("float_mul", number, number), edge)
    wide = (apply("ge", "x", -(2**63)), apply("le", "x", 2**63 - 1))
    assert solve([*wide, power], [product]).status == "unsat"
    assert solve([*wide, product], [power]).status == "unsat"


def test_a_range_is_cut_where_a_test_changes_and_nowhere_else():
    leaf = _Leaf("x", "int")
    for edge in range(-4, 10):
        for before in (True, False):
            cut = list(leaf.split(-5, 9, lambda place, edge=edge, before=before: (place < edge) == before))
            assert cut == [(-5, edge - 1), (edge, 9)]
    assert list(leaf.split(-5, 9, lambda place: True)) == [(-5, 9)]
    assert list(leaf.split(4, 4, lambda place: True)) == [(4, 4)]


PARTS: list[Term] = [
    X,
    TURNED,
    SIZE,
    SQUARE,
    apply("neg", SIZE),
    apply("mul", 7, "x"),
    apply("mul", 20, apply("add", "x", 20)),
    apply("floordiv", LOWER, 4),
    apply("pow", LOWER, 2),
    apply("pow", "x", 3),
    apply("rshift", LOWER, 1),
]


@pytest.mark.parametrize("op", ["add", "sub", "mul", "min", "max", "floordiv"])
def test_terms_that_go_different_ways_are_told_apart_or_left(op):
    """Nothing that goes up and down is taken for monotone: neither x * x + 7 * x nor x // (x * x)."""
    left = [
        condition
        for first, second in itertools.product(PARTS, PARTS)
        for condition in (
            *(apply("ge", apply(op, first, second), number) for number in (-370, -15, -11, 0, 370)),
            apply("lt", first, apply(op, second, 5)),
        )
        if sum(check(condition, interval) for interval in ((-12, 12), (-12, -1))) < 2
    ]
    assert apply("ge", apply(op, SQUARE, apply("mul", 7, "x")), -11) in left


@pytest.mark.parametrize(
    "term",
    [
        apply("add", apply("pow", "x", 2), apply("mul", 20, "x")),
        apply("add", apply("pow", "x", 4), apply("mul", 20, "x")),
        apply("sub", apply("pow", "x", 3), apply("mul", 20, "x")),
        apply("add", apply("mul", "x", "x"), apply("mul", 20, "x")),
        apply("add", apply("mul", "x", "x"), apply("lshift", "x", 4)),
        apply("add", apply("abs", "x"), apply("mul", 2, "x")),
    ],
    ids=str,
)
def test_a_sum_of_what_rises_and_what_falls_has_no_ranges(term):
    assert region(apply("ge", term, 30), "x", "int", -12, -1) is None


@pytest.mark.parametrize("interval", [(0, 8), (-8, 0)])
def test_a_box_may_end_at_zero(interval):
    away = apply("ge", apply("abs", apply("sub", "x", sum(interval) // 2)), 4)
    found = without_functions(away, Box({"x": interval}))
    assert [value for value in range(interval[0], interval[1] + 1) if holds(found, {"x": value})] == [*interval]
    assert found != away
    assert without_functions(apply("le", *away.args), Box({"x": interval})) == TRUE


def test_a_condition_has_six_ranges_at_most():
    """This one holds at 4, 12, 20 and 28, and at as many numbers below zero."""
    term: Term = X
    for step in (16, 8, 4):
        term = apply("abs", apply("sub", apply("abs", term), step))
    assert check(apply("eq", term, 0), (-20, 20))
    assert not check(apply("eq", term, 0), (-28, 20))


def test_what_is_beyond_all_doubles_has_no_value():
    quotient, number = apply("int_div", "x", 3), apply("to_float", "x")
    for term in (quotient, apply("float_add", quotient, 1.0), apply("float_neg", quotient), number):
        found = region(apply("float_ne", term, 4.0), "x", "int", -(2**1030), 2**1030)
        assert found is not None
        for value in (BEYOND * 3, BEYOND * 3 - 1, BEYOND, BEYOND - 1, 9, -9, 0, -3 * BEYOND, 1 - 3 * BEYOND, -BEYOND):
            wanted = _value(apply("float_ne", term, 4.0), {"x": value})
            assert holds(found.true, {"x": value}) == (wanted is True), (term, value)
            assert holds(found.defined, {"x": value}) == (wanted is not None), (term, value)


def test_an_infinity_in_the_middle_is_left_to_the_solver():
    """No number is zero times an infinity: of what falls from five on there is nothing left at the end."""
    above = apply("float_max", F, 0.0)
    nothing = apply("float_mul", 0.0, apply("float_neg", apply("float_mul", above, above)))
    assert (
        region(apply("float_lt", apply("float_add", nothing, apply("float_neg", F)), -5.0), "f", "float", 0, 0) is None
    )


ON_DOUBLES = [
    apply(f"float_{op}", term, number)
    for op in ("lt", "ge", "eq", "ne")
    for term in (
        apply("float_neg", F),
        apply("float_abs", F),
        apply("float_sqrt", F),
        apply("float_add", F, 0.1),
        apply("float_mul", F, 3.0),
        apply("float_mul", F, -0.1),
        apply("float_mul", F, F),
        apply("float_div", F, 3.0),
        apply("float_min", F, 1.0),
        apply("float_max", 0.25, F),
        apply("float_abs", apply("float_min", F, 2.0)),
    )
    for number in (-0.7, 0.0, 0.3, 6.25)
]


def _edges(*terms: Term) -> set[float]:
    """The numbers of ``terms`` and their neighbours, and some that stand for all others."""
    found = {sub.value for term in terms for sub in walk(term) if isinstance(sub, Const)}
    found |= {0.0, 5e-324, 1e-160, 0.2, 1.0, 1.5, 2.5, 7.0, 1e155, 1e308, math.nextafter(math.inf, 0.0), math.inf}
    numbers = {float(number) for number in found if type(number) is float}
    numbers |= {-number for number in numbers}
    return numbers | {math.nextafter(number, end) for number in numbers for end in (-math.inf, math.inf)} | {math.nan}


def test_a_condition_on_a_double_is_put_as_the_ranges_on_which_it_holds():
    for condition in ON_DOUBLES:
        found = region(condition, "f", "float", 0, 0)
        assert found is not None, condition
        for value in (*_edges(found.true, found.defined), -0.0):
            wanted = _value(condition, {"f": value})
            assert holds(found.true, {"f": value}) == (wanted is True), (condition, value)
            assert holds(found.defined, {"f": value}) == (wanted is not None), (condition, value)
