"""Our pass in torch's place, on code that nobody generated."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from properties.targets import run_target
from properties.targets.collections import code_of
from properties.targets.in_place import in_place
from properties.targets.resolve import resolve_code
from tests.properties.targets.test_check import CODE


@pytest.mark.parametrize("name", ["constrain_as_size_example", "dynamic_shape_slicing", "cond_operands"])
def test_examples_of_torch_export_and_compile_to_the_same_outputs(name: str) -> None:
    """Neither a new refusal nor another result."""
    for code in code_of("torch:examples", name):
        assert set(in_place(code).values()) <= {"same", "both refuse"}


@pytest.mark.parametrize("name", ["op:nonzero", "op:masked_select", "op:unique"])
def test_operators_export_to_the_same_outputs(name: str) -> None:
    """The operators whose sizes depend on data, on their own samples."""
    for code in code_of("torch:operators", name):
        assert in_place(code, ("export",)) == {"export": "same"}


def test_a_program_that_accepts_what_it_should_reject_rejects_it_with_our_pass() -> None:
    """The lost equality: sizes 2 and 2 with the number 5, which eager rejects and torch's export accepts."""
    code = resolve_code(f"{CODE}:lost_equality")
    bad: list[Any] = [torch.ones(2), torch.ones(2), torch.tensor([5])]
    assert in_place(code, ("export",), [bad]) == {"export": "stricter"}


def test_the_inputs_that_show_a_missing_assert_are_tried_with_our_pass_in_place() -> None:
    """The command finds the input by itself, and the program that our pass guards rejects it."""
    _, (row,) = run_target(f"{CODE}:lost_equality", exchange=True)
    assert row["in_place"]["export"] == "stricter"
