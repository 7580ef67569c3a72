"""The two readers: sympy expressions and graphs mean what they compute."""

from __future__ import annotations

import math
import operator
from typing import Any

import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import fx
from torch.utils._sympy.functions import (
    BitwiseFn_bitwise_and,
    CeilToInt,
    FloatPow,
    FloatTrueDiv,
    FloorDiv,
    FloorToInt,
    IntTrueDiv,
    LShift,
    Max,
    Min,
    Mod,
    OpaqueUnaryFn_sqrt,
    PythonMod,
    RoundToInt,
    RShift,
    ToFloat,
    TruncToInt,
)
from torch.utils._sympy.interp import sympy_interp
from torch.utils._sympy.reference import PythonReferenceAnalysis

from properties.errors import Unsupported
from properties.read.bindings import Bindings, TensorLeaf
from properties.read.graph import read_asserts
from properties.read.sympy_terms import finite_bounds, term_of
from strategies.evaluate import evaluate
from strategies.terms import Const, Var, apply

X, Y = sympy.Symbol("x", integer=True), sympy.Symbol("y", integer=True)
EXPRESSIONS: list[Any] = [
    X + Y - 3,
    -2 * X + 5,
    3 * X * Y,
    X**3 - Y**2,
    FloorDiv(X, 4),
    FloorDiv(X, -3),
    PythonMod(X, 5),
    PythonMod(X, -5),
    Max(X, Y, 2),
    Min(X, 2 * Y, 7),
    sympy.Eq(X, Y + 1),
    sympy.Ne(X, 4),
    sympy.Rational(1, 2) >= X,
    X / 2 + sympy.Rational(1, 3) > Y,
    sympy.And(X > 1, Y <= 3, X < Y),
    sympy.Or(X >= 2, sympy.Not(sympy.Eq(Y, 3))),
    sympy.Piecewise((X, X > Y), (Y, X < -2), (7, True)),
]


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
@given(x=st.integers(-40, 40), y=st.integers(-40, 40))
def test_a_term_read_from_sympy_has_the_value_that_sympy_computes(expr, x, y):
    expected = expr.subs({X: x, Y: y})
    got = evaluate(term_of(expr), {"x": x, "y": y})
    assert got == (bool(expected) if expected in (sympy.true, sympy.false) else int(expected))


@given(p=st.integers(0, 50), q=st.integers(1, 9))
def test_torchs_modulus_of_natural_numbers_is_the_remainder(p, q):
    remainder: Any = Mod(sympy.Symbol("n", integer=True, nonnegative=True), sympy.Integer(q))
    assert evaluate(term_of(remainder), {"n": p}) == p % q


def test_a_function_that_is_not_in_the_table_is_refused():
    with pytest.raises(Unsupported, match="Mystery"):
        term_of(sympy.Function("Mystery")(X))


def added(*parts: Any) -> Any:
    return sympy.Add(*parts)


F, G = sympy.Symbol("zuf0"), sympy.Symbol("zf1")
FLOAT_EXPRESSIONS: list[Any] = [
    F + G - 1.5,
    2 * F,
    F >= 0.5,
    sympy.Eq(F, 1),
    ToFloat(X) >= F,
    FloatTrueDiv(F, 2.0) > G,
    CeilToInt(IntTrueDiv(X, 7)) - Y,
    added(TruncToInt(F), FloorToInt(G), RoundToInt(F * G)),
    sympy.Piecewise((F, F > 1.0), (G, True)),
    OpaqueUnaryFn_sqrt(ToFloat(X * X)),
    FloatPow(ToFloat(X * X), 0.5),
    F - G,
    -F,
    added(BitwiseFn_bitwise_and(X, 12), LShift(Y, 3), RShift(X, 2)),
    sympy.oo > F,
]


@pytest.mark.parametrize("expr", FLOAT_EXPRESSIONS, ids=str)
@given(x=st.integers(-40, 40), y=st.integers(-40, 40), f=st.floats(-50, 50), g=st.floats(-50, 50))
def test_a_term_of_floats_read_from_sympy_has_the_value_that_torch_computes(expr, x, y, f, g):
    values = {"x": x, "y": y, "zuf0": f, "zf1": g}
    # As the pass of torch's lowers an expression: by Python's own operators, operand by operand.
    names = {symbol: values[symbol.name] for symbol in expr.free_symbols}
    expected = sympy_interp(PythonReferenceAnalysis, names, expr)
    got = evaluate(term_of(expr), values)
    assert isinstance(got, float) == isinstance(expected, float)
    assert got == expected


