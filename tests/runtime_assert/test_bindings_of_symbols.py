"""Where each symbol of a graph is read: from which input, by which arithmetic, along which path into a result."""

from __future__ import annotations

from typing import Any

import pytest
import sympy
import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import CallMethodKey, ConvertIntKey, DivideByKey, InnerTensorKey
from torch.utils._pytree import GetAttrKey, MappingKey, SequenceKey

from runtime_assert._torch_api import make_value, sympy_functions
from runtime_assert.bindings import Bindings, bind_symbols, node_kind, symbol_kind
from runtime_assert.lowering import Lowering
from runtime_assert.values import NEVER, Value, ValueTable
from tests.runtime_assert.graphs import GraphBuilder, aten

S, T, R = (sympy.Symbol(name, integer=True, positive=True) for name in ("s0", "s1", "s2"))
U, V, OLD, OLDER = (sympy.Symbol(name, integer=True) for name in ("u0", "u1", "u9", "u8"))
Z = sympy.Symbol("zuf0", real=True)
FloorDiv = sympy_functions.FloorDiv
SIZE = (CallMethodKey("size"), SequenceKey(0))


class World(GraphBuilder):
    """A graph made by hand, whose inputs and results are symbols that the test names."""

    def __init__(self, preamble: int = -1) -> None:
        super().__init__()
        self.table = ValueTable(preamble)

    def symbolic(self, expr: Any) -> Any:
        """A symbolic value that is `expr`."""
        kind = "bool" if expr.is_Relational else "int" if expr.is_integer else "float"
        return make_value(expr, kind, self.env)

    def inputs(self, *exprs: Any) -> list[fx.Node]:
        """Scalar inputs a, b, c, ... that are these expressions."""
        return [self.scalar(name, self.symbolic(expr)) for name, expr in zip("abcdefgh", exprs, strict=False)]

    def result(self, paths: dict[Any, Any], traced: Any = None) -> fx.Node:
        """A node `r` that binds symbols along paths into its result."""
        node = self.graph.create_node("call_function", aten.nonzero.default, (), name="r")
        node.meta.update(val=traced, unbacked_bindings=paths)
        return node

    def bound(self, guards: Any = (), renamed: Any = None) -> Bindings:
        """The bindings; each node is first used five places behind it."""
        nodes = list(self.graph.nodes)
        position = {node: index for index, node in enumerate(nodes)}
        uses = {node: index + 5 for node, index in position.items()}

        def lower(found: Bindings, expr: sympy.Basic) -> Any:
            return Lowering(self.table, found.leaves, True).lower(expr)

        return bind_symbols(nodes, position, self.table, renamed or {}, lower, uses, guards)


def shown(value: Any) -> str:
    """A value by what computes it, never by its symbol."""
    if not isinstance(value, Value):
        return str(value)
    return value.args[0] if value.op == "node" else f"{value.op}({', '.join(map(shown, value.args))})"


def leaves(bindings: Bindings) -> dict[str, str]:
    return {str(symbol): shown(value) for symbol, value in bindings.leaves.items()}


def test_the_kind_of_a_node_is_that_of_its_traced_value() -> None:
    world = World()
    number, real, flag = (world.symbolic(expr) for expr in (S, Z, S > 2))
    traced = {"bool": (True, flag), "int": (3, number), "float": (2.5, real), "other": (None, torch.ones(1))}
    for kind, values in traced.items():
        assert [node_kind(world.scalar("n", value)) for value in values] == [kind, kind]
    assert (symbol_kind(S), symbol_kind(U), symbol_kind(Z)) == ("int", "int", "float")


def test_first_names_are_put_in_for_those_that_a_retrace_gave() -> None:
    renamed = Bindings({OLD: U})
    assert renamed.first_names(None) is None
    assert [renamed.first_names(expr) for expr in (OLD, U, OLD + S, V + S)] == [U, U, U + S, V + S]
    assert [Bindings({}).first_names(expr) for expr in (None, OLD, OLD + S)] == [None, OLD, OLD + S]


# From inputs.


