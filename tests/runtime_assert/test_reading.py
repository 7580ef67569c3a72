"""What one walk over a graph finds: where values are used, which nodes compute the same, which checks there are."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import pytest
import sympy
import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import CallMethodKey, ConvertIntKey
from torch.utils._pytree import GetAttrKey, SequenceKey

from runtime_assert import _torch_api as api
from runtime_assert.bindings import Bindings, bind_symbols
from runtime_assert.lowering import Lowering
from runtime_assert.reading import (
    QUERY_FUNCTIONS,
    Check,
    check_condition,
    is_query,
    is_transparent,
    locate,
    read_graph,
)
from runtime_assert.values import NEVER, Value, ValueTable
from tests.runtime_assert.graphs import ASSERT, GraphBuilder, aten

SCALAR: Any = getattr(torch, "_assert_scalar")  # noqa: B009
CHECKS = (torch._check, SCALAR, ASSERT)
NUMEL = aten.sym_numel.default


@dataclass
class World:
    """A graph as it was read. With `bare`, nothing is bound to any symbol."""

    made: GraphBuilder
    bare: bool = False

    def __post_init__(self) -> None:
        nodes = list(self.made.graph.nodes)
        self.reading = locate(nodes)
        self.table = ValueTable(self.reading.preamble)
        self.bindings = Bindings({})
        if not self.bare:
            arguments = (nodes, self.reading.position, self.table, api.renamings(self.made.env))
            self.bindings = bind_symbols(*arguments, lambda _found, expr: expr, self.reading.uses)
        self.lowering = Lowering(self.table, self.bindings.leaves, True)
        read_graph(nodes, self.bindings, self.table, self.lowering, self.reading)

    def __getitem__(self, node: fx.Node) -> Value:
        return self.reading.values[node]

    def sharing(self) -> list[tuple[fx.Node, Value]]:
        return self.reading.shared

    def is_own(self, node: fx.Node) -> bool:
        """Whether the node is a value that nothing is known of but where it is made and used."""
        value = self[node]
        place = (value.slot, value.deadline) == (self.reading.position[node], self.reading.uses[node])
        return (value.op, value.node) == ("node", node) and place


def item(made: GraphBuilder, name: str = "x") -> tuple[fx.Node, torch.SymInt]:
    """A node that reads an integer from an input, and its traced value."""
    source, value = made.tensor(name, 1), made.unbacked()
    return made.call(aten._local_scalar_dense.default, (source,), value, **{str(value): ()}), value


def found_equal(made: GraphBuilder, one: object, other: object) -> None:
    """Let the ShapeEnv have put `other` in the place of `one`."""
    replaced: Any = api.raw_expr(one)
    made.env.replacements[replaced] = api.raw_expr(other)  # type: ignore[assignment]


def in_dynamo(made: GraphBuilder, op: Any, target: Any, args: tuple[Any, ...], value: Any) -> fx.Node:
    node = made.graph.create_node(op, target, args)
    node.meta["example_value"] = value
    return node


# Which nodes only ask.


@pytest.mark.parametrize("method", ["size", "stride", "storage_offset", "numel", "dim"])
def test_methods_that_ask_a_tensor_are_queries_where_they_are_called(method: str) -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    assert is_query(graph.call_method(method, (x,)))
    assert is_transparent(graph.call_method(method, (x,)))
    assert not is_query(graph.create_node("placeholder", method, name="y"))
    assert not is_query(graph.create_node("get_attr", method, name="z"))


@pytest.mark.parametrize("target", QUERY_FUNCTIONS)
def test_functions_that_ask_a_tensor_are_queries_where_they_are_called(target: Any) -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    assert is_query(graph.call_function(target, (x,)))
    assert is_transparent(graph.call_function(target, (x,)))


@pytest.mark.parametrize(("name", "asks"), [("shape", True), ("ndim", True), ("real", False), ("device", False)])
def test_of_attributes_those_are_queries_that_tell_of_sizes(name: str, asks: bool) -> None:
    graph = fx.Graph()
    node = graph.call_function(getattr, (graph.placeholder("x"), name))
    assert (is_query(node), is_transparent(node)) == (asks, asks)


def test_an_entry_of_sizes_is_a_query_and_an_entry_of_anything_else_is_none() -> None:
    made = GraphBuilder()
    x = made.tensor("x", made.size())
    sizes = in_dynamo(made, "call_method", "size", (x,), x.meta["val"].shape)
    assert is_query(made.graph.call_function(operator.getitem, (sizes, 0)))
    parts = made.graph.call_function(torch.split, (x, 2))
    parts.meta["val"] = [x.meta["val"]]
    entry = made.graph.call_function(operator.getitem, (parts, 0))
    row = made.graph.call_function(operator.getitem, (x, 0))
    listed = made.graph.call_function(operator.getitem, ([x, x], 0))
    for node in (entry, row, listed):
        assert (is_query(node), is_transparent(node)) == (False, False)


def test_what_is_given_sizes_is_no_entry_of_them() -> None:
    graph = fx.Graph()
    sizes = graph.placeholder("sizes")
    sizes.meta["val"] = torch.Size([2, 3])
    assert is_query(graph.call_function(operator.getitem, (sizes, 0)))
    assert not is_query(graph.call_function(torch.zeros, (sizes,)))


@pytest.mark.parametrize("target", [aten.relu.default, torch.zeros, aten.item.default, aten.nonzero.default])
def test_what_computes_with_elements_is_neither_a_query_nor_transparent(target: Any) -> None:
    graph = fx.Graph()
    node = graph.call_function(target, (graph.placeholder("x"),))
    assert (is_query(node), is_transparent(node)) == (False, False)


def test_what_neither_fails_on_a_value_nor_uses_it_up_is_transparent() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    transparent = [x, graph.create_node("get_attr", "weight")]
    transparent += [graph.call_function(target, (x, 2)) for target in (operator.add, torch.sym_max, *CHECKS)]
    transparent += [graph.call_function(api.CONSTRAIN_RANGE, (x,)), graph.call_method("__round__", (x,))]
    assert [is_transparent(node) for node in transparent] == [True] * len(transparent)
    others = [graph.call_method("relu", (x,)), graph.create_node("call_module", "linear", (x,)), graph.output(x)]
    assert [is_transparent(node) for node in others] == [False] * 3


# Where values are used.


def test_every_node_has_its_place_and_computation_is_counted_up_to_each() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    y = graph.placeholder("y")
    total = graph.call_function(operator.add, (x, 2))
    computed = graph.call_function(aten.relu.default, (y,))
    late = graph.placeholder("late")
    output = graph.output((computed, total, late))
    reading = locate(list(graph.nodes))
    assert reading.position == {x: 0, y: 1, total: 2, computed: 3, late: 4, output: 5}
    assert reading.busy == [0, 0, 0, 0, 1, 1, 2]
    assert reading.preamble == 1


def test_without_inputs_there_is_no_preamble() -> None:
    graph = fx.Graph()
    graph.output(graph.call_function(torch.zeros, (2,)))
    assert locate(list(graph.nodes)).preamble == -1


def test_a_value_is_used_where_what_is_made_of_it_is_first_used_by_an_operator() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    unused = graph.placeholder("unused")
    double = graph.call_function(operator.mul, (x, 2))
    more = graph.call_function(operator.add, (double, 1))
    for target in CHECKS:
        graph.call_function(target, (graph.call_function(operator.ge, (double, 3)), "words"))
    zeros = graph.call_function(torch.zeros, (more,))
    ones = graph.call_function(torch.ones, (more,))
    output = graph.output((zeros, ones, double))
    reading = locate(list(graph.nodes))
    first = reading.position[zeros]
    assert {node: reading.uses[node] for node in (x, double, more)} == {x: first, double: first, more: first}
    never = len(graph.nodes)
    assert [reading.uses[node] for node in graph.nodes if node.target in (operator.ge, *CHECKS)] == [never] * 6
    assert (reading.uses[unused], reading.uses[output]) == (never, never)
    assert reading.uses[zeros] == reading.uses[ones] == reading.position[output]


def test_what_is_passed_to_a_check_is_not_used_even_where_something_asks_for_the_check() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    check = graph.call_function(torch._check, (x,))
    output = graph.output(check)
    reading = locate(list(graph.nodes))
    assert (reading.uses[check], reading.uses[x]) == (reading.position[output], len(graph.nodes))


# Inputs and what declares symbols.


def test_an_input_that_is_known_under_its_symbol_is_that_symbols_value() -> None:
    made = GraphBuilder()
    size = made.size()
    made.tensor("x", size)
    first, second, tensor = made.scalar("n", size), made.scalar("m", size), made.tensor("y", 3)
    world = World(made)
    symbol: Any = api.raw_expr(size)
    assert world[first] is world[second] is world.bindings.leaves[symbol]
    assert tensor not in world.reading.values
    assert world.sharing() == []


def test_an_input_that_no_symbol_is_bound_to_is_a_value_of_its_own_known_with_all_inputs() -> None:
    made = GraphBuilder()
    size = made.size()
    product = made.scalar("n", 2 * size)
    single = made.scalar("m", size)
    made.tensor("x", 3)
    world = World(made, bare=True)
    for node in (product, single):
        value = world[node]
        assert (value.op, value.node, value.kind, value.deadline) == ("node", node, "int", NEVER)
        assert value.slot == world.reading.preamble == 2


def test_an_input_behind_operators_is_known_from_its_own_place_on() -> None:
    made = GraphBuilder()
    x = made.tensor("x", 3)
    made.call(aten.relu.default, (x,), x.meta["val"])
    late = made.scalar("n", made.size() * 2)
    world = World(made, bare=True)
    assert (world.reading.preamble, world[late].slot) == (0, 2)


def test_what_declares_a_symbol_as_its_own_result_is_that_symbols_value_traced_or_not() -> None:
    made = GraphBuilder()
    node, value = item(made)
    other, _ = item(made, "y")
    other.meta.pop("val")
    after = made.call(operator.add, (node, 2), value + 2)
    world = World(made)
    assert world[node] is world.bindings.direct[node]
    assert world[other] is world.bindings.direct[other]
    assert world[after].args == (world[node], 2)


def test_what_declares_a_symbol_inside_its_result_is_a_value_only_if_it_is_a_scalar() -> None:
    made = GraphBuilder()
    count, flag = made.unbacked(), made.env.create_unbacked_symbool()
    x = made.tensor("x", 4)
    with made.mode:
        found = made.call(aten.nonzero.default, (x,), torch.empty(count, 1), u0=(CallMethodKey("size"), SequenceKey(0)))
    truth = made.call(aten._local_scalar_dense.default, (x,), flag, u1=(ConvertIntKey(),))
    made.call(torch.zeros, (truth,), x.meta["val"])
    world = World(made)
    assert found not in world.reading.values
    assert world.is_own(truth)


# Arithmetic.


def test_arithmetic_is_read_by_what_it_computes_and_what_repeats_it_is_shared() -> None:
    made = GraphBuilder()
    node, value = item(made)
    first = made.call(operator.add, (node, 2), value + 2)
    second = made.call(operator.add, (2, node), value + 2)
    third = made.call(operator.add, (node, 3), value + 3)
    world = World(made)
    assert world[first] is world[second]
    assert (world[first].op, world[first].args, world[first].node) == ("add", (world[node], 2), first)
    assert (world[third].args, world[third].node) == ((world[node], 3), third)
    assert world.sharing() == [(second, world[first])]


@pytest.mark.parametrize("listed", [True, False])
def test_a_sum_takes_its_terms_from_a_list_or_one_by_one(listed: bool) -> None:
    made = GraphBuilder()
    (node, value), (other, more) = item(made), item(made, "y")
    args: tuple[Any, ...] = (node, other, 3)
    total = made.call(torch.sym_sum, ([*args],) if listed else args, value + more + 3)
    world = World(made)
    assert (world[total].op, world[total].args) == ("sum", (world[node], world[other], 3))


def test_a_list_is_an_operand_of_sums_alone() -> None:
    made = GraphBuilder()
    node, value = item(made)
    known = made.call(operator.eq, ([node, 2], 2), value > 2)
    unknown = made.call(operator.add, ([node, 2], 2), None)
    world = World(made)
    assert world.is_own(known)
    assert unknown not in world.reading.values


def test_rounding_to_no_digits_is_rounding_to_an_integer() -> None:
    made = GraphBuilder()
    node, value = item(made)
    half = made.call(operator.truediv, (node, 2), value / 2)
    plain = made.call(round, (half,), value)
    explicit = made.call(round, (half, None), value)
    digits = made.call(round, (half, 1), value / 2)
    pair = made.call(operator.add, (half, 1), value / 2)
    world = World(made)
    assert world[explicit] is world[plain]
    assert (world[plain].op, world[plain].args, world[plain].kind) == ("round", (world[half],), "int")
    assert (world[digits].args, world[digits].kind) == ((world[half], 1), "float")
    assert world[pair].args == (world[half], 1)


def test_only_rounding_has_an_operand_that_says_nothing() -> None:
    made = GraphBuilder()
    node, value = item(made)
    power = made.call(pow, (node, None), value + 1)
    assert World(made).is_own(power)


@pytest.mark.parametrize("operand", ["words", None, (1, 2)])
def test_arithmetic_with_what_the_table_does_not_know_is_a_value_of_its_own(operand: Any) -> None:
    made = GraphBuilder()
    node, value = item(made)
    tensor = made.tensor("y", 2)
    odd = made.call(operator.mul, (node, operand), value * 2)
    of_tensor = made.call(operator.mul, (tensor, 2), tensor.meta["val"])
    made.call(torch.zeros, (odd,), None)
    world = World(made)
    assert world.is_own(odd)
    assert world[odd].kind == "int"
    assert of_tensor not in world.reading.values


def test_arithmetic_by_keyword_is_a_value_of_its_own() -> None:
    made = GraphBuilder()
    node, value = item(made)
    power = made.graph.call_function(pow, (node,), {"exp": 2})
    power.meta["val"] = value * value
    assert World(made).is_own(power)


def test_arithmetic_with_constants_alone_is_no_value() -> None:
    made = GraphBuilder()
    constant = made.call(operator.add, (1, 2), 3)
    listed = made.call(torch.sym_sum, ([1, 2],), 3)
    assert World(made).reading.values == {}
    assert {constant, listed} <= set(made.graph.nodes)


@pytest.mark.parametrize("constant", [True, 2, 2.5])
def test_every_kind_of_number_is_an_operand(constant: Any) -> None:
    made = GraphBuilder()
    node, value = item(made)
    less = made.call(operator.lt, (node, constant), value < 2)
    world = World(made)
    assert world[less].args == (world[node], constant)
    assert type(world[less].args[1]) is type(constant)


def test_a_conversion_to_the_kind_that_a_value_has_is_the_value_itself() -> None:
    made = GraphBuilder()
    node, value = item(made)
    real = made.call(torch.sym_float, (node,), torch.sym_float(value))
    again = made.call(torch.sym_float, (real,), torch.sym_float(value))
    whole = made.call(torch.sym_int, (node,), value)
    back = made.call(math.trunc, (real,), value)
    world = World(made)
    assert (world[real].op, world[real].args) == ("float", (world[node],))
    assert world[again] is world[real]
    assert world[whole] is world[node]
    assert (world[back].op, world[back].args) == ("trunc", (world[real],))
    assert world.sharing() == [(again, world[real]), (whole, world[node])]


# Queries.


SPELLINGS = ("function", "method", "entry", "attribute")


def query(made: GraphBuilder, spelling: str, x: fx.Node, dim: int) -> fx.Node:
    """A node that asks `x` for a size."""
    shape = x.meta["val"].shape
    if spelling == "function":
        return made.call(aten.sym_size.int, (x, dim), shape[dim])
    if spelling == "method":
        return in_dynamo(made, "call_method", "size", (x, dim), shape[dim])
    if spelling == "entry":
        whole = in_dynamo(made, "call_method", "size", (x,), shape)
    else:
        whole = in_dynamo(made, "call_function", getattr, (x, "shape"), shape)
    return in_dynamo(made, "call_function", operator.getitem, (whole, dim), shape[dim])


@pytest.mark.parametrize("first", range(4))
def test_a_size_of_an_input_is_read_by_the_first_node_that_asks_for_it_in_whatever_spelling(first: int) -> None:
    made = GraphBuilder()
    x = made.tensor("x", 3, made.size())
    asked = [query(made, spelling, x, 1) for spelling in SPELLINGS[first:] + SPELLINGS[:first]]
    world = World(made)
    value = world[asked[0]]
    assert (value.op, value.args[1:], value.node) == ("size", (1,), asked[0])
    assert world.sharing() == [(node, value) for node in asked[1:]]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_size_that_is_known_from_another_tensor_or_dimension_is_not_read_here(spelling: str) -> None:
    made = GraphBuilder()
    size = made.size()
    x, y = made.tensor("x", 3, size), made.tensor("y", size, size)
    asked = [query(made, spelling, y, dim) for dim in (0, 1)]
    world = World(made)
    value = world.bindings.leaves[api.raw_expr(size)]  # type: ignore[index]
    assert (value.op, value.args[0].node, value.args[1]) == ("size", x, 1)
    assert [world[node] for node in asked] == [value] * 2
    assert value.node is None
    assert world.sharing() == [(node, value) for node in asked]


def test_an_entry_of_an_input_that_is_a_tuple_reads_no_tensor() -> None:
    made = GraphBuilder()
    size = made.size()
    made.tensor("x", size)
    pair = made.graph.placeholder("pair")
    pair.meta["val"] = (size, 2)
    entry = made.call(operator.getitem, (pair, 0), size)
    world = World(made)
    assert world[entry].node is None
    assert world.sharing() == [(entry, world[entry])]


def test_a_query_by_keyword_is_shared_and_does_not_serve_others() -> None:
    made = GraphBuilder()
    x = made.tensor("x", made.size())
    named = made.graph.call_function(aten.sym_size.int, (), {"self": x, "dim": 0})
    named.meta["val"] = x.meta["val"].shape[0]
    world = World(made)
    assert world[named].node is None
    assert world.sharing() == [(named, world[named])]


def parts(made: GraphBuilder, index: int = 0, path: Any = None) -> tuple[fx.Node, fx.Node, fx.Node]:
    """An operator that yields two tensors, of which the first has a size of its own; that tensor, and its size."""
    x, count = made.tensor("x", 4), made.unbacked()
    with made.mode:
        values = (torch.empty(count), torch.empty(count))
    path = path or (SequenceKey(0), CallMethodKey("size"), SequenceKey(0))
    several = made.call(aten.unique_dim.default, (x, 0), values, u0=path)
    entry = made.call(operator.getitem, (several, index), values[index])
    return several, entry, made.call(aten.sym_size.int, (entry, 0), count)


def test_the_size_of_an_entry_of_what_an_operator_yields_is_read_from_that_entry() -> None:
    made = GraphBuilder()
    *_, size = parts(made)
    world = World(made)
    assert (world[size].op, world[size].node, world.sharing()) == ("size", size, [])


def test_the_size_of_another_entry_is_not_where_the_value_is_read_from() -> None:
    made = GraphBuilder()
    *_, size = parts(made, 1)
    world = World(made)
    assert (world[size].op, world[size].node) == ("size", None)
    assert world.sharing() == [(size, world[size])]


def test_a_value_that_no_query_computes_is_not_taken_from_one() -> None:
    """The operator's own entry is bound: the size of the other one is the same value, and no way to get it."""
    made = GraphBuilder()
    x, count = made.tensor("x", 4), made.unbacked()
    with made.mode:
        values = (count, torch.empty(count))
    several = made.call(aten.unique_dim.default, (x, 0), values, u0=(SequenceKey(0),))
    entry = made.call(operator.getitem, (several, 0), count)
    world = World(made)
    assert (world[entry].op, world[entry].node) == ("getitem", None)
    assert world.sharing() == [(entry, world[entry])]


