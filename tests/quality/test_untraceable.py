"""What torch cannot trace, so that no program says it; a torch that can fails here: then programs are to say it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._dynamo.exc import Unsupported, UserError
from torch._subclasses.fake_tensor import FakeTensorMode

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that sparse and nested tensors are not finished is what this is about
    COO = torch.eye(3).to_sparse()
    CSR = torch.eye(3).to_sparse_csr()
    JAGGED = torch.nested.nested_tensor_from_jagged(torch.ones(6, 2), torch.tensor([0, 2, 6]))


class Uses(torch.nn.Module):
    """Reads a size of ``x`` and compares it with an item."""

    def __init__(self, use: Callable[[Any], Any]) -> None:
        super().__init__()
        self.use = use

    def forward(self, x: Any, number: torch.Tensor) -> Any:
        torch._check(number.item() >= x.shape[0])
        return self.use(x)


def exported(x: Any, use: Callable[[Any], Any], strict: bool) -> Any:
    dynamic: Any = ({0: torch.export.Dim.DYNAMIC}, None)  # type: ignore[attr-defined]
    return torch.export.export(Uses(use), (x, torch.tensor(9)), dynamic_shapes=dynamic, strict=strict)


@pytest.mark.parametrize("strict", [False, True])
def test_export_makes_a_constant_of_the_size_of_a_compressed_sparse_input(strict: bool) -> None:
    with pytest.raises(UserError, match="specialized it to be a constant"):
        exported(CSR, torch.Tensor.to_dense, strict)


@pytest.mark.parametrize("x", [COO, CSR], ids=["coo", "csr"])
def test_compile_takes_no_sparse_input(x: torch.Tensor) -> None:
    torch._dynamo.reset()
    with pytest.raises(Unsupported, match="sparse"):
        torch.compile(lambda one: one.to_dense() + 1, backend="eager", fullgraph=True)(x)


def test_tracing_forgets_how_many_elements_a_sparse_input_has() -> None:
    """Any check of that number would be wrong in the graph: it is 0 there."""
    assert COO._nnz() == 3
    assert FakeTensorMode().from_tensor(COO)._nnz() == 0


def test_export_cannot_make_a_symbol_of_a_jagged_size() -> None:
    with pytest.raises(AttributeError, match="NestedIntNode"):
        exported(JAGGED, torch.Tensor.values, False)
