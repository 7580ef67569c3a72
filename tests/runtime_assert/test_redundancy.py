"""What is dropped follows from what is kept, and what is kept is needed."""

from __future__ import annotations

import itertools
import operator
import random
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import fx

from runtime_assert import insert_with_report
from runtime_assert.claims import Claim
from runtime_assert.normal import relation
from runtime_assert.redundancy import drop_redundant
from runtime_assert.values import Value, ValueTable
from tests.runtime_assert.graphs import accepts, asserts, capture, conditions
from tests.runtime_assert.test_normal import run

POINTS = range(-4, 6)


def world(slots: bool = False) -> tuple[ValueTable, list[Value]]:
    """Three leaves; with `slots` each is made later than the one before."""
    table, graph = ValueTable(-1), fx.Graph()
    leaves = [
        table.opaque(graph.placeholder(f"x{i}"), i if slots else -1, "int", 100 if slots else 2**60) for i in range(3)
    ]
    return table, leaves


def claim(table: ValueTable, op: str, left: Any, right: Any) -> Claim:
    condition = table.get(op, (left, right))
    made = Claim("deferred", None, condition, relation(condition), slot=condition.slot)
    made.deadline = condition.slot + 1
    return made


def random_claims(numbers: random.Random, table: ValueTable, leaves: list[Value], count: int) -> list[Claim]:
    claims = []
    for _ in range(count):
        left: Any = numbers.choice(leaves)
        kind = numbers.random()
        if kind < 0.3:
            left = table.get("add", (left, numbers.choice(leaves)))
        elif kind < 0.4:
            left = table.get("mul", (2, left))
        elif kind < 0.5:
            left = table.get("floordiv", (left, 2))
        right = numbers.choice([numbers.randint(-3, 4), numbers.choice(leaves)])
        op = numbers.choice(["le", "ge", "lt", "gt", "eq", "ne", "le", "ge"])
        claims.append(claim(table, op, left, right))
        if numbers.random() < 0.2:
            other = table.get(numbers.choice(["le", "ge", "eq"]), (left, numbers.randint(-3, 4)))
            claims[-1] = claim(table, "or", claims[-1].condition, other)
    return claims


def holds(claims: list[Claim], point: dict[int, int]) -> bool:
    return all(run(c.condition, point) for c in claims)


@settings(max_examples=400)
@given(st.integers(0, 2**32), st.booleans())
def test_the_kept_claims_are_equivalent_to_all_claims(seed: int, slots: bool) -> None:
    numbers = random.Random(seed)
    table, leaves = world(slots)
    assumptions = random_claims(numbers, table, leaves, numbers.randint(0, 2))
    for assumption in assumptions:
        assumption.source, assumption.slot = "assumption", -1
    wanted = random_claims(numbers, table, leaves, numbers.randint(1, 6))
    ranges: dict[Any, Any] = {(leaves[0],): (-2, 4)} if numbers.random() < 0.5 else {}
    drop_redundant(assumptions, [], wanted, ranges)
    kept = [c for c in wanted if c.status is None]
    for values in itertools.product(POINTS, repeat=3):
        point = {leaf.rank: value for leaf, value in zip(leaves, values, strict=True)}
        if ranges and not -2 <= values[0] <= 4:
            continue
        if holds(assumptions, point):
            assert holds(kept, point) == holds(wanted, point), values


@given(st.integers(0, 2**32))
def test_premises_are_kept_or_assumed_and_not_later(seed: int) -> None:
    table, leaves = world(slots=True)
    wanted = random_claims(random.Random(seed), table, leaves, 6)
    drop_redundant([], [], wanted, {})
    for dropped in (c for c in wanted if c.status == "merged"):
        assert dropped.by is not None
        assert dropped.by.slot <= dropped.horizon


@given(st.integers(0, 2**32))
@example(659)
@example(701)
def test_what_is_dropped_is_ensured_by_the_time_it_has_to_be(seed: int) -> None:
    """Also where what it was dropped for is dropped later: found by random claims, two in 1,500."""
    numbers = random.Random(seed)
    table, leaves = world(slots=True)
    wanted = random_claims(numbers, table, leaves, numbers.randint(2, 7))
    for item in wanted:
        item.deadline = item.slot + numbers.choice([1, 1, 1, 3])
    drop_redundant([], [], wanted, {})
    for dropped in (c for c in wanted if c.status is not None):
        in_time = [c for c in wanted if c.status is None and c.slot <= dropped.horizon]
        for values in itertools.product(range(-3, 5), repeat=3):
            point = {leaf.rank: value for leaf, value in zip(leaves, values, strict=True)}
            assert not holds(in_time, point) or run(dropped.condition, point), (dropped.condition, values)


