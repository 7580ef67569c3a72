"""Where new nodes stand, which nodes are taken again, and where new nodes say that they come from."""

from __future__ import annotations

import operator
from functools import partial
from typing import Any

import pytest
import torch
from torch import fx
from torch._export.passes._node_metadata_hook import _node_metadata_hook
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._pytree import SequenceKey

from runtime_assert import insert_with_report
from runtime_assert._torch_api import _EMPTY_STACK
from runtime_assert.emission import Emitter
from runtime_assert.reading import locate
from tests.runtime_assert.graphs import GraphBuilder, accepts, asserts, aten, capture


def emitter(graph: fx.Graph, extra: dict[str, Any] | None = None) -> Emitter:
    nodes = list(graph.nodes)
    return Emitter(graph, nodes, locate(nodes), "val", ShapeEnv(), extra)


@pytest.mark.parametrize("everywhere", [False, True])
def test_operands_are_asked_for_what_some_node_of_the_graph_tells_and_the_check_does_not(everywhere: bool) -> None:
    graph = fx.Graph()
    first, second = graph.placeholder("a"), graph.placeholder("b")
    for node in (first, second) if everywhere else (first,):
        node.meta["custom"] = {"region": 1}
    made = emitter(graph)
    assert made.origin({}).lacking == ("stack_trace", "custom")
    assert made.origin({"custom": {}}).lacking == ("stack_trace", "custom")
    assert made.origin({"custom": {"region": 2}}).lacking == ("stack_trace",)
    assert made.origin({"stack_trace": "here"}).lacking == ("custom",)
    assert made.origin({"stack_trace": "here"}).meta == {"stack_trace": "here"}


def test_under_export_no_operand_is_asked_for_its_module() -> None:
    """Every new node says that it belongs to none, as torch.export has it."""
    graph = fx.Graph()
    graph.placeholder("a").meta.update(nn_module_stack={"m": ("m", "M")}, custom={"region": 1})
    assert emitter(graph).origin({}).lacking == ("stack_trace", "nn_module_stack", "custom")
    assert emitter(graph, {}).origin({}).lacking == ("stack_trace", "custom")


def test_under_export_new_nodes_have_what_its_verifier_asks_for() -> None:
    def program(a: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(a.shape[0] + 1 == u)
        return a

    gm, env = capture(program, (torch.ones(3), torch.tensor([4])), ((0,), ()))
    gm._register_create_node_hook(partial(_node_metadata_hook, metadata={"stack_trace": "here"}))
    before = set(gm.graph.nodes)
    insert_with_report(gm, env, "test", export=True, strict=True)
    created = [node for node in gm.graph.nodes if node not in before]
    assert {node.target for node in created} >= {operator.add, operator.eq}
    for node in created:
        name = getattr(node.target, "__name__", "")
        assert node.meta["torch_fn"] == (f"{name}_0", f"{type(node.target).__name__}.{name}")
        assert list(node.meta["nn_module_stack"].values()) == [(_EMPTY_STACK, _EMPTY_STACK)]
        assert node.meta["custom"] == {}
    assert len(asserts(gm)) == 1


def entries(gm: fx.GraphModule, base: fx.Node) -> list[fx.Node]:
    return [node for node in gm.graph.nodes if node.target is operator.getitem and node.args[0] is base]


@pytest.mark.parametrize("there", [False, True])
def test_an_entry_of_what_an_operator_yields_is_taken_where_it_is_taken_already(there: bool) -> None:
    made = GraphBuilder()
    x, value = made.tensor("x", 8), made.unbacked()
    base = made.call(aten.unique_dim.default, (x, 0), (x.meta["val"], value), u0=(SequenceKey(1),))
    other = made.call(operator.getitem, (base, 0), x.meta["val"])
    used = [made.call(operator.getitem, (base, 1), value)] if there else []
    torch._check(value >= 3)
    gm = made.finish(other, *used)
    insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    found = [entry for entry in entries(gm, base) if entry.args[1] == 1]
    assert len(found) == 1
    assert set(used) <= set(found)
    (check,) = asserts(gm)
    assert check.all_input_nodes[0].args[0] is found[0]
    assert list(gm.graph.nodes).index(found[0]) == list(gm.graph.nodes).index(base) + 1
    assert found[0].meta["val"] is value


def test_a_node_that_is_brought_forward_leaves_operands_behind_that_another_node_computed_before() -> None:
    made = GraphBuilder()
    x, value = made.tensor("x", 1), made.unbacked()
    item = made.call(aten._local_scalar_dense.default, (x,), value, u0=())
    first = made.call(operator.add, (item, 1), value + 1)
    with made.mode:
        use = made.call(aten.zeros.default, ([item],), torch.empty(value))
    second = made.call(operator.add, (item, 1), value + 1)
    twice = made.call(operator.mul, (second, first), (value + 1) * (value + 1))
    enough = made.call(operator.ge, (twice, 16), (value + 1) * (value + 1) >= 16)
    check = made.call(aten._assert_scalar.default, (enough, "few"), None)
    gm = made.finish(use, second)
    insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    order = list(gm.graph.nodes)
    assert [order.index(node) for node in (item, first, twice, enough, check)] == [1, 2, 3, 4, 5]
    assert use in order[6:]
    assert twice.args == (first, first)
    assert second not in order
    assert not accepts(gm, torch.tensor([2]))
    assert accepts(gm, torch.tensor([3]))
