"""A check of the graph and what the ShapeEnv recorded for it lend each other their words and their line."""

from __future__ import annotations

from typing import Any

import torch

from runtime_assert import insert_with_report
from tests.runtime_assert.graphs import asserts, capture

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
