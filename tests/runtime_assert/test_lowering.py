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
from torch.utils._sympy.numbers import int_oo

from runtime_assert import insert_with_report
from runtime_assert.lowering import CHAIN_LIMIT, Lowering, NotLowerable, UnboundSymbol, sympy_of
from runtime_assert.operators import FLOAT_FUNCTIONS, WRITTEN
from runtime_assert.values import Argument, Value, ValueTable, in_order

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
    "above all": (sympy.Gt(P, -int_oo, evaluate=False), lambda p, q: True),
    "never": (sympy.Ge(P, int_oo, evaluate=False), lambda p, q: False),
    "identity": (F.Identity(P + Q), lambda p, q: p + q),
    "reciprocal": (sympy.Pow(Q, -2), lambda p, q: 1 / (q * q)),
    "fractions": (sympy.Eq(P / 4 + sympy.Rational(1, 2), Q / 6), lambda p, q: 3 * p + 6 == 2 * q),
    "logic": (sympy.Or(sympy.And(sympy.Gt(P, 1), True), False), lambda p, q: p > 1),
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


@pytest.mark.parametrize("export", [False, True])
@pytest.mark.parametrize("name", INTEGER)
def test_a_value_is_known_under_the_expression_that_it_was_lowered_from(name: str, export: bool) -> None:
    """So is every value on the way to it, under a part of the expression: both become metadata of nodes."""
    expr, _ = INTEGER[name]
    value = lowering(export).lower(expr)
    if not isinstance(value, Value):
        assert not expr.free_symbols or name in ("infinite", "above all", "never")
        return
    assert value.expr is not None
    if name not in ("identity", "logic"):
        assert value.expr == expr
    numbers: dict[Any, Any] = {P: -7, Q: 4}
    for part in in_order(value, lambda _: False):
        found: Any = sympy_of(part)
        assert type(run(part, numbers))(found.subs(numbers)) == run(part, numbers), part
        if found.args and found != expr:
            assert found == found.func(*found.args)


# What is computed, where there is a choice; as it is exported, and as it is compiled.
SPELLED: dict[str, tuple[Any, str, str]] = {
    "constant behind": (P + 3, "add(u0, 3)", "add(u0, 3)"),
    "subtracted": (P - Q, "sub(u0, u1)", "sub(u0, u1)"),
    "number subtracted": (P - 3, "sub(u0, 3)", "sub(u0, 3)"),
    "number of one": (P + 1, "add(u0, 1)", "add(u0, 1)"),
    "multiple subtracted": (Q - 2 * P, "sub(u1, mul(2, u0))", "sub(u1, mul(2, u0))"),
    "three": (P - Q + 3, "sub(add(u0, 3), u1)", "sum(3, u0, neg(u1))"),
    "negatives": (-P - Q - 1, "sub(sub(-1, u0), u1)", "sum(-1, neg(u0), neg(u1))"),
    "two negatives": (-P - Q, "sub(neg(u0), u1)", "sub(neg(u0), u1)"),
    "product": (2 * P * Q, "mul(mul(2, u0), u1)", "mul(mul(2, u0), u1)"),
    "negative product": (-P * Q, "neg(mul(u0, u1))", "neg(mul(u0, u1))"),
    "floats": (X + Y + 2.5, "add(add(2.5, zuf0), zuf1)", "add(add(2.5, zuf0), zuf1)"),
    "least": (F.Min(P, Q, 4), "min(min(4, u0), u1)", "min(min(4, u0), u1)"),
    "constant left": (sympy.Lt(3, P, evaluate=False), "gt(u0, 3)", "gt(u0, 3)"),
    "factors kept": (sympy.Le(P * (Q + 1), 3), "le(mul(u0, add(u1, 1)), 3)", "le(mul(u0, add(u1, 1)), 3)"),
    "halves": (sympy.Le(P / 2, Q), "le(u0, mul(2, u1))", "le(u0, mul(2, u1))"),
    "half beside": (sympy.Le(P, Q / 2), "le(mul(2, u0), u1)", "le(mul(2, u0), u1)"),
    "quarters": (sympy.Le(P / 4, Q / 6), "le(mul(3, u0), mul(2, u1))", "le(mul(3, u0), mul(2, u1))"),
    "rounded": (sympy.Le(P / 2, 2.5 * X), "le(mul(0.5, u0), mul(2.5, zuf0))", "le(mul(0.5, u0), mul(2.5, zuf0))"),
}


@pytest.mark.parametrize("name", SPELLED)
def test_an_expression_is_computed_as_it_reads(name: str) -> None:
    expr, exported, compiled = SPELLED[name]
    assert (repr(lowering(True).lower(expr)), repr(lowering(False).lower(expr))) == (exported, compiled)


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
    unbound: Any = sympy.Symbol("u7", integer=True)
    for expr in (unbound, unbound + P, sympy.Gt(unbound, 2)):
        with pytest.raises(UnboundSymbol, match=r"^symbol u7 is not bound in this graph$") as caught:
            lowering().lower(expr)
        assert caught.value.symbol is unbound


def test_a_choice_without_a_last_resort_is_not_lowered() -> None:
    with pytest.raises(NotLowerable, match=r"^a piecewise expression without a default$"):
        lowering().lower(sympy.Piecewise((P, sympy.Gt(Q, 0))))


