"""Every operator that is lowered computes what sympy and torch mean by it, on values that include negatives."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any, cast

import pytest
import sympy
import torch
from torch import fx
from torch.utils._sympy import functions as F

from runtime_assert import insert_with_report
from runtime_assert.lowering import Lowering, NotLowerable, UnboundSymbol
from runtime_assert.operators import FLOAT_FUNCTIONS, WRITTEN
from runtime_assert.values import Argument, Value, ValueTable

P: Any = sympy.Symbol("u0", integer=True)
Q: Any = sympy.Symbol("u1", integer=True)
X: Any = sympy.Symbol("zuf0", real=True)
Y: Any = sympy.Symbol("zuf1", real=True)


def lowering(export: bool = True) -> Lowering:
    """Four leaves, as placeholders of a graph would give them."""
    table, graph = ValueTable(-1), fx.Graph()
    leaves = {}
    for symbol in (P, Q, X, Y):
        value = table.opaque(graph.placeholder(symbol.name), -1, "int" if symbol.is_integer else "float")
        value.symbol, value.expr = symbol, symbol
        leaves[symbol] = value
    return Lowering(table, leaves, export)


def run(value: Argument, known: dict[sympy.Symbol, Any]) -> Any:
    """What the nodes of a value would compute, by the functions that would be written into the graph."""
    if not isinstance(value, Value):
        return value
    if value.symbol is not None:
        return known[value.symbol]
    args = [run(a, known) for a in value.args]
    target = WRITTEN[value.op][0]
    return target(args) if value.op == "sum" else target(*args)


INTEGER: dict[str, tuple[Any, Callable[[int, int], Any]]] = {
    "floordiv": (F.FloorDiv(P, Q), lambda p, q: p // q),
    "floordiv by -2": (F.FloorDiv(P, -2), lambda p, q: p // -2),
    "cleandiv": (F.CleanDiv(P, 3), lambda p, q: p // 3),
    "mod": (F.PythonMod(P, Q), lambda p, q: p % q),
    "modular indexing": (F.ModularIndexing(P, 2, 5), lambda p, q: (p // 2) % 5),
    "sum": (P + 2 * Q - 3, lambda p, q: p + 2 * q - 3),
    "difference": (Q - P, lambda p, q: q - p),
    "negative": (-P, lambda p, q: -p),
    "only negatives": (-P - Q - 1, lambda p, q: -p - q - 1),
    "product": (-6 * P * Q, lambda p, q: -6 * p * q),
    "square": (P**2, lambda p, q: p * p),
    "min": (F.Min(P, Q, 4), lambda p, q: min(p, q, 4)),
    "max": (F.Max(P, Q, 4), lambda p, q: max(p, q, 4)),
    "abs": (sympy.Abs(P), lambda p, q: abs(p)),
    "true division": (F.IntTrueDiv(P, Q), lambda p, q: p / q),
    "to float": (F.ToFloat(P), lambda p, q: float(p)),
    "trunc": (F.TruncToInt(F.IntTrueDiv(P, Q)), lambda p, q: math.trunc(p / q)),
    "ceil": (F.CeilToInt(F.IntTrueDiv(P, Q)), lambda p, q: math.ceil(p / q)),
    "floor": (F.FloorToInt(F.IntTrueDiv(P, Q)), lambda p, q: math.floor(p / q)),
    "round": (F.RoundToInt(F.IntTrueDiv(P, Q)), lambda p, q: round(p / q)),
    "round decimal": (F.RoundDecimal(F.IntTrueDiv(P, Q), 1), lambda p, q: round(p / q, 1)),
    "trunc to float": (F.TruncToFloat(F.IntTrueDiv(P, Q)), lambda p, q: float(math.trunc(p / q))),
    "piecewise": (sympy.Piecewise((P, sympy.Gt(Q, 0)), (Q, True)), lambda p, q: p if q > 0 else q),
    "where": (F.Where(sympy.Gt(Q, 0), P, Q), lambda p, q: p if q > 0 else q),
    "eq": (sympy.Eq(P, Q), lambda p, q: p == q),
    "ne": (sympy.Ne(P, Q), lambda p, q: p != q),
    "lt": (sympy.Lt(P, Q), lambda p, q: p < q),
    "le": (sympy.Le(P, Q), lambda p, q: p <= q),
    "gt": (sympy.Gt(P, Q), lambda p, q: p > q),
    "ge": (sympy.Ge(P, Q), lambda p, q: p >= q),
    "constant first": (sympy.Le(3, 2 * P, evaluate=False), lambda p, q: 2 * p >= 3),
    "not": (
        sympy.Not(sympy.Or(cast("Any", sympy.Gt(P, 1)), cast("Any", sympy.Eq(Q, 2))), evaluate=False),
        lambda p, q: not (p > 1 or q == 2),
    ),
    "and": (sympy.And(sympy.Gt(P, 1), sympy.Gt(Q, 2)), lambda p, q: p > 1 and q > 2),
    "or": (sympy.Or(sympy.Gt(P, 1), sympy.Gt(Q, 2)), lambda p, q: p > 1 or q > 2),
    "half": (sympy.Le(P / 2 + Q, 3), lambda p, q: p + 2 * q <= 6),
    "third": (sympy.Eq(P / 3, Q), lambda p, q: p == 3 * q),
    "infinite": (sympy.Lt(P, sympy.oo, evaluate=False), lambda p, q: True),
}


@pytest.mark.parametrize("export", [False, True])
@pytest.mark.parametrize("name", INTEGER)
def test_integer_operators_compute_what_they_mean(name: str, export: bool) -> None:
    expr, meaning = INTEGER[name]
    value = lowering(export).lower(expr)
    numbers = random.Random(name)
    for _ in range(60):
        p, q = numbers.randint(-12, 12), numbers.choice([-5, -3, -2, -1, 1, 2, 3, 7])
        assert run(value, {P: p, Q: q}) == meaning(p, q), (p, q)


FLOATING: dict[str, tuple[Any, Callable[[float, float], Any]]] = {
    "sum": (X + Y, lambda x, y: x + y),
    "product": (2.5 * X, lambda x, y: 2.5 * x),
    "division": (F.FloatTrueDiv(X, Y), lambda x, y: x / y),
    "power": (F.FloatPow(X, 2.0), lambda x, y: x**2.0),
    "bound": (sympy.Ge(X, 1.5), lambda x, y: x >= 1.5),
    "comparison": (sympy.Lt(X, Y), lambda x, y: x < y),
    "trunc": (F.TruncToInt(X), lambda x, y: math.trunc(x)),
    "ceil": (F.CeilToInt(X), lambda x, y: math.ceil(x)),
    "floor": (F.FloorToInt(X), lambda x, y: math.floor(x)),
    "round": (F.RoundToInt(X), lambda x, y: round(x)),
    "mixed": (sympy.Eq(F.ToFloat(P), X), lambda x, y: x == 2.0),
}


@pytest.mark.parametrize("name", FLOATING)
def test_float_operators_compute_what_they_mean(name: str) -> None:
    expr, meaning = FLOATING[name]
    value = lowering().lower(expr)
    for x in (-2.5, -0.5, -0.0, 0.5, 1.5, 2.0, 1e300, 2.0000000000000004):
        for y in (-3.25, 0.1, 2.0):
            try:
                expected = meaning(x, y)
            except OverflowError:
                with pytest.raises(OverflowError):
                    run(value, {P: 2, X: x, Y: y})
                continue
            assert run(value, {P: 2, X: x, Y: y}) == expected, (x, y)


def test_nan_fails_a_bound_as_it_does_in_python() -> None:
    value = lowering().lower(sympy.Ge(X, 1.5))
    assert run(value, {X: math.nan}) is False


@pytest.mark.parametrize("name", FLOAT_FUNCTIONS)
def test_functions_of_floats_are_lowered_under_torchs_names(name: str) -> None:
    opaque = getattr(F, f"OpaqueUnaryFn_{name}")
    value = lowering().lower(opaque(X))
    assert run(value, {X: 0.5}) == pytest.approx(getattr(math, name)(0.5))


def test_a_square_root_written_as_a_power_is_lowered() -> None:
    value = lowering().lower(sympy.Pow(X, sympy.Rational(1, 2), evaluate=False))
    assert run(value, {X: 6.25}) == 2.5


def test_equal_expressions_are_one_value() -> None:
    found: Any = lowering()
    assert found.lower(P + 1) is found.lower(1 + P)
    assert found.lower(F.Min(P, Q)) is found.lower(F.Min(Q, P))


def test_three_and_three_point_zero_are_one_operand_of_a_float_operator() -> None:
    found = lowering()
    x = found.leaves[X]
    assert found.table.get("truediv", (x, 3)) is found.table.get("truediv", (x, 3.0))
    assert found.table.get("pow", (x, 2)) is found.table.get("pow", (x, 2.0))
    assert found.table.get("lt", (x, 2**60 + 1)) is not found.table.get("lt", (x, float(2**60 + 1)))


def test_a_chain_of_hundreds_of_terms_becomes_a_balanced_tree() -> None:
    table, graph = ValueTable(-1), fx.Graph()
    symbols = [sympy.Symbol(f"u{i}", integer=True) for i in range(300)]
    leaves = {s: table.opaque(graph.placeholder(s.name), -1, "int") for s in symbols}
    for symbol, leaf in leaves.items():
        leaf.symbol = symbol
    value = Lowering(table, leaves, True).lower(sympy.Add(*symbols) - 7)
    assert run(value, {s: i for i, s in enumerate(symbols)}) == sum(range(300)) - 7
    depth, level = 0, [value]
    while level:
        level = [a for v in level if isinstance(v, Value) for a in v.args if isinstance(a, Value)]
        depth += 1
    assert depth <= 12


@pytest.mark.parametrize("denominator", [2, 3, -4])
def test_a_bound_that_is_a_fraction_is_compared_exactly(denominator: int) -> None:
    """sympy divides a bound of 2*p by 2. As a float, this one would round."""
    limit = sympy.Rational(10**17 + 1, denominator)
    for relation in (sympy.Le, sympy.Gt):
        value = lowering().lower(relation(P, limit, evaluate=False))
        for number in (int(limit) - 1, int(limit), int(limit) + 1):
            assert run(value, {P: number}) == bool(relation(number, limit))


def test_an_unbound_symbol_is_named() -> None:
    with pytest.raises(UnboundSymbol, match="u7"):
        lowering().lower(sympy.Symbol("u7", integer=True) + P)


def test_a_function_without_an_operator_is_named() -> None:
    indicator: Any = F.IsNonOverlappingAndDenseIndicator(P, Q, P, Q)
    with pytest.raises(NotLowerable, match="IsNonOverlappingAndDenseIndicator"):
        lowering().lower(indicator)


def test_what_torch_skips_is_asserted() -> None:
    """Conversions to float, truncation, ceilings: torch's pass leaves such asserts out without a word."""
    from tests.runtime_assert.graphs import accepts, capture

    def floats(x: torch.Tensor) -> Any:
        u: Any = x.item()
        torch._check(math.ceil(u / 4) <= 3)
        torch._check(cast("Any", torch.sym_float(u)) * 0.5 >= 1.25)
        return u

    gm, env = capture(floats, (torch.tensor([9]),), ((),))
    report = insert_with_report(gm, env, "test", strict=True)
    assert len(report.emitted) == 2
    assert accepts(gm, torch.tensor([12]))
    assert not accepts(gm, torch.tensor([13]))
    assert not accepts(gm, torch.tensor([2]))