@pytest.mark.parametrize("target", [operator.neg, operator.getitem])
def test_an_entry_of_an_entry_is_followed_and_nothing_else_is(target: Any) -> None:
    made = GraphBuilder()
    x, count = made.tensor("x", 4), made.unbacked()
    with made.mode:
        tensor = torch.empty(count)
    path = (SequenceKey(1), SequenceKey(0), CallMethodKey("size"), SequenceKey(0))
    several = made.call(aten.unique_dim.default, (x, 0), (x.meta["val"], [tensor]), u0=path)
    pair = made.call(target, (several, 1), [tensor])
    size = made.call(aten.sym_size.int, (made.call(operator.getitem, (pair, 0), tensor), 0), count)
    literal = made.call(operator.getitem, ([x, x], 0), tensor)
    other = made.call(aten.sym_size.int, (literal, 0), count)
    world = World(made)
    assert world[size] is world[other]
    read = target is operator.getitem
    assert world[size].node is (size if read else None)
    assert world.sharing() == [(node, world[size]) for node in ((other,) if read else (size, other))]


def test_strides_and_offsets_are_read_in_the_same_way() -> None:
    made = GraphBuilder()
    x = made.graph.placeholder("x")
    rows, columns, skipped = made.size(9), made.size(5), made.size(3)
    with made.mode:
        x.meta["val"] = torch.empty(rows, columns)[:, skipped:]
    traced = x.meta["val"]
    stride = made.call(aten.sym_stride.int, (x, 0), traced.stride(0))
    offset = made.call(aten.sym_storage_offset.default, (x,), traced.storage_offset())
    world = World(made)
    assert (world[stride].op, world[stride].node) == ("stride", stride)
    assert (world[offset].op, world[offset].node) == ("storage_offset", offset)
    assert world.sharing() == []


