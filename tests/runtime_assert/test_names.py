"""What values are called: as the user's program reads them, as far as the ShapeEnv or the graph tells."""

from __future__ import annotations

import operator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import fx
from torch._dynamo.source import LocalSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

from runtime_assert import insert_with_report
from runtime_assert.names import Names
from runtime_assert.values import Value, ValueTable
from tests.runtime_assert.graphs import GraphBuilder, aten


def called(graph: fx.Graph, node: fx.Node) -> str | None:
    """What the value of `node` is called where the graph alone tells."""
    return Names(None, list(graph.nodes)).of(ValueTable(-1).opaque(node, 0, "int"))


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (("x",), ["x"]),
        (("L_x_",), ["x"]),
        (("L_self_modules_a_",), ["self_modules_a"]),
        (("x_1", "y_12"), ["x", "y"]),
        (("x", "x_1"), ["x", "x_1"]),
        (("x1_2",), ["x1_2"]),
        (("_1",), ["_1"]),
    ],
)
def test_an_input_has_its_name_in_the_program_unless_another_one_has_it(
    targets: tuple[str, ...], expected: list[str]
) -> None:
    graph = fx.Graph()
    inputs = [graph.placeholder(target) for target in targets]
    assert [called(graph, node) for node in inputs] == expected


def reads(graph: fx.Graph, x: fx.Node) -> dict[str, fx.Node]:
    """Nodes, by what their values are called."""
    call, method = graph.call_function, graph.call_method
    first = call(aten.select.int, (x, 0, 2))
    found = {
        "x.select(0, 2)": first,
        "x.select(0, 2).item()": call(aten._local_scalar_dense.default, (first,)),
        "x.item()": call(aten.item.default, (x,)),
        "x.tolist()[1]": call(operator.getitem, (method("tolist", (x,)), 1)),
        "x.sum(True).item()": method("item", (method("sum", (x, True)),)),
        "x.clamp(0.5)": call(aten.clamp.default, (x, 0.5)),
    }
    deep = x
    for _ in range(5):
        deep = call(aten.neg.default, (deep,))
    # Neither of a tensor nor with numbers alone, without a name, or too long to be read.
    alone = [
        call(aten.add.Tensor, (x, first)),
        call(aten.zeros.default, ([2],)),
        call(aten.rand.default, ()),
        call(_nameless(), (x,)),
        graph.create_node("call_function", partial(_nameless()), (x,), name="made"),
        graph.get_attr("weight"),
    ]
    return {**found, **{node.name: node for node in alone}, f"{_root(deep, 4)}.neg().neg().neg().neg()": deep}


def _root(node: Any, steps: int) -> str:
    for _ in range(steps):
        node = node.args[0]
    return str(node)


def _nameless() -> Any:
    return lambda x: x


def test_what_is_read_of_an_input_is_written_as_the_program_reads_it() -> None:
    graph = fx.Graph()
    named = reads(graph, graph.placeholder("x"))
    assert {name: called(graph, node) for name, node in named.items()} == {name: name for name in named}


@pytest.mark.parametrize(
    ("target", "others", "step"), [(operator.getitem, (0,), "[0]"), (aten.select.int, (0, 1), ".select(0, 1)")]
)
def test_of_what_is_read_of_something_deep_the_last_four_steps_are_written(
    target: Any, others: tuple[int, ...], step: str
) -> None:
    graph = fx.Graph()
    chain = [graph.placeholder("x")]
    for _ in range(5):
        chain.append(graph.call_function(target, (chain[-1], *others)))
    assert called(graph, chain[4]) == "x" + 4 * step
    assert called(graph, chain[5]) == chain[1].name + 4 * step


def test_of_two_values_that_would_have_one_name_the_second_has_that_of_its_node() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    first, second = (graph.call_function(aten.item.default, (x,)) for _ in range(2))
    names, table = Names(None, list(graph.nodes)), ValueTable(-1)
    values = [table.opaque(node, 0, "int") for node in (first, second)]
    other = table.opaque(graph.call_function(aten.numel.default, (x,)), 0, "int")
    for _ in range(2):
        assert [names.of(value) for value in (*values, other)] == ["x.item()", second.name, "x.numel()"]


def test_what_is_made_of_other_values_has_no_name_of_its_own() -> None:
    graph, table = fx.Graph(), ValueTable(-1)
    x: Value = table.opaque(graph.placeholder("x"), 0, "int")
    assert Names(None, list(graph.nodes)).of(table.get("add", (x, 1))) is None


@pytest.mark.parametrize(
    ("local", "expected"),
    [("images", "images.shape[0]"), ("flat_args", "arg0_1.shape[0]"), ("args", "arg0_1.shape[0]")],
)
def test_a_size_is_called_after_the_source_that_the_shape_env_has_of_it(local: str, expected: str) -> None:
    """Unless that is what torch's own wrappers call it."""
    env = ShapeEnv()
    mode = FakeTensorMode(shape_env=env)
    made = GraphBuilder()
    made.env, made.mode = env, mode
    context = StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC], constraint_sizes=[None])
    size: Any = mode.from_tensor(torch.ones(8), symbolic_context=context, source=LocalSource(local)).shape[0]
    made.tensor("arg0_1", size)
    source, value = made.tensor("y", 1), made.unbacked()
    made.call(aten.item.default, (source,), value, u0=())
    torch._check(value <= size)
    report = insert_with_report(made.finish(), env, "test", strict=True)
    assert f"y.item() <= {expected}" in [row.condition for row in report]


def sized(made: GraphBuilder, local: str) -> torch.SymInt:
    """The size of an input that is called `local` in the program."""
    context = StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC], constraint_sizes=[None])
    found: Any = made.mode.from_tensor(torch.ones(8), symbolic_context=context, source=LocalSource(local)).shape[0]
    return found


def test_a_value_of_a_symbol_is_called_after_the_source_of_it_and_without_one_by_its_node_or_by_its_parts() -> None:
    made, table = GraphBuilder(), ValueTable(-1)
    x, y = made.tensor("x", 8), made.tensor("y", 8)
    item = made.call(aten.item.default, (x,), None)
    names = Names(made.env, list(made.graph.nodes))
    sizes = [table.get("size", (table.opaque(node, 0, "other"), 0)) for node in (x, y)]
    element = table.opaque(item, 0, "int")
    for value, size in zip((*sizes, element), (sized(made, "images"), made.unbacked(), made.unbacked()), strict=True):
        value.symbol = size.node._expr
    # The second is one that the graph computes, of which nothing but its operator and its operands can be told.
    sizes[1].node = made.call(aten.sym_size.int, (y, 0), None)
    assert [names.of(value) for value in (*sizes, element)] == ["images.shape[0]", None, "x.item()"]


def test_an_input_is_called_after_the_source_that_the_shape_env_has_of_it() -> None:
    """torch.export lists the sources of the user's tensors, which come last, and has no names for them yet."""
    made = GraphBuilder()
    size = sized(made, "count")
    made.env.var_to_sources[size.node._expr] = [LocalSource("count")]
    nodes = [made.scalar("arg0_1", size), *(made.tensor(name, 8) for name in ("arg1_1", "arg2_1"))]
    made.env.tracked_fakes = [SimpleNamespace(fake=nodes[2].meta["val"], source=LocalSource("images"))]  # type: ignore[list-item]
    names, table = Names(made.env, nodes), ValueTable(-1)
    assert [names.of(table.opaque(node, 0, "int")) for node in nodes] == ["count", "arg1_1", "images"]