@pytest.mark.parametrize("expr", [P + Q, P * Q, F.Min(P, Q), sympy.Gt(P, Q), F.FloorDiv(P, Q)])
def test_the_expression_under_which_a_value_is_known_already_is_kept(expr: Any) -> None:
    first = lowering()
    known: Any = first.lower(expr)
    known.expr = P
    again = Lowering(first.table, first.leaves, True)
    assert again.lower(expr) is known
    assert known.expr is P


def chain(count: int) -> tuple[Value, int]:
    """The sum of so many symbols, and how deep it is."""
    table, graph = ValueTable(-1), fx.Graph()
    symbols: list[Any] = [sympy.Symbol(f"v{i:02}", integer=True) for i in range(count)]
    leaves = {s: table.opaque(graph.placeholder(s.name), -1, "int") for s in symbols}
    for symbol, leaf in leaves.items():
        leaf.symbol = leaf.expr = symbol
    value: Any = Lowering(table, leaves, True).lower(sympy.Add(*symbols))
    assert value.expr == sympy.Add(*symbols)
    assert run(value, {s: 2**i for i, s in enumerate(symbols)}) == 2**count - 1
    depth, level = 0, [value]
    while level := [a for v in level for a in v.args if isinstance(a, Value)]:
        depth += 1
    return value, depth


@pytest.mark.parametrize(
    ("count", "depth"), [(CHAIN_LIMIT, CHAIN_LIMIT - 1), (CHAIN_LIMIT + 1, 5), (32, 5), (33, 6), (64, 6)]
)
def test_a_sum_of_more_terms_than_a_chain_may_have_is_as_flat_as_can_be(count: int, depth: int) -> None:
    value, found = chain(count)
    assert found == depth
    for part in in_order(value, lambda part: part.op != "add"):
        expr: Any = part.expr  # known at once: nobody had to ask
        assert expr == sympy.Add(*expr.args)
        assert expr.is_commutative


def test_what_is_made_of_constants_alone_is_a_constant() -> None:
    found = lowering()
    assert [found.lower(truth) for truth in (sympy.true, sympy.false)] == [True, False]
    assert found.lower(sympy.Lt(2, 3, evaluate=False)) is True
    assert found.lower(F.FloorDiv(7, 2, evaluate=False)) == 3  # type: ignore[call-arg]


# Inputs that are an expression.


def test_what_is_remembered_for_an_expression_is_taken_for_it_and_known_as_what_it_is() -> None:
    found = lowering()
    size = found.table.opaque(fx.Graph().placeholder("size"), -1, "int")
    found.remember(2 * P, size)
    assert found.lower(2 * P) is size
    assert size.expr == 2 * P
    assert size.poly == {(found.leaves[P],): 2}
    other: Any = found.lower(2 * P + 1)
    assert other.args == (size, 1)


def test_a_value_that_is_remembered_twice_is_known_as_what_it_was_first() -> None:
    found = lowering()
    size = found.table.opaque(fx.Graph().placeholder("size"), -1, "int")
    found.remember(2 * P, size)
    found.remember(Q + 3, size)
    assert found.lower(Q + 3) is found.lower(2 * P) is size
    assert (size.expr, size.poly) == (2 * P, {(found.leaves[P],): 2})


def test_only_integers_have_a_normal_form() -> None:
    found = lowering()
    scalar = found.table.opaque(fx.Graph().placeholder("scalar"), -1, "float")
    found.remember(2 * X, scalar)
    assert (scalar.expr, scalar.poly) == (2 * X, None)


@pytest.mark.parametrize(
    "expr", [sympy.Symbol("u7", integer=True) * 2, F.IsNonOverlappingAndDenseIndicator(P, Q, P, Q)]
)
def test_what_cannot_be_computed_otherwise_is_remembered_all_the_same(expr: Any) -> None:
    found = lowering()
    size = found.table.opaque(fx.Graph().placeholder("size"), -1, "int")
    found.remember(expr, size)
    assert found.lower(expr) is size
    assert size.poly is None


# Expressions for metadata.


def test_the_expression_of_a_constant_is_the_constant() -> None:
    assert sympy_of(3) == sympy.Integer(3)
    assert sympy_of(2.5) == sympy.Float(2.5)
    assert sympy_of(True) is sympy.true


def test_the_expression_of_a_value_is_made_of_those_of_its_operands_and_kept() -> None:
    found = lowering()
    p, q = found.leaves[P], found.leaves[Q]
    value = found.table.get("floordiv", (found.table.get("sub", (p, q)), 2))
    assert sympy_of(value) == F.FloorDiv(P - Q, 2, evaluate=False)  # type: ignore[call-arg]
    assert sympy_of(value) is value.expr
    value.expr = P
    assert sympy_of(value) is P


@pytest.mark.parametrize(
    ("kind", "integer", "real"), [("int", True, True), ("float", None, True), ("bool", None, None)]
)
def test_a_value_without_an_expression_is_a_symbol_of_its_own(kind: Any, integer: Any, real: Any) -> None:
    found = lowering()
    value = found.table.opaque(fx.Graph().placeholder("x"), -1, kind)
    symbol: Any = sympy_of(value)
    assert isinstance(symbol, sympy.Symbol)
    assert (symbol.name, symbol.is_integer, symbol.is_real) == (f"value_{value.rank}", integer, real)
    assert value.expr is symbol


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
