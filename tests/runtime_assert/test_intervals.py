"""Intervals of the values of a graph: as narrow as the operators' operands tell, with open ends as infinities."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import Any

import pytest

from runtime_assert.intervals import DEPTH, EVERYTHING, Interval, interval
from runtime_assert.polynomials import ONE, Monomial, polynomial
from runtime_assert.values import Argument, Value, ValueTable
from tests.runtime_assert.test_normal import leaves

_NEAR = range(-3, 4)
INTERVALS: list[Interval] = [
    (low, high) for low, high in itertools.product((-inf, *_NEAR), (*_NEAR, inf)) if low <= high
]


def _values(found: Interval, far: int) -> list[int]:
    low, high = found
    first, last = -far if low == -inf else int(low), far if high == inf else int(high)
    return sorted({first, last, *(value for value in _NEAR if first <= value <= last)})


def hull(compute: Callable[..., int], *intervals: Interval) -> Interval:
    """The least and the greatest result; an end that moves with how far the operands reach is infinite."""
    ends = []
    for far in (64, 128):
        results = [compute(*values) for values in itertools.product(*(_values(part, far) for part in intervals))]
        ends.append((min(results), max(results)))
    (low, high), (lower, higher) = ends
    return (low if low == lower else -inf), (high if high == higher else inf)


class Known:
    """Leaves of a table with the intervals in which they lie."""

    def __init__(self, *intervals: Interval) -> None:
        self.table = ValueTable(-1)
        self.leaves = leaves(self.table, len(intervals))
        self.facts: dict[Monomial, Interval] = {
            (leaf,): found for leaf, found in zip(self.leaves, intervals, strict=True)
        }

    def of(self, value: Argument, **options: Any) -> Interval:
        return self.weigh(polynomial(value), **options)

    def weigh(self, poly: dict[Monomial, Any], **options: Any) -> Interval:
        return interval(poly, lambda monomial: self.facts.get(monomial, EVERYTHING), **options)

    def apply(self, op: str, *others: int) -> Interval:
        return self.of(self.table.get(op, (*self.leaves, *others)))


@pytest.mark.parametrize(("op", "compute"), [("min", min), ("max", max), ("add", operator.add), ("sub", operator.sub)])
def test_the_interval_of_two_operands_is_that_of_their_results(op, compute):
    for pair in itertools.product(INTERVALS, INTERVALS):
        assert Known(*pair).apply(op) == hull(compute, *pair), pair


def test_the_interval_of_a_product_is_that_of_its_corners():
    for pair in itertools.product(INTERVALS, INTERVALS):
        assert Known(*pair).apply("mul") == hull(operator.mul, *pair), pair


def test_the_interval_of_an_absolute_value_is_exact():
    for found in INTERVALS:
        assert Known(found).apply("abs") == hull(lambda value: abs(value), found), found


def test_the_interval_of_a_quotient_is_exact_where_the_divisor_has_one_sign():
    for base, divisor in itertools.product(INTERVALS, INTERVALS):
        found = Known(base, divisor).apply("floordiv")
        if divisor[0] > 0 or divisor[1] < 0:
            # As far as the divisor may be, the quotient is 0 or -1.
            assert found == hull(operator.floordiv, base, divisor), (base, divisor)
        else:
            assert found == EVERYTHING


@pytest.mark.parametrize(
    ("base", "divisor", "expected"),
    [
        ((0, 9), (3, 3), (0, 2)),
        ((0, 1), (3, 3), (0, 1)),
        ((1, 2), (3, 3), (1, 2)),
        ((1, 2), (3, inf), (1, 2)),
        ((1, 3), (3, inf), (0, 3)),
        ((0, 3), (5, 9), (0, 3)),
        ((0, 9), (3, 12), (0, 9)),
        ((2, 6), (5, 9), (0, 6)),
        ((-1, 2), (3, 3), (0, 2)),
        ((-1, 2), (3, 9), (0, 8)),
        ((2, inf), (1, 9), (0, 8)),
        ((0, inf), (1, inf), (0, inf)),
        ((-1, 2), (3, inf), (0, inf)),
        ((0, 9), (-3, -3), (-2, 0)),
        ((-9, 0), (-5, -3), (-4, 0)),
        ((-2, -1), (-5, -3), (-2, -1)),
        ((-2, 1), (-5, -3), (-4, 0)),
        ((0, 9), (-3, 3), EVERYTHING),
        ((0, 9), (0, 3), EVERYTHING),
        ((0, 9), (-3, 0), EVERYTHING),
        ((0, 9), (-3, inf), EVERYTHING),
        ((2, 2), (1, 1), (0, 0)),
    ],
)
def test_a_remainder_lies_between_zero_and_its_divisor(base, divisor, expected):
    assert Known(base, divisor).apply("mod") == expected


def test_either_arm_of_a_choice_may_be_taken():
    known = Known((1, 2), (5, 9))
    chosen = known.table.get("ite", (known.table.get("lt", (known.leaves[0], known.leaves[1])), *known.leaves), "int")
    assert known.of(chosen) == (1, 9)
    turned = known.table.get("ite", (known.table.get("lt", tuple(known.leaves)), *known.leaves[::-1]), "int")
    assert known.of(turned) == (1, 9)


def test_what_is_known_of_a_value_and_what_its_operands_tell_hold_both():
    known = Known((-3, 9))
    magnitude = known.table.get("abs", (known.leaves[0],))
    assert known.of(magnitude) == (0, 9)
    known.facts[(magnitude,)] = (2, 20)
    assert known.of(magnitude) == (2, 9)
    known.facts[(magnitude,)] = (-1, 5)
    assert known.of(magnitude) == (0, 5)


def test_a_sum_is_weighed_term_by_term_and_ends_where_nothing_is_known():
    known = Known((1, 3), (-2, 5), EVERYTHING)
    x, y, z = ((leaf,) for leaf in known.leaves)
    assert known.weigh({}) == (0, 0)
    assert known.weigh({ONE: -7}) == (-7, -7)
    assert known.weigh({x: 2, y: -3, ONE: 4}) == (2 - 15 + 4, 6 + 6 + 4)
    assert known.weigh({z: -1, x: 2}) == EVERYTHING
    assert known.weigh({x: Fraction(1, 2)}) == (Fraction(1, 2), Fraction(3, 2))
    assert known.weigh({z: 10**400}) == EVERYTHING, "which no float is a multiple of"
    known.facts[z] = (4, inf)
    assert known.weigh({z: 2, x: 1}) == (9, inf)
    assert known.weigh({z: -2, x: 1}) == (-inf, -5)
    assert known.weigh({z: -2, x: 1, y: 1}) == (-inf, 0)


def test_operators_are_looked_into_so_many_deep():
    known = Known((-3, 3))
    value: Value = known.leaves[0]
    for _ in range(DEPTH):
        value = known.table.get("abs", (known.table.get("add", (value, 1)),))
    assert known.of(value) == (5, 9)
    assert known.of(value, depth=DEPTH - 1) == (4, inf)
    assert known.of(known.leaves[0], depth=0) == (-3, 3)
    assert known.of(known.table.get("abs", (known.leaves[0],)), depth=0) == EVERYTHING


def test_an_operand_that_is_no_integer_is_unknown():
    known = Known((1, 2))
    flag = known.table.get("lt", (known.leaves[0], 7))
    for op in ("min", "max"):
        assert known.of(known.table.get(op, (known.leaves[0], flag), "int")) == {"min": (-inf, 2), "max": (1, inf)}[op]
    assert known.of(known.table.get("min", (known.leaves[0], 1.5), "int")) == (-inf, 2)
