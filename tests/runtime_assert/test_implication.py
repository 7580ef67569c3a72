"""What guards imply is seen, and nothing is that they do not."""

from __future__ import annotations

import itertools
import random
from math import inf
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import fx

from runtime_assert import insert_with_report
from runtime_assert.implication import CASE_LIMIT, GUARD_LIMIT, bounds_of, follows
from runtime_assert.normal import Bound, Constant, Differs, Equal, Joined, relation
from runtime_assert.values import Value, ValueTable
from tests.runtime_assert.graphs import asserts, capture
from tests.runtime_assert.test_normal import COMPARISONS, grow, leaves, run

POINTS = range(-6, 9)


def condition(numbers: random.Random, table: ValueTable, pool: list[Value], depth: int = 1) -> Value:
    if depth and numbers.random() < 0.3:
        parts = (condition(numbers, table, pool, 0), condition(numbers, table, pool, 0))
        return table.get(numbers.choice(["and", "or"]), parts)
    left = grow(numbers, table, pool, numbers.choice([0, 0, 1, 2]))
    left = left if isinstance(left, Value) else pool[0]
    right: Any = numbers.randint(-3, 6) if numbers.random() < 0.7 else numbers.choice(pool)
    return table.get(numbers.choice(COMPARISONS), (left, right))


@settings(max_examples=600)
@given(st.integers(0, 2**32))
def test_what_follows_holds_wherever_the_guards_do(seed: int) -> None:
    numbers = random.Random(seed)
    table = ValueTable(-1)
    pool = leaves(table, 2)
    guards = [condition(numbers, table, pool) for _ in range(numbers.randint(0, 3))]
    wanted = condition(numbers, table, pool)
    ranges: dict[Any, Any] = {(pool[0],): (2, inf)} if numbers.random() < 0.5 else {}
    if not follows(relation(wanted), [relation(g) for g in guards], ranges):
        return
    for values in itertools.product(POINTS, repeat=2):
        point = {leaf.rank: value for leaf, value in zip(pool, values, strict=True)}
        if (not ranges or values[0] >= 2) and all(run(g, point) for g in guards):
            assert run(wanted, point), (guards, wanted, values)


# (guards, what is wanted, whether it follows), over x and y, which are 2 or more
CASES: dict[str, tuple[list[str], str, bool]] = {
    "alternatives with a common bound": (["(x == 3) | (x < 3)"], "x < 4", True),
    "alternatives without one": (["(x == 3) | (x > 7)"], "x < 8", False),
    "an edge that is excluded": (["x <= 4", "x != 4"], "x < 4", True),
    "an alternative of what is wanted": (["x >= 5"], "(x == 2) | (x >= 4)", True),
    "both parts of what is wanted": (["x == y", "y <= 6"], "(x <= 6) & (y >= 2)", True),
    "through an equality": (["x == y + 2", "y < 8"], "x <= 9", True),
    "a sum of two": (["x + y <= 5"], "x <= 3", True),
    "a minimum is no more than either": (["x <= 4"], "min(x, y) <= 4", True),
    "a maximum is one of the two": (["max(x, y) >= 9", "y <= 5"], "x >= 9", True),
    "what remains of a division": ([], "x % -3 <= 0", True),
    "a quotient": (["x // 3 >= 2"], "x >= 6", True),
    "a quotient by one": (["x // 1 >= 6"], "x * y >= 12", True),
    "a quotient by zero, which no run has": (["x // 0 >= 6"], "x >= 6", False),
    "nothing": (["y >= 4"], "x >= 3", False),
}


def value_of(table: ValueTable, names: dict[str, Value], text: str) -> Value:
    """Python code over the names, run with values that record what is done to them."""

    class Recorded:
        def __init__(self, value: Any) -> None:
            self.value = value

    def recorder(op: str, mirrored: bool = False) -> Any:
        def method(self: Recorded, other: Any) -> Recorded:
            operands = (self.value, other.value if isinstance(other, Recorded) else other)
            return Recorded(table.get(op, operands[::-1] if mirrored else operands))

        return method

    for op, name in (("le", "le"), ("lt", "lt"), ("ge", "ge"), ("gt", "gt"), ("eq", "eq"), ("ne", "ne")):
        setattr(Recorded, f"__{name}__", recorder(op))
    for op, name in (("add", "add"), ("mod", "mod"), ("floordiv", "floordiv"), ("and", "and"), ("or", "or")):
        setattr(Recorded, f"__{name}__", recorder(op))
    for op in ("sub", "mul"):
        setattr(Recorded, f"__{op}__", recorder(op))
    scope: dict[str, Any] = {name: Recorded(value) for name, value in names.items()}
    scope |= {"min": recorder("min"), "max": recorder("max")}
    found: Value = eval(text, {"__builtins__": {}}, scope).value
    return found


