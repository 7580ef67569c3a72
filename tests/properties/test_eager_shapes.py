"""The sizes that are read from the calls of a Dynamo graph are those that running it yields."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import fx

from properties.read.bindings import Bindings, TensorLeaf
from properties.read.graph import read_nodes
from properties.read.values import Sized
from strategies.evaluate import evaluate
from strategies.terms import Const, Var

VALUES = {"s0": 6, "s1": 4, "u0": 3}
CALLS: dict[str, Any] = {
    "zeros": lambda a, b, u: torch.zeros((u, 2)),
    "full": lambda a, b, u: torch.full((u, 2), 2.5),
    "eye": lambda a, b, u: torch.eye(u, 4),
    "arange": lambda a, b, u: torch.arange(u),
    "arange, three numbers": lambda a, b, u: torch.arange(u, 11, 3),
    "view": lambda a, b, u: a.view(u, 8),
    "view, inferred": lambda a, b, u: a.view(-1, u),
    "expand": lambda a, b, u: b.expand(u, b.size(0)),
    "repeat": lambda a, b, u: b.repeat(u, 2),
    "flatten": lambda a, b, u: a.flatten(),
    "narrow": lambda a, b, u: a.narrow(0, 1, u),
    "select": lambda a, b, u: a.select(0, u),
    "index_select": lambda a, b, u: a.index_select(0, torch.arange(u)),
    "gather": lambda a, b, u: b.gather(0, torch.arange(u)),
    "split": lambda a, b, u: a.split([u, 3], dim=0)[1],
    "chunk": lambda a, b, u: a.chunk(2, 1)[1],
    "topk": lambda a, b, u: torch.topk(a, u, 0)[0],
    "unflatten": lambda a, b, u: a.unflatten(0, (u, 2)),
    "unfold": lambda a, b, u: a.unfold(0, u, 2),
    "cat": lambda a, b, u: torch.cat([a, a], dim=1),
    "stack": lambda a, b, u: torch.stack([a, a], dim=2),
    "transpose": lambda a, b, u: a.transpose(0, 1),
    "permute": lambda a, b, u: a.permute(1, 0),
    "unsqueeze": lambda a, b, u: a.unsqueeze(-1),
    "repeat_interleave": lambda a, b, u: a.repeat_interleave(u, dim=1),
    "pad": lambda a, b, u: torch.nn.functional.pad(a, (0, u)),
    "mm": lambda a, b, u: torch.mm(a, a.transpose(0, 1)),
    "mv": lambda a, b, u: torch.mv(a, b),
    "sum": lambda a, b, u: a.sum(1),
    "slice": lambda a, b, u: a[u:6],
    "slice, from the end": lambda a, b, u: a[:, 1:-1],
    "slice, beyond the end": lambda a, b, u: a[4:9:2],
    "slice, run-time step": lambda a, b, u: a[1::u],
    "slice behind the end": lambda a, b, u: a[u + 5 :],
    "negative run-time bound": lambda a, b, u: a[: u - 5],
    "plus": lambda a, b, u: a + 1,
    "scaled": lambda a, b, u: a * u,
    "relu": lambda a, b, u: torch.relu(-a),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_size_that_is_read_is_the_size_that_a_run_yields(call: str) -> None:
    graph = fx.Tracer().trace(CALLS[call])
    matrix = TensorLeaf((Var("s0"), Var("s1")), (Var("s1"), Const(1)), Const(0))
    bindings = Bindings({"a": matrix, "b": TensorLeaf((Var("s1"),), (Const(1),), Const(0)), "u": Var("u0")}, {}, ())
    _, values = read_nodes(graph, bindings)
    (result,) = (node for node in graph.nodes if node.op == "output")
    read = values[result.args[0]]
    assert isinstance(read, Sized)
    assert read.shape is not None
    real = CALLS[call](torch.ones(6, 4), torch.ones(4), 3)
    assert [evaluate(size, VALUES) for size in read.shape] == list(real.shape)


@pytest.mark.parametrize("call", [lambda a: a.view(a.size(0), -1, -1), lambda a: a.sum()])
def test_a_call_of_another_form_is_left_unread(call: Any) -> None:
    graph = fx.Tracer().trace(call)
    matrix = TensorLeaf((Var("s0"), Var("s1")), (Var("s1"), Const(1)), Const(0))
    _, values = read_nodes(graph, Bindings({"a": matrix}, {}, ()))
    (result,) = (node for node in graph.nodes if node.op == "output")
    read = values[result.args[0]]
    assert getattr(read, "shape", None) is None
