"""What torch cannot trace, so that no program says it; a torch that can fails here: then programs are to say it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._dynamo.exc import Unsupported, UserError
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import (
    DimDynamic,
    ShapeEnv,
    StatelessSymbolicContext,
    SubclassSymbolicContext,
)

DYNAMIC = DimDynamic.DYNAMIC

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


class Bounds(torch.nn.Module):
    """Reads the number of rows of ``x`` and compares it with an item."""

    def forward(self, x: Any, number: torch.Tensor) -> Any:
        torch._check(number[0].item() >= x.shape[0])
        return number + 1


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


def test_strict_export_has_no_range_for_the_sizes_of_a_jagged_input() -> None:
    dynamic: Any = ({0: torch.export.Dim.DYNAMIC}, None)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="is_bool"):
        torch.export.export(Bounds(), (JAGGED, torch.tensor([9])), dynamic_shapes=dynamic, strict=True)


def test_make_fx_shows_no_size_of_the_tensors_inside_a_jagged_input() -> None:
    """Only a call in the graph has it, to which no input or binding leads."""
    env = ShapeEnv(duck_shape=False)
    mode = FakeTensorMode(shape_env=env)
    inside: Any = {
        name: StatelessSymbolicContext(dynamic_sizes=sizes, constraint_sizes=[None] * len(sizes))
        for name, sizes in (("_values", [DYNAMIC] * 2), ("_offsets", [DYNAMIC]))
    }
    source = ConstantSource("x")
    context = SubclassSymbolicContext(
        dynamic_sizes=[DYNAMIC] * 3,
        constraint_sizes=[None] * 3,
        tensor_source=source,
        inner_contexts=inside,
    )
    fake = mode.from_tensor(JAGGED, symbolic_context=context, source=source)
    with mode:
        module = make_fx(lambda x: x.values().shape[0], tracing_mode="real")(fake)
    (shown,) = module.graph.find_nodes(op="placeholder")
    size: Any = fake.values().shape[0]
    total = size.node.expr
    assert total not in {size.node.expr for size in shown.meta["val"].shape if isinstance(size, torch.SymInt)}
    assert any("_nested_get_values" in str(node.target) for node in module.graph.nodes)