@given(st.integers(0, 2**32))
def test_deciding_again_with_the_kept_ones_present_keeps_nothing_new(seed: int) -> None:
    numbers = random.Random(seed)
    table, leaves = world()
    wanted = random_claims(numbers, table, leaves, 6)
    drop_redundant([], [], wanted, {})
    present = [Claim("check", None, c.condition, c.relation, c.slot, c.deadline) for c in wanted if c.status is None]
    again = [Claim("deferred", None, c.condition, c.relation, c.slot, c.deadline) for c in wanted]
    drop_redundant([], present, again, {})
    assert [c for c in again if c.status is None] == []


CASES: dict[str, tuple[list[tuple[str, Any, Any]], list[int]]] = {
    "the tighter of two bounds": ([("ge", 0, 2), ("ge", 0, 5), ("le", 0, 9)], [1, 2]),
    "an equality with a constant makes bounds superfluous": ([("ge", 0, 0), ("le", 0, 9), ("eq", 0, 4)], [2]),
    "a bound on both sides of an equality is needed once": ([("eq", 0, "x1"), ("ge", 0, 3), ("ge", 1, 3)], [0, 1]),
    "equalities that follow from others": ([("eq", 0, "x1"), ("eq", 1, "x2"), ("eq", 0, "x2")], [0, 1]),
    "a difference that bounds exclude": ([("ge", 0, 3), ("ne", 0, 1)], [0]),
    "a difference that bounds do not exclude": ([("ge", 0, 3), ("ne", 0, 4)], [0, 1]),
    "nothing is said twice": ([("lt", 0, 4), ("le", 0, 3), ("ne", 0, 7), ("ne", 0, 7)], [0]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_kept(name: str) -> None:
    table, leaves = world()
    stated, expected = CASES[name]
    wanted = [
        claim(table, op, leaves[left], leaves[int(right[1:])] if isinstance(right, str) else right)
        for op, left, right in stated
    ]
    drop_redundant([], [], wanted, {})
    assert [index for index, c in enumerate(wanted) if c.status is None] == expected


def test_an_equality_does_not_imply_itself_through_the_bounds_it_rewrote() -> None:
    """Found by the audit: u0 == 0 by bounds, and u0 == s0 - 3 then made s0 == 3, which gave u0 == s0 - 3."""

    def program(a: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u * 2 > -1)
        torch._check(u * 2 < 1)
        torch._check(u == a.shape[0] - 3)
        return u

    gm, env = capture(program, (torch.randn(3), torch.tensor([0])), ((0,), ()))
    insert_with_report(gm, env, "test", strict=True)
    assert accepts(gm, torch.randn(3), torch.tensor([0]))
    assert not accepts(gm, torch.randn(4), torch.tensor([0]))


def test_a_premise_that_stands_behind_a_use_does_not_count() -> None:
    """u0 >= 3 follows from u0 >= u1 + 3 and u1 >= 0, but zeros(u0) runs before u1 is there."""

    def late(x: torch.Tensor) -> Any:
        first = x[0].item()
        torch._check(first >= 0)
        z = torch.zeros(first)  # type: ignore[call-overload]
        second = x[1].item()
        torch._check(second >= 0)
        torch._check(first >= second + 3)
        return z

    gm, env = capture(late, (torch.tensor([7, 2]),), ((),))
    insert_with_report(gm, env, "test", strict=True)
    first = asserts(gm)[0]
    order = list(gm.graph.nodes)
    zeros = next(n for n in order if n.target is torch.ops.aten.zeros.default)
    assert order.index(first) < order.index(zeros)
    assert conditions(gm)[0] == "(_local_scalar_dense >= 3)"


def test_what_backed_ranges_ensure_is_not_asserted() -> None:
    """The sum of two sizes is at least 4, because each is at least 2."""

    def total(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(a.shape[0] + b.shape[0] == u)
        return u

    gm, env = capture(total, (torch.randn(3), torch.randn(4), torch.tensor([7])), ((0,), (0,), ()))
    report = insert_with_report(gm, env, "test", strict=True)
    assert len(asserts(gm)) == 1
    (implied,) = report.having("implied")
    assert implied.premises == (asserts(gm)[0].name,)


def test_what_guards_ensure_is_not_asserted_again() -> None:
    def guarded(a: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u <= a.shape[0])
        torch._check(a.shape[0] <= 64)
        torch._check(u <= 64)
        return u

    gm, env = capture(guarded, (torch.randn(8), torch.tensor([7])), ((0,), ()))
    insert_with_report(gm, env, "test", strict=True)
    assert len([n for n in asserts(gm) if operator.le is n.args[0].target]) == 1  # type: ignore[union-attr]


def test_what_all_alternatives_of_a_guard_ensure_is_not_asserted() -> None:
    """Found by the audit: behind the guard `s0 == 3 or s0 < 3`, s0 < 4 needs no assert, and s0 < 3 does."""
    table, (x, *_) = world()
    guard = claim(table, "or", table.get("eq", (x, 3)), table.get("lt", (x, 3)))
    guard.source, guard.slot = "assumption", -1
    wanted = [claim(table, "lt", x, 4), claim(table, "lt", x, 3)]
    drop_redundant([guard], [], wanted, {})
    assert [c.status for c in wanted] == ["implied", None]
    drop_redundant([guard], [], alone := [claim(table, "lt", x, 4)], {})
    assert alone[0].status == "implied"


@pytest.mark.parametrize("spelling", ["odd", "not even", "a half is left"])
def test_a_part_of_a_conjunction_that_a_guard_says_in_other_words_is_not_asserted(spelling: str) -> None:
    def guarded(a: torch.Tensor, x: torch.Tensor) -> Any:
        u, n = x.item(), a.shape[0]
        if {"odd": n % 2 == 1, "not even": n % 2 != 0, "a half is left": n % 2 >= 1}[spelling]:
            u = u + 1
        torch._check((n % 2 == 1) & (u <= 5))
        return u

    gm, env = capture(guarded, (torch.randn(5), torch.tensor([3])), ((0,), ()))
    insert_with_report(gm, env, "test", strict=True)
    assert [node.args[0].target for node in asserts(gm)] == [operator.le]  # type: ignore[union-attr]


def test_an_equality_that_two_checks_of_the_users_squeeze_is_not_asserted_beside_them() -> None:
    table, (x, *_) = world()
    below, above = claim(table, "le", x, 0), claim(table, "ge", x, 0)
    below.source = above.source = "check"
    equal = claim(table, "eq", x, 0)
    drop_redundant([], [below, above], [equal], {})
    assert (equal.status, equal.premises) == ("implied", [below, above])
    assert below.status is None
    assert above.status is None


def test_one_bound_does_not_imply_an_equality() -> None:
    table, (x, *_) = world()
    below, equal = claim(table, "le", x, 0), claim(table, "eq", x, 0)
    below.source = "check"
    drop_redundant([], [below], [equal], {})
    assert equal.status is None


def test_an_equality_that_the_ranges_of_the_inputs_decide_is_not_asserted() -> None:
    table, (x, *_) = world()
    least, other = table.get("min", (x, 2)), table.get("min", (x, 3))
    decided, open_ = claim(table, "eq", least, 2), claim(table, "eq", other, 3)
    drop_redundant([], [], [decided, open_], {(x,): (2, float("inf"))})
    assert decided.status == "implied"
    assert open_.status is None


def bounded_by_each_other(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    u = x.item()
    torch._check(u <= 0)
    torch._check(u == a.shape[0] - 3)
    return a + u


@pytest.mark.parametrize("export", [False, True])
def test_a_range_of_an_input_that_only_the_checks_make_is_no_assumption(export: bool) -> None:
    """The ShapeEnv concludes from the two checks that the input has at most 3 rows; no guard says so."""
    gm, env = capture(bounded_by_each_other, (torch.ones(3), torch.tensor([0])), ((0,), ()))
    assert not env.guards
    insert_with_report(gm, env, "test", export=export, strict=True)
    assert accepts(gm, torch.ones(3), torch.tensor([0]))
    assert accepts(gm, torch.ones(2), torch.tensor([-1]))
    assert not accepts(gm, torch.ones(4), torch.tensor([1]))


def test_a_check_beside_a_call_without_a_trace_keeps_its_line() -> None:
    """make_fx keeps no trace of ``sym_constrain_range``; the check of the same bound knows its line."""

    def program(x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u >= 0)
        torch.sym_constrain_range(u, min=0, max=2)
        return u

    gm, env = capture(program, (torch.tensor([1]),), ((),))
    insert_with_report(gm, env, "graph")
    messages = [str(node.args[1]) for node in gm.graph.nodes if "assert_scalar" in str(node.target)]
    (lower,) = [message for message in messages if ">= 0" in message]
    assert "test_redundancy.py" in lower
