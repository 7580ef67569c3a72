"""Solutions in which a quotient of integers that has to be a double is a simple fraction that rounds to it."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from properties.solver import solve
from properties.solver.bounds import Box
from properties.solver.quotients import fractional, simplest, without_quotient
from properties.solver.smt import satisfies
from strategies.terms import FALSE, Apply, Const, Value, Var, apply

HALF = apply("int_div", "u0", "u1")


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_the_fraction_of_a_quotient_of_small_numbers_is_found_again(left: int, right: int):
    assert simplest(left / right) == Fraction(left, right)


@given(st.floats(2.0**-20, 2.0**20) | st.floats(-(2.0**20), -(2.0**-20)))
def test_every_double_that_is_neither_huge_nor_tiny_is_a_quotient(number: float):
    fraction = simplest(number)
    assert fraction is not None
    assert fraction.numerator / fraction.denominator == number


def test_the_simplest_fraction_that_rounds_to_a_number_is_taken():
    assert simplest(0.3333333333333333) == Fraction(1, 3)
    assert simplest(-2.5) == Fraction(-5, 2)
    assert simplest(-0.0) == 0
    assert simplest(1e300) == Fraction(1e300)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, 5e-324])
def test_what_is_no_quotient_of_small_numbers_has_no_fraction(number: float):
    assert simplest(number) is None


@pytest.mark.parametrize(
    ("hold", "broken"),
    [
        ([apply("float_eq", HALF, 2.5)], []),
        ([apply("float_eq", 2.5, HALF)], []),
        ([apply("and", apply("gt", "u0", 0), apply("float_eq", HALF, 2.5))], []),
        ([], [[apply("float_ne", HALF, 2.5)]]),
    ],
)
def test_a_quotient_that_has_to_be_a_number_becomes_an_equation_of_multiples(hold, broken):
    found = next(fractional(hold, broken))
    terms = [*found[0], *(term for group in found[1] for term in group)]
    assert found[0][-2:] == [
        Apply("eq", (apply("mul", 2, "u0"), apply("mul", 5, "u1"))),
        apply("ne", "u1", 0),
    ]
    assert not any("int_div" in str(term) for term in terms)
    assert satisfies(found[0], found[1], {"u0": 15, "u1": 6})
    assert satisfies(hold, broken, {"u0": 15, "u1": 6})


@pytest.mark.parametrize(
    ("hold", "broken"),
    [
        ([apply("float_ne", HALF, 2.5)], []),
        ([apply("float_le", HALF, 2.5)], []),
        ([apply("float_eq", HALF, math.inf)], []),
        ([apply("float_eq", HALF, apply("to_float", "u2"))], []),
        ([apply("float_eq", apply("float_neg", HALF), 2.5)], []),
        ([], [[apply("float_eq", HALF, 2.5)]]),
        # Only one of the two has to be false.
        ([], [[apply("float_ne", HALF, 2.5), apply("gt", "u0", 0)]]),
    ],
)
def test_a_quotient_that_may_be_another_number_stays(hold, broken):
    assert list(fractional(hold, broken)) == []


def test_the_number_stands_wherever_the_quotient_stood():
    other = apply("le", apply("floor", apply("float_mul", HALF, 3.0)), "u2")
    for hold, broken in fractional([apply("float_eq", HALF, 2.5), other], [[apply("float_gt", HALF, 7.0)]]):
        assert hold[1] == apply("le", apply("floor", apply("float_mul", 2.5, 3.0)), "u2")
        assert broken == [[apply("float_gt", Const(2.5), 7.0)]]


def test_of_two_numbers_that_one_quotient_has_to_be_the_other_is_compared_with_the_first():
    found, *_ = next(fractional([apply("float_eq", HALF, 2.5), apply("float_eq", HALF, 3.5)], []))
    assert found[1] == apply("float_eq", 2.5, 3.5)
    assert len(found) == 4


def test_each_of_several_quotients_becomes_an_equation():
    other = apply("int_div", "u2", "u3")
    queries = [hold for hold, _ in fractional([apply("float_eq", HALF, 2.5), apply("float_eq", other, 3.5)], [])]
    assert len(queries) == 3
    for hold, unit in zip(queries, (1, 2**60, -(2**60)), strict=True):
        for left, right, solves in ((5, 7, True), (6, 7, False), (5, 8, False)):
            numbers = {"u0": left * unit, "u1": 2 * unit, "u2": right * unit, "u3": 2 * unit}
            assert satisfies(hold, [], numbers) is solves


@given(st.floats(2.0**-6, 2.0**20), st.booleans(), st.integers(0, 2**61), st.integers(-16, 16))
def test_large_numbers_nearly_in_proportion_have_the_same_quotient(number: float, below: bool, more: int, off: int):
    """Every solution of a query is one of the question, and many are no multiples of a simple fraction."""
    question = [apply("float_eq", HALF, number)]
    *_, above, under = (hold for hold, _ in fractional(question, []))
    ((_, least),) = (term.args for term in (under if below else above) if isinstance(term, Apply) and term.op == "ge")
    assert isinstance(least, Const)
    divisor = least.value + more
    dividend = round(Fraction(number) * divisor)
    exact = {"u0": -dividend, "u1": -divisor} if below else {"u0": dividend, "u1": divisor}
    assert satisfies(under if below else above, [], exact)
    near = {**exact, "u0": exact["u0"] + off}
    if satisfies(under if below else above, [], near):
        assert satisfies(question, [], near)


@pytest.mark.parametrize("number", [0.0, -0.0, 2.0**-9])
def test_where_no_number_is_large_enough_simple_ones_are_asked_for_again(number: float):
    simple, above, below = (hold for hold, _ in fractional([apply("float_eq", HALF, number)], []))
    assert above == simple
    assert satisfies(simple, [], {"u0": 0 if number == 0 else 1, "u1": 512})
    assert satisfies(below, [], {"u0": 0 if number == 0 else -1, "u1": -512})


@pytest.mark.parametrize(("number", "units"), [(0.125, 16), (2.0**-5, 4), (2.0**-7, 1)])
def test_of_smaller_quotients_fewer_units_may_be_missing(number: float, units: int):
    _, above, _ = (hold for hold, _ in fractional([apply("float_eq", HALF, number)], []))
    divisor = 2**62
    dividend = int(number * divisor)
    for off, within in ((0, True), (units, True), (units + 1, False), (-units, True), (-units - 1, False)):
        assert satisfies(above, [], {"u0": dividend + off, "u1": divisor}) is within


@pytest.mark.parametrize("number", [2.666666666666667, 2.6666666666666674])
def test_a_quotient_beside_a_quotient_is_solved(number: float):
    """In a search of 100,000 Programs these were left open."""
    hold = [
        apply("eq", apply("floordiv", "u2", "u1"), 2),
        apply("eq", "u2", apply("add", "u3", 1)),
        apply("ge", apply("sub", "u0", "u1"), 0),
        apply("ge", apply("add", "u1", 2), 0),
        apply("float_eq", apply("int_div", "u0", "u3"), number),
    ]
    assert solve(hold).status == "sat"


def test_a_quotient_of_one_beside_a_product_is_solved():
    """In a search of 100,000 Programs it was left open."""
    more = apply("add", "u2", 3)
    odd = apply("or", apply("eq", apply("mod", "u1", 2), 0), apply("eq", apply("add", "u2", "u4"), "u1"))
    hold = [
        *(bound for n in range(5) for bound in (apply("ge", f"u{n}", -(2**63)), apply("le", f"u{n}", 2**63 - 1))),
        apply("le", apply("round", apply("float_mul", apply("to_float", "u3"), 0.5)), 42),
        apply("float_eq", apply("int_div", "u0", "u3"), 1.0),
        apply("ge", apply("mul", apply("mul", more, more), "u0"), 74),
        odd,
        apply("le", Apply("add", (Var("u0"), apply("mul", "u1", 5), Var("u2"), Var("u3"), Var("u4"))), 82),
        apply("and", apply("le", 3, "u0"), apply("eq", 6, apply("mod", apply("sub", "u4", 26), 7))),
    ]
    assert solve(hold, [apply("ge", "u4", 0)]).status == "sat"


NEAR = (0.0, 1.0, -1.0)
"""The double itself, and the ones beside it."""


@given(
    st.sampled_from(["float_eq", "float_ne"]),
    st.tuples(st.integers(-(2**26) + 1, 2**26 - 1), st.integers(1, 2**25)),
    st.sampled_from(NEAR),
    st.integers(-(2**40), 2**40),
    st.integers(-(2**25), 2**25),
    st.integers(-3, 3),
    st.booleans(),
)
def test_a_quotient_of_small_numbers_is_compared_as_an_equation_that_holds_for_the_same_numbers(
    op, wanted, beside, dividend, divisor, times, mirrored
):
    number = wanted[0] / wanted[1]
    number = math.nextafter(number, beside * math.inf) if beside else number
    condition = Apply(op, (Const(number), HALF) if mirrored else (HALF, Const(number)))
    found = without_quotient(condition, Box({"u0": (-(2**60), 2**60), "u1": (-(2**25), 2**25)}))
    assert "int_div" not in str(found)
    for numbers in ((dividend, divisor), (wanted[0] * times, wanted[1] * times), (dividend, 0)):
        if abs(numbers[1]) <= 2**25:
            values: dict[str, Value] = {"u0": numbers[0], "u1": numbers[1]}
            assert satisfies([found], [], values) == satisfies([condition], [], values)


@pytest.mark.parametrize(
    ("condition", "box"),
    [
        # The divisor or the dividend may be any number, or so large that no double is far enough from the next.
        (apply("float_eq", HALF, 2.5), {"u0": (0, 9)}),
        (apply("float_eq", HALF, 2.5), {"u0": (0, 9), "u1": (None, 9)}),
        (apply("float_eq", HALF, 2.5), {"u1": (0, 9)}),
        (apply("float_eq", HALF, 2.5), {"u0": (-(2**1000), 0), "u1": (0, 9)}),
        (apply("float_eq", HALF, 1.0000000000000002), {"u0": (0, 2**63), "u1": (0, 2**63)}),
        (apply("float_eq", HALF, 0.3333333333333333), {"u0": (0, 2**63), "u1": (0, 2**53)}),
        # No quotient, no number, no equation.
        (apply("float_eq", apply("to_float", "u0"), 2.5), {"u0": (0, 9)}),
        (apply("float_eq", HALF, apply("to_float", "u0")), {"u0": (0, 9), "u1": (0, 9)}),
        (apply("float_eq", HALF, math.inf), {"u0": (0, 9), "u1": (0, 9)}),
        (apply("float_le", HALF, 2.5), {"u0": (0, 9), "u1": (0, 9)}),
        (apply("float_eq", HALF, 2.5), {"u0": (0, 9), "u1": (0, 0)}),
        (Var("b", "bool"), {}),
    ],
)
def test_any_other_comparison_of_a_quotient_stays(condition, box):
    assert without_quotient(condition, Box(box)) == condition


def test_a_double_that_no_quotient_of_small_numbers_is_is_none():
    box = Box({"u0": (-(2**31), 2**31), "u1": (0, 2**31)})
    assert without_quotient(apply("float_eq", HALF, 0.3333333333333334), box) == FALSE
    assert without_quotient(apply("float_ne", 0.3333333333333334, HALF), box) == apply("ne", "u1", 0)
    assert without_quotient(apply("float_eq", HALF, 2.0**-40), box) == FALSE
    third = without_quotient(apply("float_eq", HALF, 0.3333333333333333), box)
    assert third == apply("and", apply("ne", "u1", 0), apply("eq", apply("mul", 3, "u0"), apply("mul", 1, "u1")))


def test_an_odd_number_is_no_four_fifths_of_another_one():
    """In a search of 100,000 Programs it was left open."""
    hold = [
        apply("ge", "u1", -(2**31)),
        apply("le", "u1", 2**31 - 1),
        *(bound for n in (0, 2, 3, 4) for bound in (apply("ge", f"u{n}", -(2**63)), apply("le", f"u{n}", 2**63 - 1))),
        apply("float_eq", HALF, 1.25),
        apply("le", Apply("add", (Var("u4"), Var("u0"), Var("u2"), Var("u3"))), 26),
    ]
    odd = apply("eq", apply("mod", apply("sub", "u1", 5), -2), 0)
    assert solve([*hold, odd]).status == "unsat"
    assert solve(hold, [odd]).status == "sat"


WHOLE = [bound for n in range(6) for bound in (apply("ge", f"u{n}", -(2**63)), apply("le", f"u{n}", 2**63 - 1))]


def test_a_quotient_that_only_large_numbers_have_beside_what_else_they_are_is_solved():
    """In a search of 100,000 Programs these were left open: nothing small has the quotient and breaks the rest."""
    hold = [
        *WHOLE,
        apply("float_eq", apply("int_div", "u3", "u0"), 1.0),
        apply("float_lt", apply("int_div", "u4", "u2"), 0.6666666676666666),
        apply("eq", apply("bitand", "u3", 6), 0),
        apply("ge", "u1", 0),
        apply("ge", Apply("add", (Var("u1"), Var("u0"), Var("u3"), Var("u2"), Var("u4"))), 7),
        apply("eq", apply("add", apply("mul", "u0", 13), apply("mul", "u4", 8)), 31),
    ]
    assert solve(hold).status == "sat"
    total = Apply("add", tuple(Var(f"u{n}") for n in range(6)))
    hold = [
        *WHOLE,
        apply("le", total, 35),
        apply("gt", total, "u0"),
        apply("float_eq", apply("int_div", "u2", "u1"), 0.4),
        apply("eq", "u5", apply("sub", "u0", "u2")),
        apply("ge", Apply("add", (Var("u2"), Var("u0"), Var("u1"), Var("u3"), Var("u4"))), 31),
        apply("eq", apply("mod", apply("sub", "u2", 11), 3), 0),
    ]
    assert solve(hold, [apply("eq", 4, apply("mod", apply("sub", "u1", 1), 5))]).status == "sat"
