"""Every way in which a graph can bind a symbol is found, and read back at run time."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import sympy
import torch
from torch.fx.experimental.sym_node import SymNode
from torch.fx.experimental.symbolic_shapes import (
    CallMethodKey,
    ConvertIntKey,
    DivideByKey,
    InnerTensorKey,
    guard_scalar,
)
from torch.utils._pytree import GetAttrKey, MappingKey, SequenceKey
from torch.utils._sympy.value_ranges import ValueRanges

from runtime_assert import UnplaceableObligation, insert_with_report
from runtime_assert._torch_api import raw_expr
from runtime_assert.operators import WRITTEN
from tests.runtime_assert.graphs import GraphBuilder, accepts, asserts, aten, capture, conditions

U0 = sympy.Symbol("u0", integer=True)


def test_an_input_scalar_is_preferred_to_a_size() -> None:
    made = GraphBuilder()
    size = made.size()
    tensor = made.tensor("a", size)
    made.scalar("n", size)
    value = made.unbacked()
    item = made.call(aten.item.default, (tensor,), value, u0=())
    torch._check(value <= size)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm) == ["(item <= n)"]


def test_strides_and_offsets_bind_symbols_that_no_size_has() -> None:
    def read(a: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u <= a.stride(0))
        return u

    made = GraphBuilder()
    size, stride = made.size(4), made.size(6)
    node = made.graph.placeholder("a")
    with made.mode:
        node.meta["val"] = torch.empty_strided((size, 1), (stride, 1))  # type: ignore[arg-type]
    value = made.unbacked()
    item = made.call(aten.item.default, (node,), value, u0=())
    torch._check(value <= stride)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    (check,) = asserts(gm)
    stride_node = check.args[0].args[1]  # type: ignore[union-attr]
    assert stride_node.target is aten.sym_stride.int  # type: ignore[union-attr]
    assert stride_node.args == (node, 0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        (lambda s, t: (2 * s,), "(item <= (a.size(0) // 2))"),
        (lambda s, t: (s + 1,), "(item <= (a.size(0) - 1))"),
        (lambda s, t: (3 * s + 6,), "(item <= ((a.size(0) - 6) // 3))"),
        (lambda s, t: (s * t, t), "(item <= (a.size(0) // a.size(1)))"),
        (lambda s, t: (s + t, 2 * t), "(item <= (a.size(0) - (a.size(1) // 2)))"),
    ],
)
def test_a_symbol_inside_an_expression_of_an_input_size_is_solved_for(sizes: Any, expected: str) -> None:
    made = GraphBuilder()
    size, other = made.size(4), made.size(6)
    tensor = made.tensor("a", *sizes(size, other))
    value = made.unbacked()
    item = made.call(aten.item.default, (tensor,), value, u0=())
    torch._check(value <= size)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm) == [expected]


def test_a_factor_that_may_be_zero_is_not_divided_by() -> None:
    made = GraphBuilder()
    size, count = made.size(4), made.unbacked()
    made.scalar("n", count)
    tensor = made.tensor("a", size * count)
    value = made.unbacked()
    item = made.call(aten.item.default, (tensor,), value, u1=())
    torch._check(value <= size)
    gm = made.finish(item)
    with pytest.raises(UnplaceableObligation, match="no input of this graph has"):
        insert_with_report(gm, made.env, "test", strict=True)


def test_the_size_itself_is_used_where_its_expression_is_meant() -> None:
    """An input of size 2*s0: a check on 2*s0 reads the size, not twice its half."""
    made = GraphBuilder()
    size = made.size(4)
    tensor = made.tensor("a", 2 * size)
    value = made.unbacked()
    item = made.call(aten.item.default, (tensor,), value, u0=())
    torch._check(value <= 2 * size)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm) == ["(item <= a.size(0))"]


def tensor_value(made: GraphBuilder, *sizes: Any) -> torch.Tensor:
    with made.mode:
        return torch.empty(list(sizes))


PATHS: dict[str, tuple[Any, Any]] = {
    "size": ((CallMethodKey("size"), SequenceKey(0)), lambda r: r.size(0)),
    "stride": ((CallMethodKey("stride"), SequenceKey(0)), lambda r: r.stride(0)),
    "offset": ((CallMethodKey("storage_offset"),), lambda r: r.storage_offset()),
    "other method": ((CallMethodKey("numel"),), lambda r: r.numel()),
    "divided size": ((CallMethodKey("size"), SequenceKey(0), DivideByKey(2)), lambda r: r.size(0) // 2),
    "inner tensor": ((InnerTensorKey("real"), CallMethodKey("size"), SequenceKey(0)), lambda r: r.real.size(0)),
    "attribute": ((GetAttrKey("real"), CallMethodKey("size"), SequenceKey(0)), lambda r: r.real.size(0)),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_key_path_into_a_tensor_is_followed(name: str) -> None:
    path, meaning = PATHS[name]
    made = GraphBuilder()
    source = made.tensor("a", 8)
    value = made.unbacked()
    traced = torch.empty_strided if name == "stride" else None
    with made.mode:
        result = traced((4, 2), (value, 1)) if traced else torch.empty(2 * value)  # type: ignore[arg-type]
    node = made.call(aten.nonzero.default, (source,), result, u0=path)
    torch._check(value <= 6)
    gm = made.finish(node)
    insert_with_report(gm, made.env, "test", strict=True)
    bound = asserts(gm)[-1].args[0].args[0]  # type: ignore[union-attr]
    assert evaluate(bound, node, torch.zeros(12, 1)) == meaning(torch.zeros(12, 1))


def evaluate(argument: Any, stand_in: Any, tensor: Any) -> Any:
    """Run the nodes below `argument`, with `tensor` for the node `stand_in`."""
    if argument is stand_in:
        return tensor
    if not isinstance(argument, torch.fx.Node):
        return argument
    args = [evaluate(a, stand_in, tensor) for a in argument.args]
    if argument.op == "call_method":
        return getattr(args[0], str(argument.target))(*args[1:])
    assert callable(argument.target)
    return argument.target(*args)


def test_a_path_through_a_sequence_takes_the_entry_that_the_graph_already_takes() -> None:
    made = GraphBuilder()
    source = made.tensor("a", 8)
    value = made.unbacked()
    result = (tensor_value(made, value), tensor_value(made, 8))
    path = (SequenceKey(0), CallMethodKey("size"), SequenceKey(0))
    node = made.call(torch.ops.aten._unique2.default, (source,), result, u0=path)
    entry = made.call(operator.getitem, (node, 0), result[0])
    torch._check(value >= 3)
    gm = made.finish(entry)
    insert_with_report(gm, made.env, "test", strict=True)
    (check,) = asserts(gm)
    size = check.args[0].args[0]  # type: ignore[union-attr]
    assert size.args == (entry, 0)  # type: ignore[union-attr]
    assert accepts(gm, torch.tensor([1.0, 2.0, 3.0]))
    assert not accepts(gm, torch.tensor([1.0, 1.0, 2.0]))


@pytest.mark.parametrize("spelling", ["size_method", "size_operator"])
def test_the_size_of_an_entry_that_the_graph_asks_for_already_is_asked_for_once(spelling: str) -> None:
    """A second run took the size that the first had asked for to be another one, and moved asserts about."""
    made = GraphBuilder()
    source = made.tensor("a", 8)
    values = (made.unbacked(), made.unbacked())
    result = tuple(tensor_value(made, value) for value in values)
    paths = {f"u{i}": (SequenceKey(i), CallMethodKey("size"), SequenceKey(0)) for i in range(2)}
    node = made.call(torch.ops.aten._unique2.default, (source,), result, **paths)
    sizes = []
    for index, value in enumerate(values):
        entry = made.call(operator.getitem, (node, index), result[index])
        if spelling == "size_method":
            shape = made.graph.call_method("size", (entry,))
            shape.meta["val"] = result[index].shape
            sizes.append(made.call(operator.getitem, (shape, 0), value))
        else:
            sizes.append(made.call(torch.ops.aten.sym_size.int, (entry, 0), value))
        torch._check(value >= 3 + index)
    gm = made.finish(sizes[0])
    insert_with_report(gm, made.env, "test", strict=True)
    gm.graph.lint()
    assert [check.args[0].args[0] for check in asserts(gm)] == sizes  # type: ignore[union-attr]
    text = str(gm.graph)
    insert_with_report(gm, made.env, "test", strict=True)
    assert str(gm.graph) == text


def test_a_path_through_a_mapping_is_followed() -> None:
    made = GraphBuilder()
    source = made.tensor("a", 8)
    value = made.unbacked()
    node = made.call(aten.nonzero.default, (source,), {"k": value}, u0=(MappingKey("k"),))
    torch._check(value >= 3)
    gm = made.finish(node)
    insert_with_report(gm, made.env, "test", strict=True)
    (check,) = asserts(gm)
    entry = check.args[0].args[0]  # type: ignore[union-attr]
    assert (entry.target, entry.args) == (operator.getitem, (node, "k"))  # type: ignore[union-attr]


def test_a_divisor_may_be_symbolic() -> None:
    """An operator whose result has u0 * s0 rows: u0 is the rows divided by the input's size."""
    made = GraphBuilder()
    size = made.size(4)
    source = made.tensor("a", size)
    value = made.unbacked()
    path = (CallMethodKey("size"), SequenceKey(0), DivideByKey(size))
    node = made.call(aten.nonzero.default, (source,), tensor_value(made, value * size, 1), u0=path)
    torch._check(value <= 6)
    gm = made.finish(node)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm)[-1] == "((nonzero.size(0) // a.size(0)) <= 6)"


