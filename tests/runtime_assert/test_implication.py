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

from runtime_assert import insert_with_report
from runtime_assert.implication import CASE_LIMIT, GUARD_LIMIT, follows
from runtime_assert.normal import relation
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
