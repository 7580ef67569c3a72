"""Doubles for z3 as real numbers: exact but for roundings and library functions, of which facts are stated.

A double is a pair: whether it is NaN, and its value, where plus and minus infinity are the numbers beside the largest
doubles. Comparisons and roundings to an integer are exact that way. What the nearest double of a real number is stands
as a fresh number with true facts about it, so that what is proved is proved; a model may use the freedom that the facts
leave, and has to be confirmed by evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import z3

INFINITY = 2**1024
LARGEST = 2**1024 - 2**971
_EXACT = 2**53
"""All integers up to here are doubles."""


@dataclass(frozen=True, slots=True)
class Double:
    """A z3 Bool and a z3 Real; the value of a NaN means nothing."""

    nan: Any
    value: Any


class RealFloats:
    """The words of the operator table that speak of floats; mixed into a builder that has ``context``."""

    context: z3.Context
    If: Callable[..., Any]
    And: Callable[..., Any]
    Or: Callable[..., Any]
    Not: Callable[..., Any]
    BoolVal: Callable[[bool], Any]

    def __init__(self) -> None:
        self._facts: list[Any] = []
        self._doubles: list[Double] = []
        self._rounded: dict[int, tuple[Any, Any]] = {}
        self._fresh = 0

    # Leaves and literals

    def float_literal(self, value: float) -> Double:
        """The double ``value``."""
        if math.isnan(value):
            return Double(self.BoolVal(True), self._real(0))
        exact = Fraction(value) if math.isfinite(value) else Fraction(INFINITY if value > 0 else -INFINITY)
        found = Double(self.BoolVal(False), self._real(exact))
        self._doubles.append(found)
        return found

    def float_variable(self, name: str) -> Double:
        """A leaf of which nothing is known but that it is a double."""
        found = Double(z3.Bool(f"{name}!nan", ctx=self.context), z3.Real(name, ctx=self.context))
        self._bounded(found.value)
        self._doubles.append(found)
        return found

    def float_in(self, model: Any, variable: Double) -> float:
        """What ``variable`` is in ``model``: the double that is nearest to the real number there."""
        if z3.is_true(model.eval(variable.nan)):
            return math.nan
        value = model.eval(variable.value, model_completion=True)
        if z3.is_algebraic_value(value):
            value = value.approx(60)
        return _nearest(value.as_fraction())

    def facts(self) -> Iterator[Any]:
        """What is true of the numbers that this builder has made up."""
        yield from self._facts
        roundings = list(self._rounded.values())
        # A rounding does not pass over any double.
        doubles = [*(double.value for double in self._doubles), *(rounded for _, rounded in roundings), self._real(0)]
        for position, (real, rounded) in enumerate(roundings):
            for other, other_rounded in roundings[:position]:
                yield z3.Implies(real <= other, rounded <= other_rounded)
                yield z3.Implies(real >= other, rounded >= other_rounded)
            for double in doubles:
                yield z3.Implies(real <= double, rounded <= double)
                yield z3.Implies(real >= double, rounded >= double)

    # Arithmetic

    def float_neg(self, a: Double) -> Double:
        return Double(a.nan, -a.value)

    def float_abs(self, a: Double) -> Double:
        return Double(a.nan, self.If(a.value >= 0, a.value, -a.value))

    def float_add(self, a: Double, b: Double) -> Double:
        opposite = self.And(self._infinite(a), self._infinite(b), a.value != b.value)
        finite = self._round(a.value + b.value)
        value = self.If(self._infinite(a), a.value, self.If(self._infinite(b), b.value, finite))
        return Double(self.Or(a.nan, b.nan, opposite), value)

    def float_sub(self, a: Double, b: Double) -> Double:
        return self.float_add(a, self.float_neg(b))

    def float_mul(self, a: Double, b: Double) -> Double:
        for factor, other in ((a, b), (b, a)):
            if z3.is_rational_value(factor.value) and abs(factor.value.as_fraction()) == 1:
                return other if factor.value.as_fraction() == 1 else self.float_neg(other)
        infinite = self.Or(self._infinite(a), self._infinite(b))
        zero = self.Or(a.value == 0, b.value == 0)
        signed = self._signed(self._real(INFINITY), a, b)
        value = self.If(infinite, signed, self._round(a.value * b.value))
        return Double(self.Or(a.nan, b.nan, self.And(infinite, zero)), value)

    def float_div(self, a: Double, b: Double) -> Double:
        both = self.And(self._infinite(a), self._infinite(b))
        value = self.If(
            self._infinite(a),
            self._signed(self._real(INFINITY), a, b),
            self.If(self._infinite(b), self._real(0), self._round(self._quotient(a.value, b.value))),
        )
        return Double(self.Or(a.nan, b.nan, both), value)

    def float_sqrt(self, a: Double) -> Double:
        root = self._new("root")
        self._facts.append(z3.Implies(a.value >= 0, self.And(root >= 0, root * root == a.value)))
        return Double(a.nan, self.If(self._infinite(a), a.value, self._round(root)))

    def float_if(self, condition: Any, a: Double, b: Double) -> Double:
        return Double(self.If(condition, a.nan, b.nan), self.If(condition, a.value, b.value))

    def float_opaque(self, name: str, *args: Any) -> Double:
        """A function of which only this is known: the same operands give the same result."""
        flat = self._flat(args)
        found = Double(
            self._function(f"{name}!nan", flat, z3.BoolSort(self.context)),
            self._function(name, flat, z3.RealSort(self.context)),
        )
        self._bounded(found.value)
        self._doubles.append(found)
        return found

    def opaque_defined(self, name: str, *args: Any) -> Any:
        """Whether such a function has a value, which nothing is known of."""
        return self._function(f"{name}!defined", self._flat(args), z3.BoolSort(self.context))

    # Comparisons

    def float_compare(self, relation: str, a: Double, b: Double) -> Any:
        numbers = self.Not(self.Or(a.nan, b.nan))
        if relation == "ne":
            return self.Or(self.Not(numbers), a.value != b.value)
        if relation in ("lt", "gt"):
            low, high = (a.value, b.value) if relation == "lt" else (b.value, a.value)
            return self.And(numbers, self._less(low, high))
        return self.And(numbers, _RELATIONS[relation](a.value, b.value))

    def _less(self, low: Any, high: Any) -> Any:
        """``low < high``; where one is a number, by the double next to it: above -5e-324 is from 0 on."""
        for bound, towards in ((high, -math.inf), (low, math.inf)):
            if z3.is_rational_value(bound) and abs(exact := bound.as_fraction()) < INFINITY:
                number = _nearest(exact)
                near = math.nextafter(number, towards)
                if math.isfinite(near) and Fraction(number) == exact:
                    limit = self._real(Fraction(near))
                    return low <= limit if bound is high else limit <= high
        return low < high

    def mixed_compare(self, relation: str, a: Any, b: Double) -> Any:
        """An int with a double, by their exact values."""
        number = self.Not(b.nan)
        compared = _RELATIONS[relation](z3.ToReal(a), b.value)
        # No int is as large as infinity, and some are larger than the number that stands for it.
        above = self.BoolVal(relation in ("lt", "le", "ne"))
        below = self.BoolVal(relation in ("gt", "ge", "ne"))
        value = self.If(b.value == INFINITY, above, self.If(b.value == -INFINITY, below, compared))
        return self.Or(b.nan, value) if relation == "ne" else self.And(number, value)

    def float_finite(self, a: Double) -> Any:
        return self.Not(self.Or(a.nan, self._infinite(a)))

    def float_is_integer(self, a: Double) -> Any:
        return self.And(self.float_finite(a), z3.IsInt(a.value))

    # Between ints and doubles

    def to_float(self, a: Any) -> Double:
        return Double(self.BoolVal(False), self._round(z3.ToReal(a)))

    def int_div(self, a: Any, b: Any) -> Double:
        divisor = _power_of_two(b)
        quotient = self._quotient(z3.ToReal(a), z3.ToReal(b))
        # What is divided by a power of two has the digits that it had.
        exact = self.And(a <= _EXACT, a >= -_EXACT) if divisor else None
        return Double(self.BoolVal(False), self._round(quotient, exact))

    def to_int(self, how: str, a: Double) -> Any:
        down = z3.ToInt(a.value)
        if how == "floor":
            return down
        up = -z3.ToInt(-a.value)
        if how == "ceil":
            return up
        if how == "trunc":
            return self.If(a.value >= 0, down, up)
        rest = a.value - z3.ToReal(down)
        half = self._real(Fraction(1, 2))
        return self.If(rest < half, down, self.If(rest > half, up, self.If(down % 2 == 0, down, up)))

    # Helpers

    def _real(self, value: int | Fraction) -> Any:
        exact = Fraction(value)
        return z3.RealVal(f"{exact.numerator}/{exact.denominator}", ctx=self.context)

    def _new(self, what: str) -> Any:
        self._fresh += 1
        return z3.Real(f"{what}!{self._fresh}", ctx=self.context)

    def _bounded(self, value: Any) -> None:
        infinite = self.Or(value == INFINITY, value == -INFINITY)
        self._facts.append(self.Or(self.And(value <= LARGEST, value >= -LARGEST), infinite))

    def _infinite(self, a: Double) -> Any:
        return self.Or(a.value == INFINITY, a.value == -INFINITY)

    def _signed(self, size: Any, a: Double, b: Double) -> Any:
        return self.If((a.value >= 0) == (b.value >= 0), size, -size)

    def _quotient(self, a: Any, b: Any) -> Any:
        if z3.is_rational_value(z3.simplify(b)):
            return a / b
        quotient = self._new("quotient")
        self._facts.append(z3.Implies(b != 0, quotient * b == a))
        return quotient

    def _round(self, real: Any, exact: Any = None) -> Any:
        """The double nearest to ``real``; ``exact`` is a condition under which it is one itself."""
        folded: Any = z3.simplify(real)
        if z3.is_rational_value(folded):
            nearest = _nearest(folded.as_fraction())
            return self._real(
                INFINITY if nearest == math.inf else -INFINITY if nearest == -math.inf else Fraction(nearest)
            )
        known = self._rounded.get(folded.get_id())
        if known is None:
            known = self._rounded[folded.get_id()] = (folded, self._new("nearest"))
            self._bounded(known[1])
            self._facts += self._about(*known)
        if exact is not None:
            self._facts.append(z3.Implies(exact, known[1] == folded))
        return known[1]

    def _about(self, real: Any, rounded: Any) -> Iterator[Any]:
        size = self.If(real >= 0, real, -real)
        error = size * self._real(Fraction(1, 2**53)) + self._real(Fraction(1, 2**1075))
        small = size < INFINITY - 2**970
        yield z3.Implies(small, self.And(rounded - real <= error, real - rounded <= error))
        yield z3.Implies(real >= INFINITY - 2**970, rounded == INFINITY)
        yield z3.Implies(real <= 2**970 - INFINITY, rounded == -INFINITY)
        whole = self.And(z3.IsInt(real), size <= _EXACT)
        yield z3.Implies(whole, rounded == real)

    def _flat(self, args: Sequence[Any]) -> list[Any]:
        flat: list[Any] = []
        for arg in args:
            # All NaNs are alike.
            flat += [arg.nan, self.If(arg.nan, self._real(0), arg.value)] if isinstance(arg, Double) else [arg]
        return flat

    def _function(self, name: str, args: Sequence[Any], result: Any) -> Any:
        return z3.Function(f"{name}/{len(args)}", *(arg.sort() for arg in args), result)(*args)


_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def _nearest(exact: Fraction) -> float:
    try:
        return exact.numerator / exact.denominator
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _power_of_two(value: Any) -> bool:
    return z3.is_int_value(value) and value.as_long().bit_count() == 1