@pytest.mark.parametrize("by_a_size", [False, True])
def test_a_size_that_a_divisor_reads_stays_as_it_is(by_a_size: bool) -> None:
    """The size call is the multiple: it is not written as the quotient times the divisor, at no run of the pass."""
    made = GraphBuilder()
    size = made.size(4)
    source = made.tensor("a", size)
    value = made.unbacked()
    divisor: Any = size if by_a_size else 2
    path = (CallMethodKey("size"), SequenceKey(0), DivideByKey(divisor))
    node = made.call(aten.nonzero.default, (source,), tensor_value(made, value * divisor, 1), u0=path)
    length = made.call(aten.sym_size.int, (node, 0), value * divisor)
    below = made.call(aten.sym_size.int, (source, 0), size) if by_a_size else 2
    quotient = made.call(operator.floordiv, (length, below), value)
    torch._check(value <= 6)
    torch._check(value * divisor + 1 <= 2 * size)
    gm = made.finish(quotient, length)
    insert_with_report(gm, made.env, "test", strict=True)
    first = [*conditions(gm), *map(str, gm.graph.nodes)]
    assert gm.graph.output_node().args[0] == (quotient, length)
    insert_with_report(gm, made.env, "test", strict=True)
    assert [*conditions(gm), *map(str, gm.graph.nodes)] == first