def test_an_entry_that_is_called_as_an_attribute_is_not_that_attribute() -> None:
    made = GraphBuilder()
    x, count = made.tensor("x", 4), made.unbacked()
    with made.mode:
        tensor = torch.empty(count)
    path = (GetAttrKey("real"), CallMethodKey("size"), SequenceKey(0))
    several = made.call(aten.unique_dim.default, (x, 0), {"real": tensor}, u0=path)
    size = made.call(aten.sym_size.int, (made.call(operator.getitem, (several, "real"), tensor), 0), count)
    world = World(made)
    assert world[size].node is None
    assert world.sharing() == [(size, world[size])]


def test_what_is_no_query_is_a_value_of_its_own_whatever_tracing_knows_of_it() -> None:
    made = GraphBuilder()
    size = made.size()
    x = made.tensor("x", size)
    length = made.call(aten.sym_size.int, (x, 0), size)
    odd = made.call(torch.ops.higher_order.cond, (x,), size)
    made.call(torch.zeros, (odd,), None)
    untraced = made.call(aten.relu.default, (x,), x.meta["val"])
    world = World(made)
    assert world[length] is not world[odd]
    assert world.is_own(odd)
    assert untraced not in world.reading.values


def test_a_query_whose_value_comes_later_or_never_is_a_value_of_its_own() -> None:
    made = GraphBuilder()
    x, size = made.tensor("x", 4), made.size()
    early = made.call(aten.sym_size.int, (x, 0), size)
    n = made.scalar("n", size)
    stranger = made.call(aten.sym_size.int, (x, 0), made.size(5))
    constant = made.call(aten.sym_size.int, (x, 0), api.make_value(sympy.Integer(4), "int", made.env))
    late = made.call(aten.sym_size.int, (x, 0), size)
    for node in (early, stranger, constant):
        made.call(torch.zeros, (node,), None)
    world = World(made)
    assert world[late] is world[n]
    assert [world.is_own(node) for node in (early, stranger, constant)] == [True] * 3


