"""Intervals of integers: nothing lies outside of them, and they are as narrow as they can be told to be."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator

import pytest

from properties.solver.intervals import EVERYTHING, Interval, both, interval_of, scaled, within
from strategies.evaluate import evaluate
from strategies.terms import Const, Var, apply

_NEAR = range(-3, 4)
_FAR = (64, 128)
INTERVALS: list[Interval] = [
    (low, high)
    for low, high in itertools.product((None, *_NEAR), (None, *_NEAR))
    if low is None or high is None or low <= high
]


def _values(interval: Interval, far: int) -> list[int]:
    """The values of ``interval`` near zero, and the ends; ``far`` stands for an end that is open."""
    low, high = interval
    first, last = -far if low is None else low, far if high is None else high
    return sorted({first, last, *(value for value in _NEAR if first <= value <= last)})


def _hull(compute: Callable[..., int], intervals: tuple[Interval, ...]) -> Interval:
    """The least and the greatest result; an end that moves with how far the operands reach is open."""
    ends = []
    for far in _FAR:
        found = [compute(*values) for values in itertools.product(*(_values(part, far) for part in intervals))]
        ends.append((min(found), max(found)))
    (low, high), (lower, higher) = ends
    return (low if low == lower else None), (high if high == higher else None)


def _found(op: str, *intervals: Interval) -> Interval:
    names = "xyz"[: len(intervals)]
    return interval_of(apply(op, *names), dict(zip(names, intervals, strict=True)))


def _pairs() -> Iterator[tuple[Interval, Interval]]:
    return itertools.product(INTERVALS, INTERVALS)


@pytest.mark.parametrize(
    ("op", "compute"),
    [("add", operator.add), ("sub", operator.sub), ("min", min), ("max", max)],
)
def test_the_interval_of_two_operands_is_that_of_their_results(op, compute):
    for pair in _pairs():
        assert _found(op, *pair) == _hull(compute, pair), pair


@pytest.mark.parametrize(("op", "compute"), [("neg", operator.neg), ("abs", abs)])
def test_the_interval_of_one_operand_is_that_of_its_results(op, compute):
    for interval in INTERVALS:
        assert _found(op, interval) == _hull(compute, (interval,)), interval


def test_the_interval_of_a_product_is_exact_if_its_operands_have_ends():
    for pair in _pairs():
        exact, found = _hull(operator.mul, pair), _found("mul", *pair)
        if not any(None in part for part in pair):
            assert found == exact, pair
        elif all(low is not None and low >= 0 for low, _ in pair):
            assert found == (exact[0], None), pair
        else:
            assert found == EVERYTHING, pair


def test_the_interval_of_a_quotient_is_exact_if_the_divisor_lies_on_one_side_of_zero():
    for pair in _pairs():
        (low, high), (least, most) = pair
        found = _found("floordiv", *pair)
        if least is not None and most is not None and (least > 0 or most < 0):
            assert found == _hull(operator.floordiv, pair), pair
        elif low is not None and low >= 0 and least is not None and least >= 0:
            assert found == (0, high), pair
        elif low is None or high is None:
            assert found == EVERYTHING, pair
        else:
            largest = max(abs(low), abs(high))
            assert found == (-largest, largest), pair


def test_a_quotient_is_no_larger_than_what_is_divided_even_if_the_divisor_may_be_zero():
    for pair in _pairs():
        low, high = _found("floordiv", *pair)
        for value, divisor in itertools.product(_values(pair[0], 9), _values(pair[1], 9)):
            if divisor:
                assert low is None or low <= value // divisor, pair
                assert high is None or value // divisor <= high, pair


@pytest.mark.parametrize(
    ("value", "divisor", "expected"),
    [
        ((0, 9), (3, 3), (0, 2)),
        ((4, 5), (3, 3), (1, 2)),
        ((3, 5), (3, 3), (0, 2)),
        ((3, 6), (3, 3), (0, 2)),
        ((-2, -1), (3, 3), (1, 2)),
        ((4, 5), (-3, -3), (-2, -1)),
        ((2, 4), (-3, -3), (-2, 0)),
        ((None, 5), (3, 3), (0, 2)),
        ((4, None), (3, 3), (0, 2)),
        ((4, 5), (2, 3), (0, 2)),
        ((4, 5), (-4, 3), (-3, 2)),
        ((4, 5), (-4, -2), (-3, 0)),
        ((4, 5), (0, 0), (0, 0)),
        ((0, 5), (0, None), (0, 5)),
        ((4, None), (1, None), (0, None)),
        ((-1, 5), (1, None), EVERYTHING),
        ((None, 5), (1, None), EVERYTHING),
        ((4, 5), (-1, None), EVERYTHING),
        ((4, 5), (None, 3), EVERYTHING),
        ((4, 5), EVERYTHING, EVERYTHING),
    ],
)
def test_a_remainder_lies_below_its_divisor(value, divisor, expected):
    assert _found("mod", value, divisor) == expected
    for number, by in itertools.product(_values(value, 9), _values(divisor, 9)):
        if by:
            low, high = expected
            assert low is None or low <= number % by
            assert high is None or number % by <= high


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 5), EVERYTHING, (0, 5)),
        ((3, 9), (-1, 4), (0, 9)),
        ((3, 9), (2, 4), (0, 4)),
        ((2, None), (1, 6), (0, 6)),
        ((2, None), (1, None), (0, None)),
        ((2, None), (-1, 6), (0, None)),
        ((2, None), (None, 6), (0, None)),
        ((-2, 9), (-1, 4), EVERYTHING),
        ((None, 9), (-1, 4), EVERYTHING),
        ((None, 9), (None, 4), EVERYTHING),
        ((-9, -2), (-4, -1), EVERYTHING),
    ],
)
def test_the_bits_in_common_are_no_more_than_those_of_a_number_that_is_not_negative(first, second, expected):
    assert _found("bitand", first, second) == _found("bitand", second, first) == expected


@pytest.mark.parametrize("op", ["bitor", "bitxor"])
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 5), (0, 2), (0, 7)),
        ((1, 4), (0, 8), (0, 15)),
        ((0, 0), (0, 0), (0, 0)),
        ((-1, 4), (0, 8), EVERYTHING),
        ((None, 4), (0, 8), EVERYTHING),
        ((0, None), (0, 8), EVERYTHING),
        ((-1, None), (-1, None), EVERYTHING),
    ],
)
def test_the_bits_of_two_numbers_are_as_many_as_the_longer_one_has(op, first, second, expected):
    assert _found(op, first, second) == _found(op, second, first) == expected


def test_a_multiple_lies_between_the_multiples_of_the_ends():
    for interval, factor in itertools.product(INTERVALS, (-2, -1, 0, 1, 2)):
        assert scaled(interval, factor) == _hull(lambda value, by=factor: value * by, (interval,))


def test_what_lies_in_two_intervals_lies_between_the_nearer_ends():
    for first, second in _pairs():
        common = [value for value in range(-9, 10) if within((value, value), *_ends(first)) and _in(value, second)]
        low, high = both(first, second)
        assert common == [value for value in range(-9, 10) if _in(value, (low, high))]
    assert both((1, 2), (3, 4)) == (3, 2)
    assert both(EVERYTHING, (None, 4)) == both((None, 4), EVERYTHING) == (None, 4)


def _ends(interval: Interval) -> tuple[int, int]:
    low, high = interval
    return -9 if low is None else low, 9 if high is None else high


def _in(value: int, interval: Interval) -> bool:
    low, high = interval
    return (low is None or low <= value) and (high is None or value <= high)


@pytest.mark.parametrize("interval", INTERVALS)
def test_an_interval_lies_within_limits_if_both_ends_do(interval):
    low, high = interval
    for least, most in ((-2, 2), (0, 1), (3, 3)):
        expected = low is not None and high is not None and least <= low and high <= most
        assert within(interval, least, most) == expected


def test_more_than_two_operands_are_joined_one_by_one():
    box: dict[str, Interval] = {"x": (1, 2), "y": (-3, 4), "z": (10, None)}
    assert interval_of(apply("add", "x", "y", "z"), box) == (8, None)
    assert interval_of(apply("min", "x", "y", "z"), box) == (-3, 2)
    assert interval_of(apply("max", "x", "y", "z"), box) == (10, None)
    assert interval_of(apply("mul", "x", "y", "x"), box) == (-12, 16)


def test_what_is_no_integer_has_no_ends():
    f = Var("f", "float")
    assert interval_of(Const(2.5), {}) == EVERYTHING
    assert interval_of(Const(-7), {}) == (-7, -7)
    assert interval_of(Var("x"), {"y": (1, 2)}) == EVERYTHING
    assert interval_of(apply("trunc", f), {}) == EVERYTHING
    assert interval_of(apply("rshift", "x", "y"), {"x": (4, 4), "y": (1, 1)}) == EVERYTHING
    assert evaluate(apply("rshift", "x", "y"), {"x": 4, "y": 1}) == 2
