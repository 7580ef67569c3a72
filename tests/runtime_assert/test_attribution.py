"""A check of the graph and what the ShapeEnv recorded for it lend each other their words and their line."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import sympy
import torch
from torch.fx.experimental.symbolic_shapes import RuntimeAssert
from torch.utils._traceback import CapturedTraceback

from runtime_assert import insert_with_report
from runtime_assert._torch_api import canonical, raw_expr
from runtime_assert.attribution import attribute
from runtime_assert.claims import Claim, Source, Status
from tests.runtime_assert.graphs import ASSERT, GraphBuilder, asserts, capture

WORDS = "the size does not fit"
assert_scalar: Any = getattr(torch, "_assert_scalar")  # noqa: B009


def rewritten(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    u = x.item()
    assert_scalar((u == a.shape[0] + 2) | (u < 3) & (u > 1), WORDS)
    return a + u


def both_branches_alike(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    u = x.item()
    assert_scalar(torch.sym_ite(u <= a.shape[0], u, u) + u <= 1, WORDS)
    return a + u


def bound_on_a_length(m: torch.Tensor) -> torch.Tensor:
    u = m.nonzero().shape[0]
    assert_scalar(u <= 2, WORDS)
    return m + 1


def sum_that_cancels(m: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    n = m.nonzero().shape[0]
    rows = torch.zeros(n)
    u = x.item()
    assert_scalar(u + n != u + 6, WORDS)
    return rows


def test_an_assert_that_one_has_to_come_before_gives_way_to_it_and_lends_it_its_words() -> None:
    """The size has to be checked before its use; the item, on which the condition seems to depend, is read later."""
    gm, env = capture(sum_that_cancels, (torch.ones(8, dtype=torch.bool), torch.tensor([7])), ((), ()))
    insert_with_report(gm, env, "test", strict=True)
    said = [str(node.args[1]) for node in asserts(gm)]
    assert [WORDS in text for text in said].count(True) == 1
    insert_with_report(gm, env, "test", strict=True)
    assert [str(node.args[1]) for node in asserts(gm)] == said


def test_a_condition_that_the_shape_env_rewrote_still_fails_with_the_users_words() -> None:
    gm, env = capture(rewritten, (torch.ones(5), torch.tensor([7])), ((0,), ()))
    insert_with_report(gm, env, "test", strict=True)
    assert asserts(gm)
    assert all(WORDS in str(node.args[1]) for node in asserts(gm))


def test_a_choice_between_equal_values_is_that_value_so_that_the_check_is_not_asserted_twice() -> None:
    gm, env = capture(both_branches_alike, (torch.ones(5), torch.tensor([0])), ((0,), ()))
    insert_with_report(gm, env, "test", strict=True)
    assert [node.args[1] for node in asserts(gm)] == [WORDS]


def test_a_check_without_a_trace_takes_the_line_that_was_recorded_with_its_condition() -> None:
    """make_fx keeps no stack traces of nodes; the ShapeEnv knows where the condition was checked."""
    gm, env = capture(bound_on_a_length, (torch.tensor([True, True, False]),), ((),))
    insert_with_report(gm, env, "test", strict=True)
    (check,) = [node for node in asserts(gm) if node.args[1] == WORDS]
    assert "test_attribution.py" in check.meta["stack_trace"]
    assert "assert_scalar(u <= 2, WORDS)" in check.meta["stack_trace"]


class Checks:
    """A graph that asserts conditions on two items, and what the ShapeEnv may have recorded for them."""

    def __init__(self) -> None:
        self.made = GraphBuilder()
        source = self.made.tensor("x", 1)
        self.values = (self.made.unbacked(), self.made.unbacked())
        self.nodes = [self.made.call(torch.ops.aten.item.default, (source,), value) for value in self.values]

    def present(self, bound: int, traced: object = None, which: int = 0) -> Claim:
        """An assert of the graph that an item is at least `bound`."""
        value = self.values[which] >= bound if traced is None else traced
        condition = self.made.call(operator.ge, (self.nodes[which], bound), value)
        return Claim("check", None, node=self.made.call(ASSERT, (condition, WORDS), None))

    def wanted(self, bound: int, which: int = 0, status: Status | None = None, by: Claim | None = None) -> Claim:
        """An obligation that an item is at least `bound`, as the ShapeEnv recorded it."""
        expr: Any = canonical(sympy.Ge(raw_expr(self.values[which]), bound))  # type: ignore[arg-type]
        recorded = RuntimeAssert(expr, "", CapturedTraceback.extract())
        return Claim("deferred", expr, assertion=recorded, status=status, by=by)


def test_an_obligation_knows_the_check_that_it_was_recorded_for_and_the_check_knows_what_was_recorded() -> None:
    checks = Checks()
    present = [checks.present(3), checks.present(4), checks.present(3, which=1)]
    wanted = [checks.wanted(4), checks.wanted(3, which=1), checks.wanted(9), checks.wanted(3), checks.wanted(3)]
    attribute(present, wanted)
    assert [claim.check for claim in wanted] == [present[1], present[2], None, present[0], present[0]]
    assert [claim.assertion for claim in present] == [wanted[n].assertion for n in (3, 0, 1)]


def test_what_was_recorded_is_also_found_by_what_the_condition_was_found_equal_to() -> None:
    checks = Checks()
    first, second = map(raw_expr, checks.values)
    checks.made.env.replacements[first] = second  # type: ignore[index,assignment]
    present, wanted = checks.present(3), checks.wanted(3, which=1)
    attribute([present], [wanted])
    assert (wanted.check, present.assertion) == (present, wanted.assertion)


def test_checks_of_which_nothing_can_be_said_are_passed_over() -> None:
    """One of a constant, and one whose condition was not traced as a symbolic value."""
    checks = Checks()
    constant = Claim("check", None, node=checks.made.call(ASSERT, (True, WORDS), None))
    untraced, present, wanted = checks.present(3, True), checks.present(3), checks.wanted(3)
    attribute([constant, untraced, present], [wanted])
    assert wanted.check is present
    assert constant.assertion is untraced.assertion is None


def test_an_obligation_that_nothing_was_recorded_for_is_passed_over() -> None:
    checks = Checks()
    derived: Claim = Claim("range", None)
    present, wanted = checks.present(3), checks.wanted(3)
    attribute([present], [derived, wanted])
    assert (derived.check, wanted.check) == (None, present)


def test_a_check_keeps_what_it_was_told_first() -> None:
    checks = Checks()
    present, first, second = checks.present(3), checks.wanted(3), checks.wanted(3)
    attribute([present], [first, second])
    assert present.assertion is first.assertion
    assert second.check is present


@pytest.mark.parametrize("through", [0, 1, 2])
def test_a_check_that_an_obligation_was_merged_with_has_what_was_recorded(through: int) -> None:
    checks = Checks()
    carrier = present = checks.present(3)
    for _ in range(through):
        carrier = checks.wanted(5, status="merged", by=carrier)
        carrier.assertion = None
    wanted = checks.wanted(4, status="merged", by=carrier)
    attribute([present], [wanted])
    assert present.assertion is wanted.assertion
    assert wanted.check is None


@pytest.mark.parametrize(("source", "status"), [("check", "implied"), ("deferred", "merged"), ("range", "merged")])
def test_only_a_check_that_says_the_same_has_what_was_recorded(source: Source, status: Status) -> None:
    checks = Checks()
    carrier = Claim(source, None)
    attribute([checks.present(3)], [checks.wanted(4, status=status, by=carrier)])
    assert carrier.assertion is None


def test_without_checks_in_the_graph_nothing_is_handed_on() -> None:
    checks = Checks()
    carrier = checks.present(3)
    attribute([], [checks.wanted(4, status="merged", by=carrier)])
    assert carrier.assertion is None