@pytest.mark.parametrize("target", [aten.item.default, aten._local_scalar_dense.default, "item"])
def test_an_item_that_is_asked_for_again_is_the_first_one_if_tracing_gave_it_the_same_symbol(target: Any) -> None:
    made = GraphBuilder()
    (node, value), (other, more) = item(made), item(made, "y")
    found_equal(made, value, more)
    op = "call_method" if target == "item" else "call_function"
    again = in_dynamo(made, op, target, (node.args[0],), value)
    strangers = [made.unbacked(), made.size()]
    others = [in_dynamo(made, op, target, (node.args[0],), stranger) for stranger in strangers]
    for stranger, asked in zip(strangers, others, strict=True):
        found_equal(made, stranger, more)
        made.call(torch.zeros, (asked,), None)
    world = World(made)
    assert world[again] is world[node]
    assert (again, world[node]) in world.sharing()
    assert world[other] is not world[node]
    assert [world.is_own(asked) for asked in others] == [True, True]


def test_a_size_that_inputs_decide_is_what_it_was_found_equal_to_and_one_that_data_decides_is_itself() -> None:
    made = GraphBuilder()
    lost, known, x = made.size(6), made.size(7), made.tensor("x", 4)
    made.scalar("n", known)
    found_equal(made, lost, known)
    (_, value), count = item(made, "y"), made.unbacked()
    size = made.call(aten.sym_size.int, (x, 0), lost)
    found_equal(made, count, value)
    data = made.call(aten.sym_size.int, (x, 0), count)
    made.call(torch.zeros, (data,), None)
    world = World(made)
    assert world[size] is world.bindings.leaves[api.raw_expr(known)]  # type: ignore[index]
    assert world.is_own(data)


