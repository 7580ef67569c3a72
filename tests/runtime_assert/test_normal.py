"""Normal forms and intervals are true of the values they describe, and equal facts get equal forms."""

from __future__ import annotations

import itertools
import operator
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import fx

from runtime_assert.equalities import Equalities
from runtime_assert.intervals import interval
from runtime_assert.normal import (
    Bound,
    Constant,
    Equal,
    Holds,
    Joined,
    Relation,
    relation,
)
from runtime_assert.operators import WRITTEN
from runtime_assert.polynomials import ONE, Monomial, Polynomial, polynomial
from runtime_assert.values import Argument, Value, ValueTable

OPERATORS = ("add", "sub", "mul", "neg", "floordiv", "mod", "min", "max", "abs", "sum")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


def leaves(table: ValueTable, count: int = 3) -> list[Value]:
    graph = fx.Graph()
    return [table.opaque(graph.placeholder(f"x{i}"), -1, "int") for i in range(count)]


def grow(numbers: random.Random, table: ValueTable, pool: list[Value], depth: int) -> Argument:
    """A random value over `pool`; divisors are constants that are not zero."""
    if depth == 0 or numbers.random() < 0.25:
        return numbers.choice([*pool, *pool, numbers.randint(-4, 4)])
    op = numbers.choice(OPERATORS)
    if op in ("neg", "abs"):
        args: tuple[Argument, ...] = (grow(numbers, table, pool, depth - 1),)
    elif op in ("floordiv", "mod"):
        args = (grow(numbers, table, pool, depth - 1), numbers.choice([-3, -2, 2, 3, 4]))
    elif op == "sum":
        args = tuple(grow(numbers, table, pool, depth - 1) for _ in range(3))
    else:
        args = (grow(numbers, table, pool, depth - 1), grow(numbers, table, pool, depth - 1))
    if not any(isinstance(a, Value) for a in args):
        return pool[0]
    return table.get(op, args)


def run(value: Argument, known: dict[int, int]) -> Any:
    if not isinstance(value, Value):
        return value
    if value.rank in known:
        return known[value.rank]
    args = [run(a, known) for a in value.args]
    return sum(args) if value.op == "sum" else WRITTEN[value.op][0](*args)


def weigh(poly: Polynomial, known: dict[int, int]) -> int:
    total = 0
    for monomial, coefficient in poly.items():
        part = coefficient
        for atom in monomial:
            part *= run(atom, known)
        total += part
    return total


def truth(found: Relation, known: dict[int, int]) -> bool:
    if isinstance(found, Constant):
        return found.truth
    if isinstance(found, Joined):
        return (all if found.op == "and" else any)(truth(part, known) for part in found.parts)
    if isinstance(found, Holds):
        return bool(run(found.value, known)) == found.positive
    left = weigh(dict(found.terms), known)
    if isinstance(found, Bound):
        return left <= found.limit
    return (left == found.value) == isinstance(found, Equal)