def test_bounds_of_a_value_that_is_read_by_dividing_its_multiple_are_one_however_they_are_written() -> None:
    """Found by the audit: among alternatives `-1 * u0 <= -8` was said of the size, and `u0 >= 8` of the quotient."""
    made = GraphBuilder()
    source = made.tensor("a", 8)
    value, other = made.unbacked(), made.unbacked()
    path = (CallMethodKey("size"), SequenceKey(0), DivideByKey(2))
    node = made.call(aten.nonzero.default, (source,), tensor_value(made, value * 2, 1), u0=path)
    item = made.call(aten.item.default, (source,), other, u1=())
    length = made.call(aten.sym_size.int, (node, 0), value * 2)
    quotient = made.call(operator.floordiv, (length, 2), value)
    negative = made.call(operator.mul, (-1, quotient), -1 * value)
    few = made.call(operator.le, (negative, -8), -1 * value <= -8)
    less = made.call(operator.lt, (quotient, item), value < other)
    either = made.call(operator.or_, (few, less), (-1 * value <= -8) | (value < other))
    made.call(torch._check, (either,), None)
    torch._check((value >= 8) | (value < other))
    gm = made.finish(quotient)
    insert_with_report(gm, made.env, "test", strict=True)
    size_is_not_negative, check = asserts(gm)
    assert (size_is_not_negative.args[0].target, check.args[0]) == (operator.ge, either)  # type: ignore[union-attr]


def test_a_truth_value_is_converted_to_the_integer_that_stands_for_it() -> None:
    made = GraphBuilder()
    source, count = made.tensor("a", 8), made.tensor("b", 8)
    value, other = made.unbacked(), made.unbacked()
    node = made.call(aten.item.default, (source,), value == 1, u0=(ConvertIntKey(),))
    number = made.call(aten.item.default, (count,), other, u1=())
    torch._check(value + other <= 5)
    gm = made.finish(node)
    insert_with_report(gm, made.env, "test", strict=True)
    (check,) = asserts(gm)
    converted, added = check.args[0].args[0].args  # type: ignore[union-attr]
    assert (converted.target, converted.args, added) == (WRITTEN["ite"][0], (node, 1, 0), number)  # type: ignore[union-attr]