# The number of elements.


def many(made: GraphBuilder) -> tuple[fx.Node, torch.SymInt]:
    """A matrix of two columns whose rows were found to be as many as an item, and that item."""
    x = made.tensor("x", 4)
    _, value = item(made, "y")
    count = made.unbacked()
    found_equal(made, count, value)
    with made.mode:
        rows = torch.empty(count, 2)
    found = made.call(aten.nonzero.default, (x,), rows, **{str(count): (CallMethodKey("size"), SequenceKey(0))})
    return found, value


@pytest.mark.parametrize("spelling", ["function", "keyword", "method"])
def test_the_number_of_elements_is_the_product_of_the_sizes_as_they_were_first_named(spelling: str) -> None:
    made = GraphBuilder()
    rows, value = many(made)
    if spelling == "method":
        count = in_dynamo(made, "call_method", "numel", (rows,), value * 2)
    else:
        count = made.call(NUMEL, (rows,), value * 2)
        count.args, count.kwargs = ((), {"self": rows}) if spelling == "keyword" else ((rows,), {})
    world = World(made)
    size = world.table.get("size", (world.table.opaque(rows, 0, "other"), 0))
    assert world[count] is world.table.get("mul", (2, size))
    assert world.sharing() == [(count, world[count])]


def test_the_number_of_elements_of_what_was_not_traced_is_what_tracing_says() -> None:
    made = GraphBuilder()
    rows, value = many(made)
    count = made.call(NUMEL, (rows,), value * 2)
    rows.meta.pop("val")
    world = World(made)
    (leaf,) = [leaf for node, leaf in world.bindings.direct.items() if node is not rows]
    assert world[count] is world.table.get("mul", (2, leaf))


