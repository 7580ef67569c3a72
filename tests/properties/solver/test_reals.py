"""Doubles as real numbers: what is known of a rounding is true of the nearest double, and tells it from others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
import z3

from properties.solver.context import Builder
from properties.solver.reals import INFINITY, LARGEST, Double
from strategies.evaluate import evaluate
from strategies.terms import Term, Var, apply

F, G = Var("f", "float"), Var("g", "float")
MAX = math.nextafter(math.inf, 0.0)
TINY = 5e-324


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
        self.solver.set("rlimit", 2_000_000)
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
BINARY = ("float_add", "float_sub", "float_mul")


@pytest.mark.parametrize("op", BINARY)
def test_an_operator_may_have_the_value_that_it_has_and_no_other_kind(op):
    told = Told(apply(op, F, G))
    for f in SPECIAL:
        for g in SPECIAL:
            expected = evaluate(apply(op, f, g), {})
            assert isinstance(expected, float)
            assert told.may_be(expected, f=f, g=g), (f, g)
            if not math.isfinite(expected):
                assert told.is_known(expected, f=f, g=g), (f, g)
            else:
                assert not told.may_be(math.nan, f=f, g=g)
                assert abs(expected) >= 1e308 or not told.may_be(math.inf, f=f, g=g)