@pytest.mark.parametrize("name", CASES)
def test_what_is_seen_to_follow(name: str) -> None:
    guards, wanted, expected = CASES[name]
    table = ValueTable(-1)
    x, y = leaves(table, 2)
    given = [relation(value_of(table, {"x": x, "y": y}, text)) for text in guards]
    condition = relation(value_of(table, {"x": x, "y": y}, wanted))
    assert follows(condition, given, {(x,): (2, inf), (y,): (2, inf)}) is expected


# The same over w, x, y and z, of which nothing is known but what the guards say.
UNBOUNDED: dict[str, tuple[list[str], str, bool]] = {
    "the bound itself, on a sum": (["x + y <= 3"], "x + y <= 3", True),
    "a looser one": (["x + y <= 3"], "x + y <= 4", True),
    "a tighter one": (["x + y <= 3"], "x + y <= 2", False),
    "the opposite side": (["x + y <= 3"], "x + y >= 3", False),
    "the tightest of two": (["x + y <= 9", "x + y <= 3"], "x + y <= 4", True),
    "the tightest of two, the other way round": (["x + y <= 3", "x + y <= 9"], "x + y <= 4", True),
    "another sum": (["x + y <= 3"], "x - y <= 3", False),
    "an equality bounds above": (["x + y == 3"], "x + y <= 3", True),
    "an equality bounds below": (["x + y == 3"], "x + y >= 3", True),
    "an equality and no more": (["x + y == 3"], "x + y >= 4", False),
    "what differs bounds nothing": (["x != 3"], "x >= 3", False),
    "what differs differs": (["x != 3"], "x != 3", True),
    "two numbers that are left": (["x >= 2", "x <= 3"], "(x == 2) | (x == 3)", True),
    "a third number": (["x >= 2", "x <= 4"], "(x == 2) | (x == 4)", False),
    "both edges excluded": (["x >= 2", "x <= 5", "x != 2", "x != 5"], "(x >= 3) & (x <= 4)", True),
    "a sum that differs from its only value": (["x == 2", "y == 3"], "x + y == 5", True),
    "factors": (["x * 2 + y * 3 <= 12", "y >= 2"], "x <= 3", True),
    "factors, one too many": (["x * 2 + y * 3 <= 12", "y >= 2"], "x <= 2", False),
    "factors that are negative": (["y * 3 - x * 2 <= 12", "y >= 2"], "x >= 0 - 3", True),
    "factors that are negative, one too many": (["y * 3 - x * 2 <= 12", "y >= 2"], "x >= 0 - 2", False),
    "rounded to what an integer can be": (["x * 3 - y * 2 <= 10", "y <= 0"], "x <= 3", True),
    "two parts unknown": (["x + y <= 12"], "x <= 12", False),
    "two parts unknown beside a known one": (["x + y + z <= 12", "z >= 1"], "x <= 11", False),
    "sums that meet": (["x + y <= 5", "x >= 3", "y >= 3"], "z == 7", True),
    "sums that just do not meet": (["x + y <= 6", "x >= 3", "y >= 3"], "z == 7", False),
    "a chain of equalities": (["x == y", "y == z", "z == w", "w <= 3"], "x <= 3", True),
    "a chain that goes up": (["x <= y", "y <= z - 1", "z <= 3"], "x <= 2", True),
    "alternatives within both parts": (["((x == 1) & (y == 2)) | ((x == 2) & (y == 1))"], "x + y == 3", True),
    "one of alternatives": (["((x == 1) & (y == 2)) | (x == 2)"], "y == 2", False),
    "alternatives twice": (["(x == 1) | (x == 2)", "(y == 3) | (y == 4)"], "x + y <= 6", True),
    "alternatives twice, one less": (["(x == 1) | (x == 2)", "(y == 3) | (y == 4)"], "x + y <= 5", False),
    "all of what is wanted": (["x == 1"], "(x <= 1) & (x >= 1) & (x != 2)", True),
    "not all of what is wanted": (["x == 1"], "(x <= 1) & (x >= 1) & (y != 2)", False),
    "a minimum from below": (["x >= 4", "y >= 5"], "min(x, y) >= 4", True),
    "a minimum is one of the two": (["min(x, y) <= 3", "x >= 4"], "y <= 3", True),
    "a minimum in a sum": (["min(x, y) + z >= 9", "z <= 2", "x <= 7"], "y >= 7", True),
    "a minimum in a sum, one more": (["min(x, y) + z >= 9", "z <= 2", "x <= 7"], "y >= 8", False),
    "a maximum bounds both": (["max(x, y) + z <= 9", "z >= 2"], "(x <= 7) & (y <= 7)", True),
    "a maximum is no more than both": (["x <= 4", "y <= 3"], "max(x, y) <= 4", True),
    "a maximum of numbers": (["x <= 4"], "max(x, 7) == 7", True),
    "a minimum below a minimum": (["x <= 3"], "min(min(x, y), z) <= 3", True),
    "a quotient from below": (["x >= 6"], "x // 3 >= 2", True),
    "a quotient in a sum": (["x // 3 + y >= 5", "y <= 2"], "x >= 9", True),
    "a quotient in a sum, one more": (["x // 3 + y >= 5", "y <= 2"], "x >= 10", False),
    "a quotient in a sum from above": (["x // 3 + y <= 5", "y >= 2"], "x <= 11", True),
    "a quotient in a sum from above, one less": (["x // 3 + y <= 5", "y >= 2"], "x <= 10", False),
    "what a quotient is made of": (["x >= 9", "y >= 1"], "x // 3 + y >= 4", True),
    "a quotient of a minimum": (["x <= 5"], "min(x, y) // 3 + z <= z + 1", True),
    "a remainder by a constant": ([], "x % 5 + y <= y + 4", True),
    "a remainder by a constant, less": ([], "x % 5 + y <= y + 3", False),
    "a quotient by a negative number": (["x // (0 - 3) + y >= 5", "y <= 2"], "x <= 0 - 9", True),
    "a quotient by a negative number, one more": (["x // (0 - 3) + y >= 5", "y <= 2"], "x <= 0 - 10", False),
    "a minimum is no more than one operand": ([], "min(x, y) <= x", True),
    "a minimum is no more than the other": ([], "min(x, y) - y <= 0", True),
    "a minimum may be less": ([], "min(x, y) >= x", False),
    "a maximum is no less than one operand": ([], "max(x, y) >= y", True),
    "a maximum may be more": ([], "max(x, y) <= y", False),
    "a minimum that is known": (["min(x, y) == 5"], "max(x, y) >= 5", True),
    "a minimum that is known, one more": (["min(x, y) == 5"], "max(x, y) >= 6", False),
    "a maximum that is known": (["max(x, y) == 5"], "min(x, y) <= 5", True),
    "a maximum is one of the two if it is not the other": (["x < 1", "max(w, x) > w"], "min(w, y) <= 0", True),
    "a minimum is one of the two if it is not the other": (["x > 1", "min(w, x) < w"], "max(w, y) >= 2", True),
    "a quotient that is known, from below": (["x // 2 == 4"], "max(y, x) + x >= 16", True),
    "a quotient that is known, from below, one more": (["x // 2 == 4"], "max(y, x) + x >= 17", False),
    "a quotient that is known, from above": (["x // 2 == 4"], "min(y, x) + x <= 18", True),
    "a quotient that is known, from above, one less": (["x // 2 == 4"], "min(y, x) + x <= 17", False),
    "a quotient by one more": (["x // 3 == 4"], "min(y, x) + x <= 28", True),
    "a quotient of what is bounded itself": (["min(x, y) // 2 == 4"], "max(x, z) + x >= 16", True),
    "both edges of two sums": (["x >= 2", "x != 2", "y >= 2", "y != 2"], "x + y >= 6", True),
    "both upper edges of two sums": (["x <= 5", "x != 5", "y <= 5", "y != 5"], "x + y <= 8", True),
    "rounded down": (["x >= 3", "x * 3 - w <= 11", "w <= 0", "y == 3"], "x == y", True),
    "rounded up": (["x <= 4", "x * 3 - w >= 10", "w >= 0", "y == 4"], "x == y", True),
    "what gets narrower for long": (
        ["x * 11 - y * 10 >= 10", "y * 11 - x * 10 >= 10", "x >= 0", "y >= 0"],
        "z <= 5",
        False,
    ),
    "guards that cannot be met": (["x <= 3", "x >= 4"], "y == 7", True),
    "no guards": ([], "x == x", True),
}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_what_is_seen_to_follow_from_guards_alone(name: str) -> None:
    guards, wanted, expected = UNBOUNDED[name]
    table = ValueTable(-1)
    names = dict(zip("wxyz", leaves(table, 4), strict=True))
    given = [relation(value_of(table, names, text)) for text in guards]
    assert follows(relation(value_of(table, names, wanted)), given, {}) is expected


