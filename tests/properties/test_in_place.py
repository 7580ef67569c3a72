"""What writes into a tensor gives that tensor back, as it lay."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import torch

from properties.campaign.check import check_program
from properties.read.in_place import AUGMENTED, NAMES, gives_back
from properties.subjects import resolve
from tests.properties.programs import program

INDEX = torch.tensor([1, 0])
OPERANDS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(
        ["add_", "sub_", "mul_", "div_", "remainder_", "pow_", "clamp_", "clamp_min_", "clamp_max_", "fill_"], (2,)
    ),
    **dict.fromkeys(["eq_", "ne_", "lt_", "le_", "gt_", "ge_"], (2,)),
    **dict.fromkeys(["copy_", "bitwise_and_", "bitwise_or_", "bitwise_xor_", "logical_and_", "logical_or_"], ("row",)),
    "masked_fill_": (torch.tensor([True, False, True]), 1),
    "index_fill_": (0, INDEX, 1),
    "index_add_": (0, INDEX, "self"),
    "index_copy_": (0, INDEX, "self"),
    "index_put_": ((INDEX,), "row"),
    "scatter_": (0, torch.zeros(1, 1, dtype=torch.int64), 1),
    "scatter_add_": (0, torch.zeros(1, 1, dtype=torch.int64), "self"),
    "cumsum_": (0,),
    "lerp_": ("row", 0.5),
    "addcmul_": ("row", "row"),
    "addcdiv_": ("row", "row"),
}


def _operands(name: str, tensor: torch.Tensor) -> tuple[Any, ...]:
    named = {"self": tensor.clone(), "row": torch.ones_like(tensor[:1])}
    return tuple(named.get(value, value) if isinstance(value, str) else value for value in OPERANDS.get(name, ()))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_listed_method_yields_its_own_tensor_unresized(name: str) -> None:
    dtype = torch.int64 if name.startswith("bitwise") else torch.float32
    tensor = torch.ones(3, 2, dtype=dtype).t()
    before = (tensor.shape, tensor.stride(), tensor.storage_offset())
    result = getattr(tensor, name)(*_operands(name, tensor))
    assert result is tensor
    assert (tensor.shape, tensor.stride(), tensor.storage_offset()) == before
    assert gives_back(name)
    assert gives_back(f"aten.{name}.default")


@pytest.mark.parametrize("name", sorted(AUGMENTED))
def test_a_listed_assignment_yields_its_own_tensor(name: str) -> None:
    tensor = torch.ones(
        2, 3, dtype=torch.float32 if "div" in name or name[-3:] in ("add", "sub", "mul") else torch.int64
    )
    assert getattr(operator, name.removeprefix("_operator."))(tensor, torch.ones_like(tensor)) is tensor


@pytest.mark.parametrize(
    "name", ["transpose_", "unsqueeze_", "resize_", "aten.squeeze_.default", "add", "aten.add.Tensor"]
)
def test_what_resizes_or_makes_anew_is_not_listed(name: str) -> None:
    assert not gives_back(name)


@pytest.mark.parametrize("frontend", ["make_fx", "export", "compile"])
@pytest.mark.parametrize("function", ["add", "mul", "zero", "relu"])
def test_a_map_over_an_input_that_was_written_to_is_read(function: str, frontend: str) -> None:
    """Found by a campaign: how many rows there are was not known, and RA101 stayed undecided."""
    mapped = program(
        [4, 5],
        [
            {"op": "mutate", "tensor": "a0", "function": function},
            {"op": "map_rows", "tensor": "a0", "length": 1},
            {"op": "nonzero", "shape": ["d1"], "count": 3},
        ],
    )
    found = check_program(mapped, frontend, {"subject": resolve("reference")}, ["RA101"])
    assert not found.refusal
    assert str(found.verdicts["subject"]["RA101"]) == "PROVED"