def test_an_infinite_number_of_floats_is_read_as_one():
    assert term_of(sympy.Lt(F, sympy.oo)) == apply("float_lt", Var("zuf0", "float"), math.inf)


def test_maxsize_bounds_nothing():
    assert finite_bounds(sympy.Integer(-(2**63)), sympy.Integer(2**63 - 2)) == (None, None)
    assert finite_bounds(sympy.Integer(-5), sympy.Integer(2**63 - 3)) == (-5, 2**63 - 3)


def _graph() -> tuple[fx.Graph, Bindings, fx.Node, fx.Node]:
    graph = fx.Graph()
    tensor = graph.placeholder("a")
    source = graph.placeholder("x")
    item = graph.call_function(torch.ops.aten._local_scalar_dense.default, (source,))
    bindings = Bindings(
        {"a": TensorLeaf((Var("s0"), Const(4)), (Const(4), Const(1)), Const(0)), "x": None},
        {item.name: {(): "u0"}},
        (),
    )
    return graph, bindings, tensor, item


def _assert(graph: fx.Graph, condition: Any) -> None:
    graph.call_function(torch.ops.aten._assert_scalar.default, (condition, "message"))


def test_an_assert_is_read_from_the_leaves_and_not_from_metadata():
    graph, bindings, tensor, item = _graph()
    size = graph.call_function(torch.ops.aten.sym_size.int, (tensor, 0))
    condition = graph.call_function(operator.eq, (item, size))
    # What the pass claims of the value is a lie, and must not be believed.
    condition.meta["val"] = True
    _assert(graph, condition)
    graph.output(())
    assert [item.term for item in read_asserts(graph, bindings)] == [apply("eq", "u0", "s0")]


def test_static_sizes_size_tuples_sums_and_numel_are_read():
    graph, bindings, tensor, item = _graph()
    static = graph.call_function(torch.ops.aten.sym_size.int, (tensor, 1))
    whole = graph.call_method("size", (tensor,))
    first = graph.call_function(operator.getitem, (whole, 0))
    total = graph.call_function(torch.sym_sum, ([first, item, static],))
    numel = graph.call_function(torch.ops.aten.sym_numel.default, (tensor,))
    _assert(graph, graph.call_function(operator.le, (total, numel)))
    graph.output(())
    (found,) = read_asserts(graph, bindings)
    expected = apply("le", apply("add", apply("add", "s0", "u0"), 4), apply("mul", "s0", 4))
    assert found.term == expected


def test_an_assert_on_a_value_that_is_not_understood_has_no_term_but_a_reason():
    graph, bindings, tensor, _ = _graph()
    unique = graph.call_function(torch.ops.aten._unique2.default, (tensor,))
    size = graph.call_function(torch.ops.aten.sym_size.int, (unique, 0))
    _assert(graph, graph.call_function(operator.ge, (size, 1)))
    graph.output(())
    (found,) = read_asserts(graph, bindings)
    assert found.term is None
    assert unique.name in found.reason


def test_a_comparison_with_a_float_literal_is_read_exactly():
    graph, bindings, _, item = _graph()
    _assert(graph, graph.call_function(operator.le, (item, 0.5)))
    _assert(graph, graph.call_function(operator.gt, (3.0, item)))
    _assert(graph, graph.call_function(operator.gt, (graph.call_function(operator.mul, (item, 0.5)), 1)))
    graph.output(())
    first, second, third = read_asserts(graph, bindings)
    assert first.term == apply("le", apply("mul", 2, "u0"), 1)
    assert second.term == apply("gt", 3, "u0")
    assert third.term == apply("mixed_lt", 1, apply("float_mul", apply("to_float", "u0"), 0.5))


