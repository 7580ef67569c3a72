"""The parts of a conjunction are judged one by one, and asserted together where that is not late."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from runtime_assert import insert_with_report
from tests.runtime_assert.graphs import accepts, asserts, aten, capture, conditions, expression

X = torch.tensor([3, 7])


def test_a_part_that_a_bound_implies_is_left_out() -> None:
    def program(x: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check((u != 10) & (u <= 5))
        return u

    gm, env = capture(program, (X,), ((),))
    insert_with_report(gm, env, "test", strict=True)
    assert conditions(gm) == ["(_local_scalar_dense <= 5)"]


def test_parts_that_are_needed_share_one_assert() -> None:
    def program(x: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check((u != 4) & (u % 2 == 1))
        return u

    gm, env = capture(program, (X,), ((),))
    insert_with_report(gm, env, "test", strict=True)
    assert len(asserts(gm)) == 1
    accepted = [n for n in range(8) if accepts(gm, torch.tensor([n, 0]))]
    assert accepted == [1, 3, 5, 7]


@pytest.mark.parametrize("export", [False, True])
def test_a_part_that_can_be_checked_earlier_is(export: bool) -> None:
    def program(x: torch.Tensor) -> Any:
        u = x[0].item()
        z = torch.zeros(u)  # type: ignore[call-overload]
        v = x[1].item()
        torch._check((u % 3 == 0) & (v >= u))
        return z

    gm, env = capture(program, (X,), ((),))
    insert_with_report(gm, env, "test", export, strict=True)
    order = [node.target for node in gm.graph.nodes]
    first = order.index(aten._assert_scalar.default)
    remainder = next(i for i, n in enumerate(gm.graph.nodes) if "mod" in n.name)
    assert first < order.index(aten.zeros.default)
    assert remainder < order.index(aten.zeros.default)
    assert [accepts(gm, torch.tensor(x)) for x in ([3, 3], [4, 9], [3, 2])] == [True, False, False]
    text = str(gm.graph)
    insert_with_report(gm, env, "test", export, strict=True)
    assert str(gm.graph) == text


def test_every_part_has_a_row() -> None:
    def program(x: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check((u != 4) & (u % 2 == 1))
        return u

    gm, env = capture(program, (X,), ((),))
    report = insert_with_report(gm, env, "test", strict=True)
    rows = [row for row in report if row.source == "deferred"]
    assert {row.node for row in rows} == {asserts(gm)[0].name}
    assert sorted(row.outcome for row in rows) == ["emitted", "merged"]


def test_a_part_that_can_wait_shares_the_assert_of_the_part_that_is_known_last() -> None:
    """As many asserts as torch's own pass has: one for one check."""

    def program(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check((a.shape[0] != b.shape[0]) & (b.shape[0] < u))
        return x + u

    args = (torch.ones(4), torch.ones(5), torch.tensor([7]))
    gm, env = capture(program, args, ((0,), (0,), ()), env=ShapeEnv(prefer_deferred_runtime_asserts_over_guards=True))
    insert_with_report(gm, env, "test", strict=True)
    assert len(asserts(gm)) == 1
    assert accepts(gm, *args)
    assert not accepts(gm, torch.ones(5), torch.ones(5), torch.tensor([7]))
    assert not accepts(gm, torch.ones(4), torch.ones(5), torch.tensor([5]))


def test_a_part_does_not_wait_where_a_weaker_condition_was_dropped_for_its_sake() -> None:
    """u <= 5 stands for the check u <= 9, which is due before `zeros(u)`; so it cannot wait for v."""

    def program(x: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check(u >= 0)
        torch._check(u <= 9)
        z = torch.zeros(u)  # type: ignore[call-overload]
        v = x[1].item()
        torch._check((u <= 5) & (v >= u))
        return z

    gm, env = capture(program, (X,), ((),))
    insert_with_report(gm, env, "test", strict=True)
    order = [node.target for node in gm.graph.nodes]
    first = [i for i, target in enumerate(order) if target is aten._assert_scalar.default]
    assert len([i for i in first if i < order.index(aten.zeros.default)]) == 2
    assert [accepts(gm, torch.tensor(x)) for x in ([5, 5], [6, 7], [3, 2])] == [True, False, False]


def test_an_equality_that_another_was_reduced_by_does_not_wait_for_the_rest_of_its_conjunction() -> None:
    """The check of `a` follows from that of `b` and `m == n`, and so all three are asserted before `zeros` runs."""

    def program(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> Any:
        m, n, u = a.shape[0], b.shape[0], x[0].item()
        torch._check(n + 1 == 2 * u)
        torch._check(m + 1 == 2 * u)
        z = torch.zeros(u)  # type: ignore[call-overload]
        v = x[1].item()
        torch._check((m + 0 == n) & (v >= 3))
        return z

    gm, env = capture(program, (torch.ones(5), torch.ones(5), torch.tensor([3, 7])), ((0,), (0,), ()))
    report = insert_with_report(gm, env, "test", strict=True)
    order = list(gm.graph.nodes)
    zeros = next(n for n in order if n.target is aten.zeros.default)
    early = [node for node in asserts(gm) if order.index(node) < order.index(zeros)]
    assert [expression(node.args[0]) for node in early] == [
        "(a_1.size(0) == b_1.size(0))",
        "((b_1.size(0) + 1) == (2 * _local_scalar_dense))",
    ]
    first, second = early
    (row,) = [r for r in report.having("implied") if "a.shape[0] + 1" in r.condition]
    assert row.premises == (second.name, first.name)
