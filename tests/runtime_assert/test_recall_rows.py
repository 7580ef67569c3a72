"""Where each public fault of torch's pass is tested on this one: numbers of pytorch/pytorch issues and pulls → tests.

Rows about solvers (102563, 104654, 106644) are no business of a pass. A name after the colon is a vector of
test_recall.py or a test; a row whose test is gone fails here.
"""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch

from runtime_assert import installed
from tests.runtime_assert.test_recall import VECTORS

ROWS: dict[str, list[str]] = {
    "113952": ["vector:113952: a one-symbol bound", "test_insertion:a_second_run_changes_nothing_in_either_flavour"],
    "119689, 121079": [
        "vector:119689: an item that equals a constant",
        "vector:119689: an item that equals a size",
        "vector:119689: two items that are equal",
        "vector:119689: an item that equals a sum of sizes",
        "test_recall:a_replaced_symbol_is_never_compared_with_itself",
    ],
    "131051, 141248": ["vector:131051: a product of sizes that equals a size"],
    "153650": ["test_recall:an_input_that_was_specialised_away_is_not_missed"],
    "151879, 152231": [
        "vector:151879: unbacked inputs alone",
        "test_bindings:unbacked_input_sizes_count_as_bound",
    ],
    "151127": ["vector:151127: an item that differs from a constant"],
    "182703, 184608": [
        "test_checks:both_of_two_equal_checks_of_the_user_are_kept",
        "test_redundancy:an_equality_that_two_checks_of_the_users_squeeze_is_not_asserted_beside_them",
    ],
    "151500, 185692": ["test_bindings:float_symbols_are_bound_and_their_bounds_kept_exact"],
    "185588": ["vector:185588: an assert over input sizes alone"],
    "150539, 152125": ["vector:150539: an item against a size, then a slice"],
    "165893, 158366": [
        "test_subgraphs:a_check_in_a_cond_branch_binds_only_those_who_take_it",
        "test_subgraphs:checks_in_loop_bodies_are_kept",
    ],
    "132457": ["vector:132457: an expression that torch does not lower"],
    "150103": ["vector:150103, 131324: sizes that an operator makes equal, one of them bounded"],
    "165912": ["test_subgraphs:a_check_in_a_cond_branch_binds_only_those_who_take_it"],
    "181097": ["vector:181097: a derived size, with 1 for what it is derived from"],
    "161276": ["vector:161276: a sum of split sizes stays a sum"],
    "133627, 127396": ["vector:127396: no upper bound is no bound"],
    "138136, 124310": [
        "test_bindings:a_divisor_may_be_symbolic",
        "test_bindings:a_size_that_a_divisor_reads_stays_as_it_is",
    ],
    "125878": ["vector:125878: several asserts"],
    "131324": ["vector:150103, 131324: sizes that an operator makes equal, one of them bounded"],
    "123854, 119414": ["vector:123854, 119414: a sum of items that equals a size"],
    "183908": ["test_recall_rows:asserts_survive_the_split_into_forward_and_backward"],
    "143157": ["vector:143157: a negation"],
    "125414, 124696, 169497": ["test_insertion:new_nodes_carry_metadata_of_every_kind"],
    "150063, 150064": [
        "test_messages:the_condition_is_in_the_users_terms_with_the_line_of_the_check",
        "test_messages:a_message_that_came_with_the_obligation_is_carried",
        "test_installer:words_of_the_user_reach_the_error_under_compile",
    ],
    "128599, 130351, 130380": ["test_recall:shapes_of_intermediates_are_shared_by_value_and_not_by_name"],
    "144792, 170796": ["test_recall:a_sum_of_hundreds_of_terms_is_one_assert"],
    "vLLM 37485": ["test_insertion:emits_no_more_asserts_than_torch", "test_redundancy:what_is_kept"],
    "140886": ["vector:140886: negative divisors"],
}


@pytest.mark.parametrize(("row", "test"), [(row, test) for row, tests in ROWS.items() for test in tests])
def test_a_row_has_its_test(row: str, test: str) -> None:
    """A vector, or a function of a test module."""
    where, name = test.split(":", 1)
    if where == "vector":
        assert name in VECTORS, row
    else:
        assert hasattr(importlib.import_module(f"tests.runtime_assert.{where}"), f"test_{name}"), row


def test_every_vector_belongs_to_a_row() -> None:
    used = {test.split(":", 1)[1] for tests in ROWS.values() for test in tests if test.startswith("vector:")}
    assert used == set(VECTORS)


@pytest.mark.parametrize("backend", ["aot_eager", "aot_eager_decomp_partition"])
def test_asserts_survive_the_split_into_forward_and_backward(backend: str) -> None:
    """Pull 183908: the graph of both is split; an assert must not name what only the other half defines."""

    def function(a: torch.Tensor, w: torch.Tensor, x: torch.Tensor) -> Any:
        u, v = x[0].item(), x[1].item()
        torch._check(v >= 0)
        torch._check(u + v == a.shape[0])
        return (torch.cat([a * w, a.new_ones(v) * w.sum()]).sin() * u).sum()  # type: ignore[call-overload]

    torch._dynamo.reset()
    w = torch.full((4,), 0.5, requires_grad=True)
    expected = torch.full((4,), 0.5, requires_grad=True)
    a, good = torch.arange(4.0), torch.tensor([1, 3])
    with installed(), torch._dynamo.config.patch(capture_scalar_outputs=True):
        compiled = torch.compile(function, backend=backend, dynamic=True, fullgraph=True)
        compiled(a, w, good).backward()
        function(a, expected, good).backward()
        torch.testing.assert_close(w.grad, expected.grad)
        for bad in ([1, 2], [5, -1]):
            with pytest.raises(RuntimeError, match="Runtime assertion failed"):
                compiled(a, w, torch.tensor(bad))
    torch._dynamo.reset()