def test_a_check_that_mentions_a_truth_value_that_is_an_input_is_asserted() -> None:
    """torch's pass and this one found nothing in the graph that has its number, and lost the check."""
    made = GraphBuilder()
    number, value = made.size(4), made.unbacked()
    truth = torch.SymBool(SymNode(sympy.Eq(number.node._expr, 1), made.env, bool, None))
    flag = made.scalar("flag", truth)
    item = made.call(aten.item.default, (made.tensor("a", 1),), value, u0=())
    torch._check(truth | (value > 3))
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    (check,) = asserts(gm)
    assert flag in check.args[0].args  # type: ignore[union-attr]
    accepted = [accepts(gm, given, torch.tensor([element])) for given in (True, False) for element in (3, 4)]
    assert accepted == [True, True, False, True]


def test_a_truth_value_is_asserted_as_what_it_is() -> None:
    """Found once programs read truth values: beside the user's own check of x stood one of ite(x, 1, 0) == 1."""
    made = GraphBuilder()
    first, second = made.tensor("a", 8), made.tensor("b", 8)
    value, other = made.unbacked(), made.unbacked()
    node = made.call(aten.item.default, (first,), value == 1, u0=(ConvertIntKey(),))
    opposite = made.call(aten.item.default, (second,), other == 1, u1=(ConvertIntKey(),))
    made.call(torch._check, (node,), None)
    torch._check(value == 1)
    torch._check(other != 1)
    gm = made.finish(node)
    insert_with_report(gm, made.env, "test", strict=True)
    added, own = asserts(gm)
    assert own.args[0] is node
    assert (added.args[0].target, added.args[0].args) == (WRITTEN["not"][0], (opposite,))  # type: ignore[union-attr]


def test_an_unknown_key_is_reported_by_name() -> None:
    class NewKey:
        def __repr__(self) -> str:
            return "NewKey()"

    made = GraphBuilder()
    source = made.tensor("a", 8)
    value = made.unbacked()
    node = made.call(aten.nonzero.default, (source,), tensor_value(made, value), u0=(NewKey(),))
    torch._check(value <= 6)
    gm = made.finish(node)
    with pytest.raises(UnplaceableObligation, match=r"unknown component NewKey\(\)"):
        insert_with_report(gm, made.env, "test", strict=True)


def test_a_symbol_that_a_retrace_renamed_is_known_by_its_first_name() -> None:
    made = GraphBuilder()
    source = made.tensor("a", 8)
    first = made.unbacked()
    torch._check(first <= 6)
    second = made.unbacked()
    made.env._rename_unbacked_to(second.node._expr, first.node._expr)
    item = made.call(aten.item.default, (source,), second, u1=())
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm) == ["(item <= 6)"]


def test_what_tracing_assumes_of_an_input_is_not_asserted_of_a_value_that_it_was_found_equal_to() -> None:
    """Found by the audit: a retrace that specialised the input gave the second name the range of the input alone."""
    made = GraphBuilder()
    size = made.size(5)
    source = made.tensor("a", size)
    first = made.unbacked()
    torch._check(first <= 6)
    torch._check(first == size)
    second = made.unbacked()
    made.env._rename_unbacked_to(second.node._expr, first.node._expr)
    made.env._update_var_to_range(size.node._expr, ValueRanges(5, 5))  # type: ignore[type-var]
    made.env._update_var_to_range(second.node._expr, ValueRanges(5, 5))  # type: ignore[type-var]
    item = made.call(aten.item.default, (source,), second, u1=())
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert not any("5" in condition for condition in conditions(gm))


def test_unbacked_input_sizes_count_as_bound() -> None:
    """Issue 151879."""

    def check(a: torch.Tensor) -> Any:
        torch._check(a.shape[0] >= 4)
        return a.sum()

    gm, env = capture(check, (torch.randn(5),), ((),), ((0,),))
    insert_with_report(gm, env, "test", strict=True)
    assert accepts(gm, torch.randn(4))
    assert not accepts(gm, torch.randn(3))


def test_no_assert_says_that_the_size_of_an_input_is_not_negative() -> None:
    gm, env = capture(lambda a: a.sum(), (torch.randn(5),), ((),), ((0,),))
    insert_with_report(gm, env, "test", strict=True)
    assert asserts(gm) == []


def test_sparse_inputs_bind_their_sizes() -> None:
    def check(a: torch.Tensor, x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u <= a.shape[0])
        return u

    dense = torch.eye(4)
    gm, env = capture(check, (dense, torch.tensor([3])), ((0,), ()))
    node = next(iter(gm.graph.nodes))
    with node.meta["val"].fake_mode:
        make_empty: Any = torch.sparse_coo_tensor
        node.meta["val"] = make_empty(size=(node.meta["val"].shape[0], 4), check_invariants=False)
    insert_with_report(gm, env, "test", strict=True)
    assert accepts(gm, dense.to_sparse(), torch.tensor([4]))
    assert not accepts(gm, dense.to_sparse(), torch.tensor([5]))


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("layout", [torch.sparse_csr, torch.sparse_csc])
def test_compressed_inputs_are_not_asked_for_strides(layout: torch.layout) -> None:
    made = GraphBuilder()
    node = made.graph.placeholder("s")
    node.meta["val"] = torch.empty(4, 4, layout=layout)
    source = made.tensor("a", 8)
    value = made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    torch._check(value <= 6)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm) == ["(item <= 6)"]