class Shown(torch.Tensor):
    """A tensor whose sizes, strides and offset are as given, so that no guard is needed to make it."""

    parts: tuple[Any, ...]

    def size(self) -> Any:  # type: ignore[override]
        return self.parts[0]

    def stride(self) -> Any:  # type: ignore[override]
        return self.parts[1]

    def storage_offset(self) -> Any:
        return self.parts[2]


def tensor(sizes: tuple[Any, ...], strides: tuple[Any, ...] = (), offset: Any = 0) -> torch.Tensor:
    found = torch.empty(1).as_subclass(Shown)
    found.parts = (sizes, strides, offset)
    return found


def test_a_scalar_is_asked_before_a_size_before_a_stride_before_an_offset() -> None:
    world = World(2)
    world.graph.get_attr("weight")
    s, t, r = (world.symbolic(symbol) for symbol in (S, T, R))
    first, second, third = (
        world.scalar(name, tensor((4, size), (stride, 1), offset))
        for name, size, stride, offset in (("a", s, 4, t), ("b", 4, t, r), ("c", t, s, r))
    )
    scalar = world.scalar("n", s)
    bindings = world.bound()
    assert leaves(bindings) == {"s0": "n", "s1": "size(c, 1)", "s2": "storage_offset(b)"}
    assert bindings.dimensions == {S, T}
    for symbol, value in bindings.leaves.items():
        assert (value.symbol, value.expr, value.kind, value.deadline) == (symbol, symbol, "int", NEVER)
    # Nothing is known before the inputs that stand together at the beginning.
    assert [bindings.leaves[symbol].slot for symbol in (S, T, R)] == [4, 3, 2]
    for node, kind in ((first, "other"), (second, "other"), (third, "other"), (scalar, "int")):
        assert world.table.opaque(node, 0, "bool").kind == kind


@pytest.mark.filterwarnings("ignore:Sparse")
def test_a_sparse_input_is_asked_for_its_sizes_alone() -> None:
    world = World()
    world.scalar("s", torch.empty(4, 4, layout=torch.sparse_csr))
    world.inputs(S)
    assert leaves(world.bound()) == {"s0": "a"}


@pytest.mark.parametrize(
    ("exprs", "expected"),
    [
        ([S], {"s0": "a"}),
        ([2 * S], {"s0": "floordiv(a, 2)"}),
        ([S + 1], {"s0": "sub(a, 1)"}),
        ([3 * S + 6], {"s0": "floordiv(sub(a, 6), 3)"}),
        ([7 - 2 * S], {"s0": "floordiv(sub(a, 7), -2)"}),
        ([S * T, T], {"s1": "b", "s0": "floordiv(a, b)"}),
        ([2 * S * T, T], {"s1": "b", "s0": "floordiv(a, mul(2, b))"}),
        ([S + 2 * T * R, T, R], {"s1": "b", "s2": "c", "s0": "sub(a, mul(mul(2, b), c))"}),
        # What one tells, another needs, in whatever order they come.
        ([S + T, T + R, 2 * R], {"s2": "floordiv(c, 2)", "s1": "sub(b, floordiv(c, 2))", "s0": None}),
        # Neither of two unknown ones, nor what is more than once or within something else.
        ([S * T], {}),
        ([S**2], {}),
        ([S + S**2], {}),
        ([S + FloorDiv(S, 2)], {}),
        ([S + FloorDiv(T, 2), T], {"s1": "b"}),
        ([S * T**2, T], {"s1": "b"}),
        # What may be zero does not divide.
        ([S * U, U], {"u0": "b"}),
    ],
    ids=str,
)
def test_a_symbol_is_solved_for_where_an_input_shows_it_within_a_sum(
    exprs: list[Any], expected: dict[str, str | None]
) -> None:
    world = World()
    nodes = world.inputs(*exprs)
    bindings = world.bound()
    found = leaves(bindings)
    assert found == {name: found[name] if text is None else text for name, text in expected.items()}
    inputs = [world.table.opaque(node, 0, "int") for node in nodes]
    compound = [pair for pair in zip(inputs, exprs, strict=True) if not pair[1].is_Symbol]
    assert bindings.compound == compound
    assert bindings.dimensions == set()


