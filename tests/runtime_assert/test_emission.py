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

from runtime_assert import _torch_api as api
from runtime_assert import insert_with_report
from runtime_assert._torch_api import _EMPTY_STACK, CallMethodKey, GetAttrKey
from runtime_assert.emission import Emitter
from runtime_assert.reading import locate
from tests.runtime_assert.graphs import ASSERT, GraphBuilder, accepts, asserts, aten, capture


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


def test_a_check_of_a_constant_stands_at_the_start_of_a_graph_without_inputs() -> None:
    """Behind one another, and before what is there; also where the first node of the graph goes."""
    made = GraphBuilder()
    made.call(ASSERT, (True, "nothing"), None)
    made.call(aten.sym_constrain_range.default, (5,), None).kwargs = {"min": 6, "max": 4}
    gm = made.finish()
    insert_with_report(gm, made.env, "test", strict=True)
    assert [node.op for node in gm.graph.nodes] == ["call_function", "output"]
    gm.graph.lint()
    assert not accepts(gm)


def test_a_sum_of_several_that_no_node_computes_is_written_and_runs() -> None:
    made = GraphBuilder()
    x, y = made.tensor("x", made.size(), made.size()), made.tensor("y", 1)
    value = made.unbacked()
    made.call(aten._local_scalar_dense.default, (y,), value, u0=())
    rows, columns = x.meta["val"].shape
    torch._check(rows + columns + value == 9)
    gm = made.finish()
    insert_with_report(gm, made.env, "test", strict=True)
    (total,) = [node for node in gm.graph.nodes if node.target is torch.sym_sum]
    assert [isinstance(argument, list) for argument in total.args] == [True], "as tracing writes it"
    assert accepts(gm, torch.ones(3, 4), torch.tensor([2]))
    assert not accepts(gm, torch.ones(3, 4), torch.tensor([3]))


def test_new_nodes_say_what_they_yield_as_a_trace_does() -> None:
    made = GraphBuilder()
    x, y = made.tensor("x", made.size()), made.tensor("y", 1)
    value = made.unbacked()
    made.call(aten._local_scalar_dense.default, (y,), value, u0=())
    torch._check(torch.sym_float(value + x.meta["val"].shape[0]) >= 2.5)
    gm = made.finish()
    before = set(gm.graph.nodes)
    insert_with_report(gm, made.env, "test", strict=True)
    told = {node.target: node.meta["val"] for node in gm.graph.nodes if node not in before}
    kinds = {aten.sym_size.int: torch.SymInt, operator.add: torch.SymInt, torch.sym_float: torch.SymFloat}
    assert {target: type(value) for target, value in told.items()} == {
        **kinds,
        operator.ge: torch.SymBool,
        ASSERT: type(None),
    }


def test_entries_of_one_query_that_move_to_one_place_leave_it_before_them() -> None:
    """And what an entry is taken of moves as far as the first of them, whichever is brought first."""
    made = GraphBuilder()
    x, y = made.tensor("x", made.size(), made.size()), made.tensor("y", 1)
    value = made.unbacked()
    item = made.call(aten._local_scalar_dense.default, (y,), value, u0=())
    with made.mode:
        made.call(aten.zeros.default, ([item],), torch.empty(value))
    rows, columns = x.meta["val"].shape
    shape = made.call(getattr, (x, "shape"), x.meta["val"].shape)
    first, second = made.call(operator.getitem, (shape, 0), rows), made.call(operator.getitem, (shape, 1), columns)
    less, total = made.call(operator.le, (item, first), value <= rows), made.call(operator.add, (item, second), value)
    enough = made.call(operator.le, (total, 9), value + columns <= 9)
    for condition in (less, enough):
        made.call(ASSERT, (condition, "no"), None)
    gm = made.finish()
    insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    order = list(gm.graph.nodes)
    assert [order.index(node) for node in (item, shape, first, second, less)] == [5, 2, 3, 4, 6]


def test_an_operand_tells_each_part_of_where_a_node_comes_from_that_the_check_does_not() -> None:
    graph = fx.Graph()
    first, second = graph.placeholder("a"), graph.placeholder("b")
    first.meta["custom"] = {"region": 1}
    second.meta.update(stack_trace="there", custom={"region": 2})
    made = emitter(graph)
    condition = made._call(1, operator.eq, (first, second))
    made._place(condition, condition.meta, made.origin({}))
    assert condition.meta == {"stack_trace": "there", "custom": {"region": 1}}


def test_what_is_read_of_a_value_that_was_not_traced_is_not_told_either() -> None:
    made = GraphBuilder()
    made.tensor("x", 4)
    base = made.graph.call_function(aten.unique_dim.default, (made.tensor("y", 4), 0))
    size, entry = made.unbacked(), made.unbacked()
    base.meta["unbacked_bindings"] = {
        api.raw_expr(size): (SequenceKey(0), CallMethodKey("size"), SequenceKey(0)),
        api.raw_expr(entry): (SequenceKey(1),),
    }
    torch._check(size >= 3)
    torch._check(entry >= 2)
    gm = made.finish()
    before = set(gm.graph.nodes)
    insert_with_report(gm, made.env, "test", strict=True)
    asked = {aten.sym_size.int, operator.getitem}
    found = [node for node in gm.graph.nodes if node not in before and node.target in asked]
    assert [node.meta["val"] for node in found] == [None, None, None]


@pytest.mark.parametrize("goes", [False, True])
def test_a_check_of_a_constant_stands_before_all_that_computes(goes: bool) -> None:
    made = GraphBuilder()
    first = made.call(ASSERT, (True, "nothing"), None) if goes else made.call(aten.zeros.default, ([2],), None)
    made.call(aten.sym_constrain_range.default, (5,), None).kwargs = {"min": 6}
    gm = made.finish()
    insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    (check,) = asserts(gm)
    assert list(gm.graph.nodes)[: 2 - goes] == [check, first][: 2 - goes]


def test_methods_and_attributes_on_the_way_to_a_value_are_written_in_order_and_say_what_they_yield() -> None:
    made = GraphBuilder()
    x, value = made.tensor("x", 8, 3), made.unbacked()
    path = (SequenceKey(0), GetAttrKey("T"), CallMethodKey("numel"))
    base = made.call(aten.unique_dim.default, (x, 0), (x.meta["val"], 1), u0=path)
    torch._check(value >= 3)
    gm = made.finish()
    insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    entry, turned, count, enough, check = list(gm.graph.nodes)[2:-1]
    assert [entry.args, turned.args, count.args] == [(base, 0), (entry, "T"), (turned,)]
    assert (count.op, count.target) == ("call_method", "numel")
    assert (enough.args, check.args[0]) == ((count, 3), enough)
    assert [tuple(node.meta["val"].shape) for node in (entry, turned)] == [(8, 3), (3, 8)]
    assert count.meta["val"] == 24