def test_the_number_of_elements_of_a_ragged_tensor_is_what_tracing_says() -> None:
    made = GraphBuilder()
    _, value = item(made)
    ragged = made.graph.placeholder("ragged")
    ragged.meta["val"] = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    made.graph.call_function(torch.zeros, (ragged,))
    count = made.call(NUMEL, (ragged,), value)
    world = World(made)
    assert list(world.bindings.leaves.values()) == [world[count]]


# Checks.


@pytest.mark.parametrize("target", CHECKS)
def test_a_check_is_read_with_the_value_that_it_asserts(target: Any) -> None:
    made = GraphBuilder()
    node, value = item(made)
    condition = made.call(operator.ge, (node, 3), value >= 3)
    check = made.call(target, (condition, "words"), None)
    world = World(made)
    assert world.reading.checks == [Check(check, world[condition], 3, target is not ASSERT)]
    assert check not in world.reading.values


@pytest.mark.parametrize(("mark", "user"), [(True, True), (False, False), (None, False)])
def test_an_assert_is_the_users_if_it_is_marked_so(mark: Any, user: bool) -> None:
    made = GraphBuilder()
    check = made.call(ASSERT, (True, "words"), None)
    check.meta[api.PRESERVE_KEY] = mark
    assert World(made).reading.checks == [Check(check, True, 0, user)]