def test_an_input_that_is_a_number_or_a_condition_says_nothing_of_a_symbol() -> None:
    world = World()
    world.inputs(S > 2, sympy.Integer(3), 2 * S)
    bindings = world.bound()
    assert leaves(bindings) == {"s0": "floordiv(c, 2)"}
    assert [expr for _, expr in bindings.compound] == [2 * S]


def test_inputs_show_what_a_retrace_renamed_under_its_first_name() -> None:
    world = World()
    world.scalar("n", tensor((world.symbolic(OLD),)))
    world.inputs(2 * OLDER)
    bindings = world.bound(renamed={OLD: U, OLDER: V})
    assert leaves(bindings) == {"u0": "size(n, 0)", "u1": "floordiv(a, 2)"}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("guards", "expected", "dimensions"),
    [
        ([(S, T)], {"s0": "size(a, 0)", "s1": "size(a, 0)"}, {S, T}),
        ([(T, R), (S, T)], {"s0": "size(a, 0)", "s1": "size(a, 0)", "s2": "size(a, 0)"}, {S, T, R}),
        ([(S, 2 * T)], {"s0": "size(a, 0)", "s1": "floordiv(size(a, 0), 2)"}, {S}),
        ([(V, T)], {"s0": "size(a, 0)", "s1": "b"}, {S}),
        ([(T, R)], {"s0": "size(a, 0)"}, {S}),
        ([(S, 4)], {"s0": "size(a, 0)"}, {S}),
    ],
)
def test_what_a_guard_equates_with_what_an_input_shows_is_read_there(
    guards: list[tuple[Any, Any]], expected: dict[str, str], dimensions: set[Any], turned: bool
) -> None:
    """A size that is the same as that of an input is never negative either."""
    world = World()
    world.scalar("a", tensor((world.symbolic(S),)))
    world.scalar("b", world.symbolic(V))
    equations: list[Any] = [sympy.Eq(*(pair[::-1] if turned else pair), evaluate=False) for pair in guards]
    bindings = world.bound([sympy.Ge(R, S), *equations, sympy.Ge(S, R)])
    assert leaves(bindings) == {**expected, "u1": "b"}
    assert bindings.dimensions == dimensions
    assert bindings.leaves[S].symbol is S


# From results.


def test_a_result_is_known_behind_its_node_and_before_its_first_use() -> None:
    world = World(4)
    made_outside = world.scalar("m", None)
    made_outside.meta["unbacked_bindings"] = {V: ()}
    world.inputs(S, sympy.Symbol("u5", integer=True))
    first, second = world.result({U: ()}), world.result({Z: ()})
    bindings = world.bound()
    found = {str(symbol): (v.kind, v.slot, v.deadline) for symbol, v in bindings.leaves.items()}
    assert found == {
        "s0": ("int", 4, NEVER),
        "u5": ("int", 4, NEVER),
        "u1": ("int", 4, NEVER),
        "u0": ("int", 3, 8),
        "zuf0": ("float", 4, 9),
    }
    assert bindings.producers == {made_outside, first, second}
    assert bindings.direct == {made_outside: bindings.leaves[V], first: bindings.leaves[U], second: bindings.leaves[Z]}
    assert list(bindings.defined) == [V, U, Z]
    # What comes in through the inputs and is made nowhere.
    assert [str(symbol) for symbol in bindings.visible] == ["u5"]