def test_arithmetic_of_floats_is_read_as_python_computes_it():
    graph, bindings, _, item = _graph()
    source = graph.placeholder("y")
    number = graph.call_function(torch.ops.aten._local_scalar_dense.default, (source,))
    known = Bindings({**bindings.placeholders, "y": None}, {**bindings.sources, number.name: {(): "zuf0"}}, ())
    half = graph.call_function(operator.truediv, (item, 2))
    _assert(graph, graph.call_function(operator.lt, (number, half)))
    _assert(graph, graph.call_function(operator.eq, (graph.call_function(math.floor, (number,)), item)))
    _assert(graph, graph.call_function(operator.ge, (number, item)))
    graph.output(())
    leaf = Var("zuf0", "float")
    assert [found.term for found in read_asserts(graph, known)] == [
        apply("float_lt", leaf, apply("int_div", "u0", 2)),
        apply("eq", apply("floor", leaf), "u0"),
        apply("mixed_le", "u0", leaf),
    ]


def test_the_offset_of_a_view_that_starts_at_a_run_time_value_is_a_leaf():
    graph, bindings, tensor, item = _graph()
    view = graph.call_function(torch.ops.aten.narrow.default, (tensor, 0, item, 1))
    offset = graph.call_function(torch.ops.aten.sym_storage_offset.default, (view,))
    _assert(graph, graph.call_function(operator.ge, (offset, 0)))
    graph.output(())
    known = Bindings(bindings.placeholders, {**bindings.sources, view.name: {("storage_offset",): "u1"}}, ())
    assert [found.term for found in read_asserts(graph, known)] == [apply("ge", "u1", 0)]


def test_a_literal_condition_is_read():
    graph, bindings, _, _ = _graph()
    _assert(graph, False)
    graph.output(())
    assert [item.term for item in read_asserts(graph, bindings)] == [Const(False)]


def _on_the_device(assertion: Any, number: Any) -> Any:
    return lambda graph, condition: graph.call_function(assertion, (graph.call_function(number, (condition,)), "m"))


WAYS_TO_ASSERT: dict[str, Any] = {
    "torch._assert": lambda graph, condition: graph.call_function(torch._assert, (condition, "m")),
    "torch._check": lambda graph, condition: graph.call_function(torch._check, (), {"cond": condition}),
    "torch._check_value": lambda graph, condition: graph.call_function(torch._check_value, (condition,)),
    "torch._check_with": lambda graph, condition: graph.call_function(torch._check_with, (ValueError, condition, str)),
    "aten._assert_async": _on_the_device(torch.ops.aten._assert_async.msg, torch.ops.aten.scalar_tensor.default),
    "torch._assert_async": _on_the_device(vars(torch)["_assert_async"], torch.tensor),
    "bool": lambda graph, condition: _assert(graph, graph.call_function(bool, (condition,))),
    "truth": lambda graph, condition: _assert(graph, graph.call_function(operator.truth, (condition,))),
    "not not": lambda graph, condition: _assert(
        graph, graph.call_function(operator.not_, (graph.call_function(torch.sym_not, (condition,)),))
    ),
    "== True": lambda graph, condition: _assert(graph, graph.call_function(operator.eq, (condition, True))),
    "as int": lambda graph, condition: _assert(graph, graph.call_function(torch.sym_int, (condition,))),
    "truths chosen": lambda graph, condition: _assert(
        graph, graph.call_function(torch.sym_ite, (condition, True, False))
    ),
}


@pytest.mark.parametrize("way", WAYS_TO_ASSERT.values(), ids=WAYS_TO_ASSERT)
def test_a_condition_is_read_however_it_is_asserted(way):
    graph, bindings, _, item = _graph()
    way(graph, graph.call_function(operator.ge, (item, 4)))
    graph.output(())
    (found,) = read_asserts(graph, bindings)
    assert found.term is not None, found.reason
    assert {value for value in range(-9, 9) if evaluate(found.term, {"u0": value})} == set(range(4, 9))


def test_an_assert_about_the_data_of_a_tensor_is_an_operator():
    graph, bindings, tensor, _ = _graph()
    graph.call_function(torch.ops.aten._assert_async.msg, (tensor, "m"))
    graph.output(())
    assert read_asserts(graph, bindings) == ()
