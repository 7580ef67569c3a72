"""Conditions on one leaf as ranges: which ranges, where there is no value, and what is left as it is."""

from __future__ import annotations

import math

import pytest

from properties.solver.bounds import Box
from properties.solver.monotone import Region, is_plain, region, without_functions
from strategies.evaluate import evaluate, holds
from strategies.terms import FALSE, TRUE, Apply, Const, Term, Undefined, Var, apply

X, F, B = Var("x"), Var("f", "float"), Var("b", "bool")
LOW, HIGH = -40, 40
BOX = Box({"x": (LOW, HIGH)})
LARGEST = math.nextafter(math.inf, 0.0)


def ranges(*ends: int) -> Term:
    """That x lies in one of the ranges whose ends these are."""
    found = tuple(
        Apply("and", (apply("ge", "x", low), apply("le", "x", high)))
        for low, high in zip(ends[::2], ends[1::2], strict=True)
    )
    return found[0] if len(found) == 1 else Apply("or", found)


def doubles(*ends: float) -> Term:
    found = tuple(
        Apply("and", (apply("float_ge", F, low), apply("float_le", F, high)))
        for low, high in zip(ends[::2], ends[1::2], strict=True)
    )
    return found[0] if len(found) == 1 else Apply("or", found)


HALF = apply("int_div", "x", 2)
ROOT = apply("float_sqrt", apply("to_float", "x"))
INTEGERS: list[tuple[Term, Term, Term]] = [
    (apply("ge", apply("abs", "x"), 38), ranges(-40, -38, 38, 40), TRUE),
    (apply("lt", apply("abs", apply("sub", "x", 3)), 2), ranges(2, 4), TRUE),
    (apply("le", apply("mul", "x", "x"), 10), ranges(-3, 3), TRUE),
    (apply("gt", apply("mul", "x", apply("mul", "x", "x")), 60_000), ranges(40, 40), TRUE),
    (apply("eq", apply("mul", "x", "x"), 9), ranges(-3, -3, 3, 3), TRUE),
    (apply("ne", apply("mul", "x", "x"), 9), ranges(-40, -4, -2, 2, 4, 40), TRUE),
    (apply("ge", apply("neg", apply("abs", "x")), -1), ranges(-1, 1), TRUE),
    (apply("ge", apply("pow", "x", 3), 60_000), ranges(40, 40), TRUE),
    (apply("ge", apply("pow", "x", 2), 1500), ranges(-40, -39, 39, 40), TRUE),
    (apply("lt", apply("pow", "x", 0), 1), FALSE, TRUE),
    (apply("ge", apply("floordiv", "x", 7), 5), ranges(35, 40), TRUE),
    (apply("le", apply("floordiv", "x", -7), -5), ranges(29, 40), TRUE),
    (apply("ge", apply("floordiv", 20, "x"), 5), ranges(1, 4), ranges(-40, -1, 1, 40)),
    (apply("le", apply("floordiv", 20, "x"), -7), ranges(-3, -1), ranges(-40, -1, 1, 40)),
    (apply("ge", apply("lshift", "x", 2), 150), ranges(38, 40), TRUE),
    (apply("eq", apply("rshift", "x", 3), -5), ranges(-40, -33), TRUE),
    (apply("ge", apply("min", apply("mul", 2, "x"), apply("add", "x", 3)), 41), ranges(38, 40), TRUE),
    (apply("le", apply("max", apply("mul", 2, "x"), apply("add", "x", 3)), -37), ranges(-40, -40), TRUE),
    (apply("ge", apply("min", apply("abs", "x"), 39, apply("mul", "x", "x")), 39), ranges(-40, -39, 39, 40), TRUE),
    (apply("float_ge", ROOT, 6.0), ranges(36, 40), ranges(0, 40)),
    (apply("float_lt", apply("float_neg", ROOT), -6.2), ranges(39, 40), ranges(0, 40)),
    (apply("float_ge", HALF, 19.5), ranges(39, 40), TRUE),
    (apply("float_eq", HALF, 2.5), ranges(5, 5), TRUE),
    (apply("float_ne", HALF, 2.5), ranges(-40, 4, 6, 40), TRUE),
    (apply("eq", apply("trunc", HALF), 0), ranges(-1, 1), TRUE),
    (apply("eq", apply("floor", HALF), 0), ranges(0, 1), TRUE),
    (apply("eq", apply("ceil", HALF), 0), ranges(-1, 0), TRUE),
    (apply("eq", apply("round", HALF), 0), ranges(-1, 1), TRUE),
    (apply("float_ge", apply("int_div", 20, "x"), 5.0), ranges(1, 4), ranges(-40, -1, 1, 40)),
    (apply("float_gt", apply("float_abs", HALF), 19.5), ranges(-40, -40, 40, 40), TRUE),
    (apply("float_ge", apply("float_mul", HALF, HALF), 390.0), ranges(-40, -40, 40, 40), TRUE),
    (apply("float_ge", apply("float_sub", HALF, apply("float_neg", HALF)), 39.0), ranges(39, 40), TRUE),
    (apply("float_ge", apply("float_min", HALF, apply("to_float", "x")), 19.6), ranges(40, 40), TRUE),
    (apply("float_le", apply("float_max", HALF, apply("to_float", "x")), -19.6), ranges(-40, -40), TRUE),
    (apply("mixed_lt", 19, HALF), ranges(39, 40), TRUE),
    (apply("float_ge", 1.0, apply("to_float", "x")), ranges(-40, 1), TRUE),
]