def test_what_a_check_asserts_may_be_a_constant_or_a_node_that_nothing_is_known_of() -> None:
    made = GraphBuilder()
    x = made.tensor("x", 2)
    truth = made.call(aten.all.default, (x,), None)
    checks = [made.call(ASSERT, (condition, "words"), None) for condition in (truth, False)]
    made.call(torch.zeros, (truth,), None)
    world = World(made)
    first, second = world.reading.checks
    assert (first.node, second.node) == tuple(checks)
    assert second.condition is False
    value = first.condition
    assert (value.op, value.node, value.kind, value.slot, value.deadline) == ("node", truth, "bool", 1, 4)
    assert truth not in world.reading.values


@pytest.mark.parametrize(("target", "name"), [(torch._check, "cond"), (ASSERT, "self")])
def test_the_condition_of_a_check_may_be_passed_by_keyword(target: Any, name: str) -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    assert check_condition(graph.call_function(target, (x, "words"))) is x
    assert check_condition(graph.call_function(target, (), {name: x})) is x


def test_calls_that_constrain_a_range_are_listed_in_order() -> None:
    made = GraphBuilder()
    node, _ = item(made)
    calls = [made.call(target, (node,), None) for target in (api.CONSTRAIN_RANGE, api.CONSTRAIN_RANGE_FOR_SIZE)]
    world = World(made)
    assert world.reading.constraints == calls
    assert (world.reading.checks, list(world.reading.values)) == ([], [node])