def test_jagged_inputs_are_passed_over() -> None:
    nested = torch.nested.nested_tensor([torch.randn(2, 3), torch.randn(4, 3)], layout=torch.jagged)
    made = GraphBuilder()
    node = made.graph.placeholder("n")
    node.meta["val"] = nested
    source = made.tensor("a", 8)
    value = made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    torch._check(value <= 6)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm) == ["(item <= 6)"]


def test_float_symbols_are_bound_and_their_bounds_kept_exact() -> None:
    """Issue 151500: bounds truncated to integers."""

    def check(x: torch.Tensor) -> Any:
        f = x.item()
        torch._check(f >= 1.5)
        torch._check(f <= 2.25)
        return x + f

    gm, env = capture(check, (torch.tensor([2.0], dtype=torch.float64),), ((),))
    insert_with_report(gm, env, "test", strict=True)
    for number, fine in ((1.5, True), (2.25, True), (1.4999, False), (2.2501, False), (float("nan"), False)):
        assert accepts(gm, torch.tensor([number], dtype=torch.float64)) == fine


def test_guards_are_never_added_by_looking_at_scalars() -> None:
    made = GraphBuilder()
    size = made.size(4)
    made.scalar("n", size)
    flag = made.scalar("flag", size > 2)
    source = made.tensor("a", 8)
    value = made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    torch._check(value <= size)
    gm = made.finish(item, flag)
    count = len(made.env.guards)
    insert_with_report(gm, made.env, "test", strict=True)
    assert len(made.env.guards) == count
    assert guard_scalar(size) == 4


def test_a_divisor_that_nothing_in_the_graph_tells_is_said_and_not_raised() -> None:
    made = GraphBuilder()
    source, unknown, value = made.tensor("a", 8), made.size(4), made.unbacked()
    item = made.call(aten.item.default, (source,), value * unknown, u0=(DivideByKey(unknown),))
    torch._check(value <= 6)
    gm = made.finish(item)
    rows = insert_with_report(gm, made.env, "test").unplaceable
    assert rows
    divisor = raw_expr(unknown)
    why = f"u0: its binding divides by {divisor}: symbol {divisor} is not bound in this graph"
    assert [row.reason for row in rows] == [why] * len(rows)
    assert asserts(gm) == []


@pytest.mark.parametrize("export", [False, True])
def test_a_divisor_is_computed_by_operators_of_the_flavour_that_is_asked_for(export: bool) -> None:
    made = GraphBuilder()
    sizes = [made.size(number) for number in (4, 5, 6)]
    source = made.tensor("a", *sizes)
    divisor, value = sizes[0] + sizes[1] + sizes[2], made.unbacked()
    item = made.call(aten.item.default, (source,), value * divisor, u0=(DivideByKey(divisor),))
    torch._check(value <= 6)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", export=export, strict=True)
    assert (torch.sym_sum in {node.target for node in gm.graph.nodes}) is not export


def test_a_size_that_only_a_guard_equates_with_an_inputs_is_read_from_that_input() -> None:
    """A tensor subclass has sizes of its own beside those of the tensor inside, and checks name either."""
    made = GraphBuilder()
    shown, other = made.size(4), made.size(4)
    tensor = made.tensor("a", shown)
    guard_scalar(shown == other)
    value = made.unbacked()
    item = made.call(aten.item.default, (tensor,), value, u0=())
    torch._check(value <= other * 2)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert conditions(gm) == ["(item <= (2 * a.size(0)))"]


def test_a_guard_that_equates_two_unknown_sizes_tells_nothing() -> None:
    made = GraphBuilder()
    shown, other, another = made.size(4), made.size(5), made.size(5)
    tensor = made.tensor("a", shown)
    guard_scalar(other == another)
    value = made.unbacked()
    item = made.call(aten.item.default, (tensor,), value, u0=())
    torch._check(value <= other)
    gm = made.finish(item)
    with pytest.raises(UnplaceableObligation, match="as a size"):
        insert_with_report(gm, made.env, "test", strict=True)