@pytest.mark.parametrize(("condition", "true", "defined"), INTEGERS, ids=str)
def test_where_a_condition_on_an_integer_holds_and_where_it_has_a_value(condition, true, defined):
    assert isinstance(condition, Apply)
    assert region(condition, "x", "int", LOW, HIGH) == Region(true, defined)
    for value in range(LOW, HIGH + 1):
        assert holds(true, {"x": value}) == holds(condition, {"x": value})
        assert holds(defined, {"x": value}) == _has_value(condition, value)


def _has_value(condition: Term, value: int) -> bool:
    try:
        evaluate(condition, {"x": value})
    except Undefined:
        return False
    return True


NAN = apply("float_ne", F, F)
EDGE = math.nextafter(6.25, 0.0)
"""The root of this one rounds to 2.5, that of the one before does not."""


@pytest.mark.parametrize(
    ("condition", "true", "defined"),
    [
        (apply("float_ge", apply("float_neg", F), 2.0), doubles(-math.inf, -2.0), TRUE),
        (
            apply("float_lt", apply("float_abs", F), 2.0),
            doubles(-math.nextafter(2.0, 0.0), math.nextafter(2.0, 0.0)),
            TRUE,
        ),
        (
            apply("float_ge", apply("float_sqrt", F), 2.5),
            doubles(EDGE, math.inf),
            Apply("or", (doubles(0.0, math.inf), NAN)),
        ),
        (apply("float_ge", apply("float_abs", F), 0.0), Apply("not", (NAN,)), TRUE),
        (apply("ge", apply("trunc", F), 3), doubles(3.0, LARGEST), doubles(-LARGEST, LARGEST)),
        (apply("float_eq", apply("float_mul", F, F), 0.25), doubles(-0.5, -0.5, 0.5, 0.5), TRUE),
    ],
    ids=str,
)
def test_where_a_condition_on_a_double_holds(condition, true, defined):
    # As texts: 0.0 and -0.0 are equal, but not the same end of a range.
    assert str(region(condition, "f", "float", 0, 0)) == str(Region(true, defined))
    rewritten = without_functions(condition, Box())
    for value in (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, 6.25, EDGE, 2.0, 3.0, 1e300, math.inf, -math.inf, math.nan):
        assert holds(rewritten, {"f": value}) == holds(condition, {"f": value}), value


def test_a_condition_without_functions_or_on_several_leaves_stays():
    for condition in (
        apply("ge", apply("add", "x", apply("mul", 3, "x")), 7),
        apply("ge", apply("abs", "x"), "y"),
        apply("float_le", F, 2.0),
        apply("float_le", F, F),
        apply("mixed_le", 2, F),
        apply("eq", apply("mod", "x", 7), 3),  # goes up and down
        apply("ge", apply("bitand", "x", 3), 1),
        apply("ge", apply("add", apply("mul", "x", "x"), apply("neg", apply("abs", "x"))), 7),
        apply("ge", apply("lshift", 1, apply("abs", "x")), 7),
        apply("ge", apply("pow", 2, apply("abs", "x")), 7),
        apply("float_gt", apply("float_sin", F), 0.5),
        B,
        TRUE,
    ):
        assert without_functions(condition, BOX) == condition


def test_an_integer_without_bounds_stays():
    condition = apply("ge", apply("abs", "x"), 38)
    for interval in ((None, 5), (5, None), (None, None)):
        assert without_functions(condition, Box({"x": interval})) == condition
    assert without_functions(condition, Box()) == condition


def test_conditions_within_connectives_are_rewritten_and_their_definedness_is_demanded_beside():
    size = apply("ge", apply("abs", "x"), 38)
    quotient = apply("ge", apply("floordiv", 20, "x"), 5)
    either = Apply("or", (size, Apply("not", (quotient,)), B))
    expected = Apply("or", (ranges(-40, -38, 38, 40), Apply("not", (ranges(1, 4),)), B))
    assert without_functions(either, BOX) == Apply("and", (ranges(-40, -1, 1, 40), expected))
    assert without_functions(Apply("and", (size, B)), BOX) == Apply("and", (ranges(-40, -38, 38, 40), B))


def test_a_condition_that_holds_on_too_many_ranges_stays():
    def waves(count: int) -> Term:
        term: Term = X
        for step in range(count):
            term = apply("sub", apply("abs", term), 2 ** (4 - step))
        return apply("ge", term, 0)

    few, many = waves(3), waves(5)
    assert without_functions(few, BOX) != few
    assert without_functions(many, BOX) == many


def test_all_values_are_true_and_none_is_false():
    assert without_functions(apply("ge", apply("abs", "x"), 0), BOX) == TRUE
    assert without_functions(apply("lt", apply("abs", "x"), 0), BOX) == FALSE
    number = Apply("not", (NAN,))
    assert without_functions(apply("float_ge", apply("float_abs", F), 0.0), Box()) == number
    everything = apply("float_ne", apply("float_add", apply("float_abs", F), 1.0), 0.5)
    assert without_functions(everything, Box()) == TRUE
    assert without_functions(apply("float_lt", apply("float_abs", F), 0.0), Box()) == FALSE


@pytest.mark.parametrize(
    ("condition", "plain"),
    [
        (apply("ge", apply("add", "x", apply("mul", 3, "y")), 7), True),
        (apply("ge", apply("mul", "x", "y"), 7), False),
        (apply("ge", 7, apply("abs", "x")), False),
        (apply("float_le", F, 2.0), True),
        (apply("float_le", apply("float_neg", F), 2.0), False),
        (apply("mixed_le", "x", F), True),
        (apply("mixed_le", apply("add", "x", 1), F), False),
    ],
    ids=str,
)
def test_what_is_plain(condition, plain):
    assert is_plain(condition) is plain


def test_a_literal_is_no_leaf():
    assert without_functions(apply("ge", apply("abs", Const(-3)), 2), BOX) == apply("ge", apply("abs", Const(-3)), 2)