PATHS: dict[str, tuple[Any, ...]] = {
    "size(r, 0)": SIZE,
    "stride(r, 1)": (CallMethodKey("stride"), SequenceKey(1)),
    "storage_offset(r)": (CallMethodKey("storage_offset"),),
    "method:storage_offset(r, 0)": (CallMethodKey("storage_offset"), SequenceKey(0)),
    "method:numel(r)": (CallMethodKey("numel"),),
    "method:size(r)": (CallMethodKey("size"),),
    "method:crow(r, 2)": (CallMethodKey("crow"), SequenceKey(2)),
    "size(getitem(r, 1), 0)": (SequenceKey(1), *SIZE),
    "getitem(size(r, 0), 1)": (*SIZE, SequenceKey(1)),
    "getitem(r, k)": (MappingKey("k"),),
    "ite(r, 1, 0)": (ConvertIntKey(),),
    "size(getattr(r, inner), 0)": (InnerTensorKey("inner"), *SIZE),
    "size(getattr(r, real), 0)": (GetAttrKey("real"), *SIZE),
    "floordiv(size(r, 0), 2)": (*SIZE, DivideByKey(2)),
    "floordiv(method:numel(r), 2)": (CallMethodKey("numel"), DivideByKey(2)),
}


@pytest.mark.parametrize("text", PATHS)
def test_a_path_into_a_result_is_read_as_this_value(text: str) -> None:
    world = World()
    node = world.result({U: PATHS[text]})
    bindings = world.bound()
    value = bindings.leaves[U]
    assert shown(value) == text
    assert (value.kind, value.slot, value.deadline) == ("int", 0, 5)
    assert world.table.opaque(node, 9, "int").kind == ("bool" if text.startswith("ite") else "other")
    assert bindings.direct == {}
    multiple = text.startswith("floordiv")
    assert bindings.multiples == ([(value.args[0], 2 * U)] if multiple else [])


def test_a_divisor_is_read_under_its_first_name_from_what_is_bound_so_far() -> None:
    world = World()
    world.inputs(V)
    world.result({U: (*SIZE, DivideByKey(world.symbolic(OLD)))})
    bindings = world.bound(renamed={OLD: V})
    assert leaves(bindings) == {"u1": "a", "u0": "floordiv(size(r, 0), a)"}
    assert bindings.multiples == [(bindings.leaves[U].args[0], V * U)]


def test_a_result_that_an_input_shows_is_read_from_the_input() -> None:
    world = World()
    world.inputs(U)
    world.result({U: (*SIZE, DivideByKey(2))})
    bindings = world.bound()
    assert leaves(bindings) == {"u0": "a"}
    assert bindings.multiples == []
    assert bindings.visible == []


def test_a_path_that_is_not_known_is_a_fault_of_its_symbol_alone() -> None:
    world = World()
    node = world.result({OLD: ("odd",), V: SIZE})
    bindings = world.bound(renamed={OLD: U})
    assert bindings.faults == {U: "unknown component 'odd' in the path of an unbacked binding"}
    assert leaves(bindings) == {"u1": "size(r, 0)"}
    assert list(bindings.defined) == [U, V]
    assert bindings.producers == {node}


def test_what_an_input_shows_beside_a_result_is_solved_for_behind_it() -> None:
    world = World()
    world.inputs(S + U)
    world.result({U: ()})
    assert leaves(world.bound()) == {"u0": "r", "s0": "sub(a, r)"}


@pytest.mark.parametrize(
    ("path", "sizes", "offset", "expected"),
    [
        ((InnerTensorKey("inner"), *SIZE), (4, OLD), 1, "size(r, 1)"),
        ((InnerTensorKey("inner"), *SIZE), (4, 1), OLD, "storage_offset(r)"),
        ((InnerTensorKey("inner"), *SIZE), (4, 1), 0, "size(getattr(r, inner), 0)"),
        ((InnerTensorKey("inner"), *SIZE), None, 0, "size(getattr(r, inner), 0)"),
        ((CallMethodKey("stride"), SequenceKey(0)), (OLD, 1), 0, "stride(r, 0)"),
    ],
)
def test_a_size_inside_of_a_subclass_is_read_from_the_tensor_around_where_that_shows_it(
    path: Any, sizes: Any, offset: Any, expected: str
) -> None:
    world = World()
    if sizes is None:
        traced: Any = None
    else:
        *known, offset = (world.symbolic(part) if part is OLD else part for part in (*sizes, offset))
        traced = tensor(tuple(known), offset=offset)
    world.result({U: path}, traced)
    assert leaves(world.bound(renamed={OLD: U})) == {"u0": expected}
