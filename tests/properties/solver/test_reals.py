"""Doubles as real numbers: what is known of a rounding is true of the nearest double, and tells it from others."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
import z3

from properties.solver.context import Builder
from properties.solver.reals import INFINITY, LARGEST, Double
from properties.solver.smt import Budget, ask
from strategies.evaluate import evaluate
from strategies.terms import Term, Var, apply

F, G = Var("f", "float"), Var("g", "float")
MAX = math.nextafter(math.inf, 0.0)
TINY = 5e-324
SINE, EXPONENTIAL = apply("float_sin", F), apply("float_exp", F)
SUM = apply("float_add", F, G)


def real(value: float) -> Fraction:
    """The number that stands for a double that is no NaN."""
    return Fraction(value) if math.isfinite(value) else Fraction(INFINITY if value > 0 else -INFINITY)


class Told:
    """What the solver knows of the value of ``term``, or of the rounding of a real number."""

    def __init__(self, term: Term | None = None) -> None:
        self.builder = builder = Builder()
        self.real = z3.Real("real", ctx=builder.context)
        self.value = Double(builder.BoolVal(False), builder._round(self.real)) if term is None else self._of(term)
        self.solver = z3.SimpleSolver(ctx=builder.context)
        self.solver.set("rlimit", 100_000)
        self.solver.add(*builder.facts())

    def _of(self, term: Term) -> Any:
        return self.builder.encode(term)[0]

    def number(self, value: Fraction | int) -> Any:
        return self.builder._real(value)

    def admits(self, claim: Any, values: Mapping[str, float | Fraction]) -> bool:
        self.solver.push()
        for name, value in values.items():
            leaf = self.real if name == "real" else self.builder.variables[name]
            if not isinstance(leaf, Double):
                self.solver.add(leaf == self.number(Fraction(value)))
            elif math.isnan(value):
                self.solver.add(leaf.nan)
            else:
                self.solver.add(self.builder.Not(leaf.nan), leaf.value == self.number(real(float(value))))
        self.solver.add(claim)
        found = self.solver.check()
        self.solver.pop()
        return found != z3.unsat

    def may_be(self, expected: float | Fraction, **values: float | Fraction) -> bool:
        """Whether the value can be ``expected`` where the leaves have ``values``."""
        if isinstance(expected, float):
            if math.isnan(expected):
                return self.admits(self.value.nan, values)
            expected = real(expected)
        claim = self.builder.And(self.builder.Not(self.value.nan), self.value.value == self.number(expected))
        return self.admits(claim, values)

    def is_known(self, expected: float, **values: float | Fraction) -> bool:
        """Whether it can be that, and nothing else."""
        if math.isnan(expected):
            return self.may_be(expected, **values) and not self.admits(self.builder.Not(self.value.nan), values)
        other = self.builder.Or(self.value.nan, self.value.value != self.number(real(expected)))
        return self.may_be(expected, **values) and not self.admits(other, values)


HALFWAY = Fraction(INFINITY - 2**970)
"""From here on a number is rounded to infinity."""


@pytest.mark.parametrize(
    "number",
    [
        Fraction(1, 3),
        Fraction(-10, 7),
        1 + Fraction(1, 2**53),
        1 + Fraction(3, 2**53),
        Fraction(TINY) / 2,
        Fraction(TINY) * Fraction(3, 2),
        -Fraction(TINY) * Fraction(5, 2),
        Fraction(10**300, 7),
        HALFWAY - 1,
        1 - HALFWAY,
        Fraction(2**53 + 1),
        Fraction(-(2**60) - 127),
    ],
    ids=float,
)
def test_a_rounding_lies_within_half_the_distance_of_two_doubles(number):
    told = Told()
    nearest = number.numerator / number.denominator
    assert told.may_be(nearest, real=number)
    most = abs(number) / 2**53 + Fraction(1, 2**1075)
    for sign in (1, -1):
        # Not beyond the largest double, nor to the other side of zero.
        if abs(number + sign * most) <= LARGEST and (number + sign * most) * number >= 0:
            assert told.may_be(number + sign * most, real=number)
        assert not told.may_be(number + sign * most * (1 + Fraction(1, 2**20)), real=number)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (Fraction(0), 0.0),
        (Fraction(7), 7.0),
        (Fraction(-(2**53)), -(2.0**53)),
        (Fraction(2**53), 2.0**53),
        (HALFWAY, math.inf),
        (-HALFWAY, -math.inf),
        (Fraction(3 * INFINITY), math.inf),
        (Fraction(-3 * INFINITY), -math.inf),
    ],
    ids=str,
)
def test_a_whole_number_that_is_a_double_and_one_beyond_all_doubles_are_rounded_exactly(number, expected):
    assert Told().is_known(expected, real=number)


def test_a_number_that_is_no_double_beyond_the_largest_but_below_halfway_is_rounded_to_it():
    told = Told()
    for sign in (1, -1):
        assert told.may_be(sign * MAX, real=sign * (HALFWAY - 1))
        assert not told.may_be(sign * math.inf, real=Fraction(sign * (LARGEST - 2**972)))
        assert not told.may_be(Fraction(sign * (LARGEST + 1)), real=sign * (HALFWAY - 1))


SPECIAL = (0.0, 1.0, -1.0, 2.5, -0.1, 1e308, -1e308, MAX, TINY, math.inf, -math.inf, math.nan)


ARITHMETIC = ["float_add", "float_sub", "float_mul", "float_div"]


@pytest.mark.parametrize("op", ARITHMETIC)
def test_an_operator_may_have_the_value_that_it_has_and_no_other_kind(op):
    told = Told(apply(op, F, G))
    numbers = [number for number in SPECIAL if math.isfinite(number)]
    for f, g in itertools.product(numbers, numbers):
        if op == "float_div" and g == 0:
            continue
        expected = evaluate(apply(op, f, g), {})
        assert isinstance(expected, float)
        assert told.may_be(expected, f=f, g=g), (f, g)
        if not math.isfinite(expected):
            assert told.is_known(expected, f=f, g=g), (f, g)
        else:
            assert not told.may_be(math.nan, f=f, g=g)
            assert abs(expected) >= 1e308 or not told.may_be(math.inf, f=f, g=g)


@pytest.mark.parametrize("op", ARITHMETIC)
def test_an_operator_is_exact_where_an_operand_is_infinite_or_no_number(op):
    told = Told(apply(op, F, G))
    some = (0.0, 1.0, -2.5, math.inf, -math.inf, math.nan)
    for f, g in itertools.product(some, some):
        if (math.isfinite(f) and math.isfinite(g)) or (op == "float_div" and g == 0):
            continue
        expected = evaluate(apply(op, f, g), {})
        assert isinstance(expected, float)
        if math.isfinite(expected):
            assert expected == 0
        assert told.is_known(expected, f=f, g=g), (f, g)


@pytest.mark.parametrize("op", ["float_neg", "float_abs"])
def test_a_sign_is_exact(op):
    told = Told(apply(op, F))
    for f in SPECIAL:
        expected = evaluate(apply(op, f), {})
        assert isinstance(expected, float)
        assert told.is_known(expected, f=f), f


def test_a_product_with_a_literal_is_the_other_factor_for_one_alone():
    for factor in (1.0, -1.0, 2.0, -2.0, 0.5):
        for term in (apply("float_mul", factor, F), apply("float_mul", F, factor)):
            told = Told(term)
            for f in (3.0, -0.25, math.inf):
                assert told.may_be(factor * f, f=f), (term, f)
                assert not told.may_be(-factor * f, f=f), (term, f)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (apply("float_add", 0.1, 0.2), 0.30000000000000004),
        (apply("float_add", MAX, MAX), math.inf),
        (apply("float_add", -MAX, -MAX), -math.inf),
        (apply("int_div", 7, 3), 7 / 3),
        (apply("int_div", -7, 3), -7 / 3),
        (apply("to_float", 2**53 + 1), 2.0**53),
        (apply("float_div", 1.0, 3.0), 1 / 3),
    ],
    ids=str,
)
def test_what_is_computed_of_literals_alone_is_known_exactly(term, expected):
    assert Told(term).is_known(expected)


def test_what_has_no_value_rules_nothing_out():
    """A quotient or a root may stand where it is not computed."""
    for term, values in (
        (apply("float_div", F, G), {"f": 1.0, "g": 0.0}),
        (apply("int_div", "x", "y"), {"x": Fraction(1), "y": Fraction(0)}),
        (apply("float_sqrt", F), {"f": -1.0}),
    ):
        told = Told(term)
        assert told.admits(told.builder.BoolVal(True), values)


@pytest.mark.parametrize("number", [0.0, 1.0, 4.0, math.inf, math.nan])
def test_a_root_that_is_whole_is_known(number):
    assert Told(apply("float_sqrt", F)).is_known(math.sqrt(number), f=number)


def test_a_root_is_the_one_that_is_not_negative():
    told = Told(apply("float_sqrt", F))
    root = math.sqrt(2.0)
    assert told.may_be(root, f=2.0)
    for other in (-root, root + 1e-9, root - 1e-9, math.inf, math.nan):
        assert not told.may_be(other, f=2.0), other
    assert told.may_be(0.5, f=0.25)
    assert not told.may_be(-0.5, f=0.25)


@pytest.mark.parametrize("divisor", [1, -1, 2, -4, 1024, 2**60, -(2**60)])
def test_what_is_divided_by_a_power_of_two_keeps_its_digits(divisor):
    told = Told(apply("int_div", "x", divisor))
    for x in (0, 1, -3, 7, 2**53, -(2**53), 2**53 - 1):
        assert told.is_known(x / divisor, x=Fraction(x)), x
    assert told.may_be((2**53 + 1) / divisor, x=Fraction(2**53 + 1))
    assert told.may_be(-(2**53 + 1) / divisor, x=Fraction(-(2**53) - 1))


@pytest.mark.parametrize("divisor", [3, -5, 6])
def test_the_quotient_of_integers_is_near_the_exact_one(divisor):
    told = Told(apply("int_div", "x", divisor))
    by_leaf = Told(apply("int_div", "x", "y"))
    for x in (0, 1, -3, 7, 2**60 + 1):
        for known, values in ((told, {"x": Fraction(x)}), (by_leaf, {"x": Fraction(x), "y": Fraction(divisor)})):
            quotient = x / divisor
            assert known.may_be(quotient, **values), x
            assert not known.may_be(quotient + abs(quotient) / 2**40 + TINY, **values), x


def test_an_integer_up_to_the_digits_of_a_double_is_one():
    told = Told(apply("to_float", "x"))
    for x in (0, 5, -7, 2**53, -(2**53)):
        assert told.is_known(float(x), x=Fraction(x)), x
    assert told.may_be(2.0**53, x=Fraction(2**53 + 1))
    assert not told.may_be(2.0**53 - 1, x=Fraction(2**53 + 1))


ROUNDINGS = [
    (number, how, expected)
    for number in (0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.25, -0.75, 3.0, -3.0, 2.0**60, -1e-9, 7.999)
    for how, expected in (
        ("trunc", math.trunc(number)),
        ("floor", math.floor(number)),
        ("ceil", math.ceil(number)),
        ("round", round(number)),
    )
]


def test_a_rounding_to_an_integer_is_exact():
    for how in ("trunc", "floor", "ceil", "round"):
        told = Told(apply(how, F))
        for number, name, expected in ROUNDINGS:
            if name == how:
                assert told.admits(told.value == expected, {"f": number}), (how, number)
                assert not told.admits(told.value != expected, {"f": number}), (how, number)


RELATIONS = ["eq", "ne", "lt", "le", "gt", "ge"]


def decides(told: Told, term: Term, values: Mapping[str, float | Fraction]) -> bool:
    """Whether it is known that a condition holds where ``term`` says so, and that it does not where not."""
    other = told.builder.Not(told.value)
    expected, wrong = (told.value, other) if evaluate(term, {}) else (other, told.value)
    return told.admits(expected, values) and not told.admits(wrong, values)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_comparison_of_two_doubles_is_exact(relation):
    told = Told(apply(f"float_{relation}", F, G))
    for f, g in itertools.product(SPECIAL, SPECIAL):
        assert decides(told, apply(f"float_{relation}", f, g), {"f": f, "g": g}), (f, g)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_comparison_with_a_literal_is_exact(relation):
    for g in SPECIAL:
        after, before = Told(apply(f"float_{relation}", F, g)), Told(apply(f"float_{relation}", g, F))
        for f in {g, 0.0, math.nextafter(g, math.inf), math.nextafter(g, -math.inf), math.inf, math.nan}:
            assert decides(after, apply(f"float_{relation}", f, g), {"f": f}), (f, g)
            assert decides(before, apply(f"float_{relation}", g, f), {"f": f}), (f, g)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_comparison_of_an_integer_with_a_double_is_exact(relation):
    told = Told(apply(f"mixed_{relation}", "x", G))
    for g in SPECIAL:
        for x in (0, 1, -1, 2**1024, -(2**1024), 2**1025, -(2**1025), int(LARGEST), 10**308):
            assert decides(told, apply(f"mixed_{relation}", x, g), {"x": Fraction(x), "g": g}), (x, g)


def test_whether_a_double_is_whole_is_exact():
    told = Told(apply("is_integer", F))
    for f in (*SPECIAL, 2.0**60, -7.0, 0.5):
        assert decides(told, apply("is_integer", f), {"f": f}), f


PROVED: list[tuple[list[Term], Term]] = [
    # A rounding keeps an order, and passes over no double.
    ([apply("float_le", F, G)], apply("float_le", apply("float_add", F, 0.1), apply("float_add", G, 0.1))),
    ([apply("float_ge", F, G)], apply("float_ge", apply("float_add", F, 0.1), apply("float_add", G, 0.1))),
    ([apply("float_ge", F, 0.1), apply("float_ge", G, 0.0)], apply("float_ge", apply("float_add", F, G), 0.1)),
    ([apply("float_le", F, 0.1), apply("float_le", G, 0.0)], apply("float_le", apply("float_add", F, G), 0.1)),
    ([apply("float_ge", F, 0.1), apply("float_ge", G, F)], apply("float_ge", apply("float_mul", 3.0, G), F)),
    ([apply("float_ge", F, 0.0), apply("float_ge", G, 0.0)], apply("float_ge", apply("float_add", F, G), G)),
    ([apply("float_gt", F, 0.0), apply("float_gt", G, 0.0)], apply("float_ge", apply("float_mul", F, G), 0.0)),
    ([apply("float_gt", F, 0.0), apply("float_lt", G, 0.0)], apply("float_le", apply("float_mul", F, G), 0.0)),
    (
        [apply("float_eq", F, F), apply("float_eq", G, 0.0)],
        apply("float_eq", apply("float_add", F, G), F),
    ),
    # Nor over what another one was rounded to.
    (
        [apply("float_ge", apply("float_add", F, G), 0.0)],
        apply("float_le", apply("float_mul", 1 - 2.0**-53, apply("float_add", F, G)), apply("float_add", F, G)),
    ),
    (
        [apply("float_ge", apply("float_add", F, G), 0.0)],
        apply("float_ge", apply("float_mul", 1 + 2.0**-52, apply("float_add", F, G)), apply("float_add", F, G)),
    ),
    # Between a double and the next one there is none.
    ([apply("float_gt", F, -TINY)], apply("float_ge", F, 0.0)),
    ([apply("float_lt", F, 1.0)], apply("float_le", F, math.nextafter(1.0, 0.0))),
    ([apply("float_lt", 1.0, F)], apply("float_le", math.nextafter(1.0, 2.0), F)),
    # What is rounded once is not rounded to something else the next time.
    ([apply("float_eq", F, F)], apply("float_eq", apply("float_mul", F, 1.0), F)),
    ([apply("float_eq", F, F)], apply("float_eq", apply("float_mul", -1.0, F), apply("float_neg", F))),
    (
        [apply("float_lt", apply("float_add", F, G), 4.5)],
        apply("float_le", apply("float_add", F, G), 4.5),
    ),
    ([apply("float_eq", SUM, SUM)], apply("float_eq", SUM, apply("float_add", G, F))),
    (
        [
            apply("float_eq", F, F),
            apply("float_eq", G, G),
            apply("float_lt", F, math.inf),
            apply("float_gt", F, -math.inf),
        ],
        apply("float_eq", apply("float_sub", F, G), apply("float_add", F, apply("float_neg", G))),
    ),
    # The same operands give the same result, and it is a double.
    (
        [apply("float_eq", F, G), apply("float_gt", apply("float_sin", F), 0.5)],
        apply("float_gt", apply("float_sin", G), 0.5),
    ),
    (
        [apply("float_ne", F, F), apply("float_ne", G, G), apply("float_ne", apply("float_exp", F), 2.0)],
        apply("float_ne", apply("float_exp", G), 2.0),
    ),
    ([apply("float_gt", apply("float_sin", F), float(MAX))], apply("float_eq", apply("float_sin", F), math.inf)),
    ([apply("float_gt", F, float(MAX))], apply("float_eq", F, math.inf)),
    ([apply("float_lt", F, -float(MAX))], apply("float_eq", F, -math.inf)),
]


@pytest.mark.parametrize(("hold", "follows"), PROVED, ids=str)
def test_what_follows_of_roundings_is_proved_by_the_facts_alone(hold, follows):
    assert ask(hold, [[follows]], Budget(10**7), 10**5).status == "unsat"
    if hold:
        assert ask(hold[:-1], [[follows]], Budget(10**7), 10**5).status != "unsat"


@pytest.mark.parametrize(
    "term",
    [
        apply("float_gt", apply("float_add", F, 0.1), F),
        apply("float_eq", apply("float_sin", F), apply("float_exp", F)),
        apply("float_eq", apply("float_sin", F), apply("float_sin", G)),
        apply("float_lt", apply("float_mul", F, F), math.inf),
        apply("float_eq", apply("float_mul", apply("float_div", F, 3.0), 3.0), F),
    ],
    ids=str,
)
def test_what_does_not_hold_for_all_doubles_is_not_proved(term):
    finite = [apply("float_lt", F, math.inf), apply("float_gt", F, -math.inf)]
    assert ask(finite, [[term]], Budget(10**7), 10**5).status != "unsat"


def has_value(term: Term) -> Term:
    return apply("or", apply("float_eq", term, term), apply("float_ne", term, term))


def test_where_a_function_has_a_value_depends_on_its_operand_and_says_nothing_of_another_function():
    def status(hold: list[Term], follows: Term) -> str:
        return ask(hold, [[follows]], Budget(10**7), 10**5).status

    sine = has_value(SINE)
    assert status([sine, apply("float_eq", F, G)], has_value(apply("float_sin", G))) == "unsat"
    assert status([sine], has_value(apply("float_sin", G))) != "unsat"
    assert status([sine], has_value(EXPONENTIAL)) != "unsat"


def test_two_functions_have_different_values_and_one_may_be_no_number_where_the_other_is():
    hold = [has_value(SINE), has_value(EXPONENTIAL)]
    no_number = apply("float_ne", EXPONENTIAL, EXPONENTIAL)
    nan_alike = apply("or", apply("float_eq", SINE, SINE), no_number)
    alike = apply("or", apply("float_eq", SINE, EXPONENTIAL), apply("float_ne", SINE, SINE), no_number)
    related = apply("or", apply("float_eq", SINE, EXPONENTIAL), apply("float_ne", SINE, EXPONENTIAL))
    for follows, proved in ((related, True), (nan_alike, False), (alike, False)):
        assert (ask(hold, [[follows]], Budget(10**7), 10**5).status == "unsat") == proved, follows


def test_a_function_of_two_operands_depends_on_both():
    for first, second in (
        (apply("float_pow", F, 2.5), apply("float_pow", G, 2.5)),
        (apply("float_pow", 2.5, F), apply("float_pow", 2.5, G)),
    ):
        hold = [has_value(first), has_value(second)]
        alike = apply("or", apply("float_eq", first, second), *(apply("float_ne", one, one) for one in (first, second)))
        assert ask([*hold, apply("float_eq", F, G)], [[alike]], Budget(10**7), 10**5).status == "unsat"
        assert ask(hold, [[alike]], Budget(10**7), 10**5).status != "unsat"


def test_the_numbers_that_are_made_up_are_as_many_as_there_are_operators():
    for op, operands, values in (
        ("float_div", ((F, G), (G, F)), {"f": 2.0, "g": 1.0}),
        ("float_sqrt", ((F,), (G,)), {"f": 1.0, "g": 4.0}),
        ("float_mul", ((F, F), (G, G)), {"f": 3.0, "g": 0.5}),
    ):
        term = apply("float_add", *(apply(op, *some) for some in operands))
        expected = evaluate(term, values)
        assert isinstance(expected, float)
        assert Told(term).may_be(expected, **values)


def test_the_same_operands_are_rounded_to_the_same_double():
    told = Told(apply("float_sub", apply("float_add", F, 0.1), apply("float_add", G, 0.1)))
    assert told.may_be(0.0, f=1.0, g=1.0)
    assert not told.may_be(TINY, f=1.0, g=1.0)
    assert not told.may_be(-TINY, f=1.0, g=1.0)


def test_a_leaf_of_which_a_model_says_nothing_is_zero():
    told = Told(F)
    solver = z3.Solver(ctx=told.builder.context)
    assert solver.check() == z3.sat
    assert told.builder.float_in(solver.model(), told.value) == 0.0


def test_the_value_of_a_leaf_in_a_model_is_the_nearest_double():
    told = Told(apply("float_add", F, G))
    f, g = told.builder.variables["f"], told.builder.variables["g"]
    third = told.number(Fraction(1, 3))
    for claim, expected in (
        (told.builder.And(f.value * f.value == 2, f.value > 0), math.sqrt(2.0)),
        (f.value == third, 1 / 3),
        (f.value == INFINITY, math.inf),
        (f.value == -7, -7.0),
    ):
        solver = z3.Solver(ctx=told.builder.context)
        solver.add(claim, f.value > -8, told.builder.Not(f.nan), g.nan)
        assert solver.check() == z3.sat
        assert told.builder.float_in(solver.model(), f) == expected
        assert math.isnan(told.builder.float_in(solver.model(), g))