def test_a_condition_that_is_not_taken_apart_follows_from_itself_and_not_from_its_opposite() -> None:
    table = ValueTable(-1)
    graph = fx.Graph()
    first, second = (table.opaque(graph.placeholder(name), -1, "bool") for name in ("a", "b"))
    holds, fails = relation(first), relation(table.get("not", (first,)))
    assert follows(holds, [holds], {})
    assert follows(fails, [fails], {})
    assert not follows(holds, [fails], {})
    assert not follows(holds, [relation(second)], {})
    assert follows(relation(second), [holds, fails], {})
    assert not follows(holds, [], {})


def test_a_condition_that_is_never_met_implies_all_and_follows_from_nothing() -> None:
    table = ValueTable(-1)
    (x,) = leaves(table, 1)
    some = relation(table.get("le", (x, 3)))
    assert follows(some, [Constant(False)], {})
    assert follows(Constant(True), [], {})
    assert not follows(Constant(False), [some], {})
    assert not follows(some, [Constant(True)], {})


def test_the_bounds_of_a_relation_are_those_it_states() -> None:
    table = ValueTable(-1)
    x, y = leaves(table, 2)
    sum_of = (((x,), 1), ((y,), 2))
    opposite = (((x,), -1), ((y,), -2))
    assert bounds_of(Bound(sum_of, 7)) == [(sum_of, 7)]
    assert bounds_of(Equal(sum_of, 7)) == [(sum_of, 7), (opposite, -7)]
    assert bounds_of(Differs(sum_of, 7)) == []
    assert bounds_of(Constant(False)) == []