@given(st.integers(0, 2**32), st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_a_polynomial_has_the_value_it_was_made_from(seed: int, points: list[int]) -> None:
    table = ValueTable(-1)
    pool = leaves(table)
    value = grow(random.Random(seed), table, pool, 4)
    known = {leaf.rank: point for leaf, point in zip(pool, points, strict=True)}
    assert weigh(polynomial(value), known) == run(value, known)


@given(st.integers(0, 2**32), st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_a_relation_is_true_where_its_condition_is(seed: int, points: list[int]) -> None:
    numbers, table = random.Random(seed), ValueTable(-1)
    pool = leaves(table)
    sides = (grow(numbers, table, pool, 3), grow(numbers, table, pool, 3))
    if not any(isinstance(a, Value) for a in sides):
        return
    condition: Argument = table.get(numbers.choice(COMPARISONS), sides)
    if numbers.random() < 0.3:
        condition = table.get("not", (condition,))
    known = {leaf.rank: point for leaf, point in zip(pool, points, strict=True)}
    expected = run(condition.args[0], known) if condition.op == "not" else run(condition, known)
    assert truth(relation(condition), known) == (bool(expected) != (condition.op == "not"))


@pytest.mark.parametrize("op", ["floordiv", "mod"])
@pytest.mark.parametrize("divisor", [-3, -2, -1, 1, 2, 3])
def test_bounds_on_a_division_alone_are_rewritten_exactly(op: str, divisor: int) -> None:
    """x // 2 <= 0 becomes x <= 1, x % 2 != 0 becomes x % 2 == 1: for all signs, at every point."""
    for factor, shift, comparison in itertools.product((-2, 1), (-3, 0, 2), COMPARISONS):
        for limit in range(-4, 5):
            table = ValueTable(-1)
            (x,) = leaves(table, 1)
            scaled = table.get("mul", (factor, table.get(op, (x, divisor))))
            condition = table.get(comparison, (table.get("add", (scaled, shift)), limit))
            found = relation(condition)
            for point in range(-7, 8):
                known = {x.rank: point}
                assert truth(found, known) == run(condition, known), (condition, point, found)


def test_a_bound_on_a_quotient_is_the_bound_that_a_range_states() -> None:
    table = ValueTable(-1)
    (x,) = leaves(table, 1)
    half, rest = table.get("floordiv", (x, 2)), table.get("mod", (x, 2))
    assert relation(table.get("le", (half, 0))) == relation(table.get("le", (x, 1)))
    assert relation(table.get("ge", (half, 3))) == relation(table.get("ge", (x, 6)))
    assert relation(table.get("ne", (rest, 0))) == relation(table.get("eq", (rest, 1)))
    assert relation(table.get("ge", (rest, 1))) == relation(table.get("eq", (rest, 1)))
    assert relation(table.get("not", (table.get("ne", (rest, 0)),))) == relation(table.get("eq", (rest, 0)))


@given(st.integers(0, 2**32), st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_an_interval_holds_the_value(seed: int, points: list[int]) -> None:
    numbers, table = random.Random(seed), ValueTable(-1)
    pool = leaves(table)
    value = grow(numbers, table, pool, 4)
    known = {leaf.rank: point for leaf, point in zip(pool, points, strict=True)}
    width: dict[Monomial, tuple[float, float]] = {
        (leaf,): (point - numbers.randint(0, 3), point + numbers.randint(0, 3))
        for leaf, point in zip(pool, points, strict=True)
    }

    def facts(monomial: Monomial) -> tuple[float, float]:
        return width.get(monomial, (float("-inf"), float("inf")))

    low, high = interval(polynomial(value), facts)
    assert low <= run(value, known) <= high


@pytest.mark.parametrize("divisor", [2, 3, -4])
def test_both_ways_to_ask_for_divisibility_read_the_same(divisor: int) -> None:
    table = ValueTable(-1)
    x = leaves(table, 1)[0]
    remainder = table.get("eq", (table.get("mod", (x, divisor)), 0))
    product = table.get("mul", (divisor, table.get("floordiv", (x, divisor))))
    assert relation(remainder) == relation(table.get("eq", (x, product)))


def test_spellings_of_one_bound_read_the_same() -> None:
    table = ValueTable(-1)
    x, y = leaves(table, 2)
    strict = table.get("lt", (table.get("sub", (x, y)), 3))
    loose = table.get("ge", (table.get("add", (y, 2)), x))
    doubled = table.get("le", (table.get("mul", (2, table.get("sub", (x, y)))), 5))
    assert relation(strict) == relation(loose) == relation(doubled)


def test_a_common_factor_is_taken_out_before_a_division_is_opened() -> None:
    """2 * (x // 2) != -1 holds for all x, and with other terms it is the condition without the factor."""
    table = ValueTable(-1)
    x, y = leaves(table, 2)
    half = table.get("floordiv", (x, 2))
    even = table.get("mul", (half, 2))
    assert relation(table.get("ne", (even, -1))) == Constant(True)
    doubled = table.get("ne", (table.get("add", (even, table.get("mul", (2, y)))), 4))
    assert relation(doubled) == relation(table.get("ne", (table.get("add", (half, y)), 2)))


def test_arguments_of_other_operators_are_compared_by_their_normal_form() -> None:
    table = ValueTable(-1)
    x = leaves(table, 1)[0]
    one = table.get("floordiv", (table.get("add", (x, x)), 3))
    two = table.get("floordiv", (table.get("mul", (2, x)), 3))
    assert polynomial(one) == polynomial(two)


def test_floats_are_not_rearranged() -> None:
    table, graph = ValueTable(-1), fx.Graph()
    x = table.opaque(graph.placeholder("x"), -1, "float")
    y = table.opaque(graph.placeholder("y"), -1, "float")
    difference = table.get("le", (table.get("sub", (x, y)), 2.0))
    moved = table.get("le", (x, table.get("add", (y, 2.0))))
    assert isinstance(relation(difference), Holds)
    assert relation(difference) != relation(moved)


def test_the_negation_of_a_float_comparison_is_not_the_opposite_comparison() -> None:
    """Both are false for NaN."""
    table, graph = ValueTable(-1), fx.Graph()
    x = table.opaque(graph.placeholder("x"), -1, "float")
    below, above = table.get("lt", (x, 1.0)), table.get("ge", (x, 1.0))
    assert relation(table.get("not", (below,))) != relation(above)


def test_an_equality_without_a_whole_solution_is_false() -> None:
    table = ValueTable(-1)
    x = leaves(table, 1)[0]
    assert relation(table.get("eq", (table.get("mul", (2, x)), 3))) == Constant(False)
    assert relation(table.get("ne", (table.get("mul", (2, x)), 3))) == Constant(True)


def test_a_long_chain_needs_no_deep_stack() -> None:
    table = ValueTable(-1)
    pool = leaves(table, 50)
    total: Value = pool[0]
    for index in range(20_000):
        total = table.get("add", (total, pool[index % 50]))
    assert sum(polynomial(total).values()) == 20_001


@given(st.integers(0, 2**32))
def test_what_equalities_determine_is_eliminated(seed: int) -> None:
    numbers, table = random.Random(seed), ValueTable(-1)
    pool = leaves(table, 4)
    known = {leaf.rank: numbers.randint(-5, 5) for leaf in pool}
    system, rows = Equalities(), []
    for _ in range(3):
        poly: dict[Monomial, int] = {(leaf,): numbers.randint(-2, 2) for leaf in pool}
        poly = {m: c for m, c in poly.items() if c}
        rest = -weigh(poly, known)
        if rest:
            poly[ONE] = rest
        system.add(poly, None)
        rows.append(poly)
    combined: dict[Monomial, int] = {}
    for poly in rows:
        factor = numbers.randint(-3, 3)
        for monomial, coefficient in poly.items():
            combined[monomial] = combined.get(monomial, 0) + factor * coefficient
    rest_of, _ = system.reduce({m: c for m, c in combined.items() if c})
    assert rest_of == {}
    probe: dict[Monomial, int] = {(pool[0],): 2, (pool[3],): -1}
    reduced, _ = system.reduce(probe)
    value = sum(c * (1 if m == ONE else known[m[0].rank]) for m, c in reduced.items())
    assert value == weigh(probe, known)


def test_operators_of_the_table_are_the_ones_python_has() -> None:
    assert WRITTEN["floordiv"][0] is operator.floordiv
    assert WRITTEN["mod"][0](-7, 2) == 1


def _joined_conditions(table: ValueTable) -> list[tuple[Any, Any]]:
    """Pairs of conditions that say the same in different words."""
    x, y = leaves(table, 2)
    less, other = table.get("lt", (x, y)), table.get("gt", (y, x))
    doubled = table.get("lt", (table.get("mul", (2, x)), 7))
    bound = table.get("le", (x, 3))
    return [
        (table.get("and", (less, other)), less),
        (table.get("or", (less, doubled)), table.get("or", (bound, other))),
        (
            table.get("not", (table.get("and", (less, doubled)),)),
            table.get("or", (table.get("gt", (x, 3)), table.get("ge", (x, y)))),
        ),
        (table.get("and", (table.get("and", (less, bound)), doubled)), table.get("and", (bound, other))),
    ]


def test_connectives_of_the_same_conditions_have_one_normal_form() -> None:
    for first, second in _joined_conditions(ValueTable(0)):
        assert relation(first) == relation(second)


@given(st.integers(0, 2**32), st.lists(st.integers(-4, 4), min_size=3, max_size=3))
def test_a_joined_relation_is_true_where_its_condition_is(seed: int, points: list[int]) -> None:
    numbers, table = random.Random(seed), ValueTable(-1)
    pool = leaves(table)
    known = {leaf.rank: point for leaf, point in zip(pool, points, strict=True)}

    def condition(depth: int) -> tuple[Argument, bool]:
        if not depth:
            left, right = numbers.choice(pool), numbers.choice([*pool, numbers.randint(-3, 3)])
            found = table.get(numbers.choice(COMPARISONS), (left, right))
            return found, bool(run(found, known))
        if numbers.random() < 0.3:
            inner, value = condition(depth - 1)
            return table.get("not", (inner,)), not value
        (first, one), (second, two) = condition(depth - 1), condition(depth - 1)
        op = numbers.choice(("and", "or"))
        return table.get(op, (first, second)), (one and two) if op == "and" else (one or two)

    found, expected = condition(3)
    assert truth(relation(found), known) == expected


def test_and_is_not_or() -> None:
    table = ValueTable(0)
    x, y = leaves(table, 2)
    parts = (table.get("lt", (x, y)), table.get("ne", (x, 3)))
    assert relation(table.get("and", parts)) != relation(table.get("or", parts))


@pytest.mark.parametrize("op", COMPARISONS)
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("as_float", [False, True])
@pytest.mark.parametrize("limit", [0.5, -2.0, 3.0, 6.000000001, -8.000000001, 2.0**53 - 1, 2.0**53, -(2.0**53), 1e300])
def test_an_integer_beside_a_constant_float_is_compared_as_an_integer(
    op: str, flipped: bool, as_float: bool, limit: float
) -> None:
    """As exactly as Python compares them, also where the integer was made a float before and rounds."""
    table = ValueTable(-1)
    (leaf,) = leaves(table, 1)
    value = table.get("float", (leaf,)) if as_float else leaf
    found = relation(table.get(op, (limit, value) if flipped else (value, limit), "bool"))
    assert isinstance(found, Holds) == (abs(limit) >= 2**53)
    near = [int(limit) + step for step in (-2, -1, 0, 1, 2)] if abs(limit) < 1e20 else []
    for number in (*near, 0, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)):
        seen = float(number) if as_float else number
        exact = getattr(operator, op)(*((limit, seen) if flipped else (seen, limit)))
        assert truth(found, {leaf.rank: number}) == exact


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), -float("inf")])
def test_a_comparison_with_no_finite_float_is_left_alone(limit: float) -> None:
    table = ValueTable(-1)
    (leaf,) = leaves(table, 1)
    assert isinstance(relation(table.get("le", (leaf, limit), "bool")), Holds)