def test_as_many_guards_and_cases_as_allowed_decide() -> None:
    table = ValueTable(-1)
    x, *others = leaves(table, 8)
    wanted, stronger = relation(table.get("ge", (x, 3))), relation(table.get("ge", (x, 4)))
    assert follows(wanted, [stronger] * GUARD_LIMIT, {})
    choices = [relation(table.get("or", (table.get("le", (v, 0)), table.get("ge", (v, 2))))) for v in others]
    assert CASE_LIMIT == 2**6
    assert follows(wanted, [stronger, *choices[:6]], {})
    assert not follows(wanted, [stronger, *choices[:7]], {})
    many = [relation(table.get("eq", (x, number))) for number in range(4, 4 + CASE_LIMIT + 1)]
    assert follows(wanted, [Joined("or", frozenset(many[:CASE_LIMIT]))], {})
    assert not follows(wanted, [Joined("or", frozenset(many))], {})
    beside = relation(table.get("le", (others[0], 3)))
    for count, decided in ((CASE_LIMIT, True), (CASE_LIMIT + 1, False)):
        both = Joined("and", frozenset({Joined("or", frozenset(many[:count])), beside}))
        assert follows(wanted, [both], {}) is decided


def test_too_many_guards_or_cases_decide_nothing() -> None:
    table = ValueTable(-1)
    x, *others = leaves(table, 9)
    wanted = relation(table.get("ge", (x, 3)))
    stronger = relation(table.get("ge", (x, 4)))
    assert follows(wanted, [stronger], {})
    assert not follows(wanted, [stronger] * (GUARD_LIMIT + 1), {})
    choices = [relation(table.get("or", (table.get("le", (v, 0)), table.get("ge", (v, 2))))) for v in others]
    assert 2 ** len(choices) > CASE_LIMIT
    assert not follows(wanted, [stronger, *choices], {})


def test_a_part_of_a_check_that_the_guards_imply_case_by_case_is_not_asserted() -> None:
    """Found by the audit, in export: the sizes are 3 or less by the guard, and less than 4 by the check."""

    def program(a: torch.Tensor, x: torch.Tensor) -> Any:
        u, n = x.item(), a.shape[0]
        if (n == 3) | (n < 3):
            u = u + 1
        torch._check((n < 4) & (u >= 2))
        return u

    gm, env = capture(program, (torch.randn(3), torch.tensor([4])), ((0,), ()))
    report = insert_with_report(gm, env, "test", export=True, strict=True)
    assert len(asserts(gm)) == 1
    assert any("guards" in row.reason for row in report.having("implied"))
