"""The operator table means one thing: in Python, sympy, torch's SymInt and SymFloat, and the solver."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import sympy
import torch
import z3
from torch._dynamo.source import ConstantSource
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.utils._sympy import functions as torch_sympy
from torch.utils._sympy.functions import Mod

from properties.solver.context import Builder
from properties.solver.reals import Double
from strategies.evaluate import evaluate
from strategies.operators import APPROXIMATIONS, OPERATORS, ROWS_OF_TARGET, Operator, applied
from strategies.operators.row import always
from strategies.terms import Apply, Const, Sort, Term, Undefined, Value, Var, apply

INTS = (0, 1, -1, 2, -2, 3, -3, 7, -7, 12, -12, 2**31, -(2**31), 2**63 - 1, -(2**63), 2**64 + 1, -(2**70))
FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 3.0, 1e-310, 5e-324, 1e16, 2.0**53 + 2, 2.0**63, -1e308,
    1e308, math.inf, -math.inf, math.nan,
)  # fmt: skip
EDGES: dict[Sort, tuple[Value, ...]] = {"int": INTS, "float": FLOATS, "bool": (False, True)}
ROWS = sorted(OPERATORS)
SMALL = {"lshift": range(-1, 70), "rshift": range(-1, 70), "pow": range(-1, 12), "round_digits": range(-3, 6)}
"""Rows whose second operand stays small: the others would fill the memory, or mean nothing."""


def operands(row: Operator, count: int = 150) -> list[tuple[Value, ...]]:
    """Edge values in every combination (up to two operands), then random ones of every magnitude."""
    chance = random.Random(row.name)
    found: list[tuple[Value, ...]] = []
    if len(row.sorts) <= 2:
        found += product(*[EDGES[sort] for sort in row.sorts])
    found += [tuple(_random(chance, sort) for sort in row.sorts) for _ in range(count)]
    if row.name in SMALL:
        found = [(values[0], chance.choice(SMALL[row.name])) for values in found]
    return found


def some(row: Operator, count: int = 24) -> list[tuple[Value, ...]]:
    """A sample of the operands, the same on every run."""
    every = operands(row)
    return random.Random(f"some {row.name}").sample(every, min(count, len(every)))


def _random(chance: random.Random, sort: Sort) -> Value:
    if sort == "bool":
        return chance.random() < 0.5
    if sort == "int":
        return chance.choice((-1, 1)) * chance.getrandbits(chance.choice((3, 6, 12, 40, 80)))
    if chance.random() < 0.3:
        return chance.choice(FLOATS)
    return chance.choice((-1, 1)) * chance.random() * 10.0 ** chance.choice((-300, -5, 0, 1, 3, 15, 300))


def by_table(row: Operator, values: tuple[Value, ...]) -> Value | None:
    """The row's own value through a term, ``None`` where it has none."""
    try:
        return evaluate(Apply(row.name, tuple(map(Const, values))), {})
    except Undefined:
        return None


_ARITHMETIC = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "neg": "-{}", "floordiv": "{} // {}", "mod": "{} % {}",
    "min": "min({}, {})", "max": "max({}, {})", "abs": "abs({})", "pow": "{} ** {}",
}  # fmt: skip
_RELATIONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
PYTHON = {
    **_ARITHMETIC,
    **{f"float_{name}": text for name, text in _ARITHMETIC.items()},
    **{f"{kind}{name}": f"{{}} {sign} {{}}" for kind in ("", "float_", "mixed_") for name, sign in _RELATIONS.items()},
    **{
        f"float_{name}": f"math.{name}({{}})"
        for name in ("sqrt", "exp", "log", "log2", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan")
    },
    "and": "{} and {}", "or": "{} or {}", "not": "not {}", "ite": "{1} if {0} else {2}",
    "implies": "{1} if {0} else True",
    "float_ite": "{1} if {0} else {2}", "float_div": "{} / {}", "int_div": "{} / {}", "to_float": "float({})",
    "trunc": "int({})", "floor": "math.floor({})", "ceil": "math.ceil({})", "round": "round({})",
    "round_digits": "round({}, {})", "is_integer": "({}).is_integer()", "lshift": "{} << {}", "rshift": "{} >> {}",
    "bitand": "{} & {}", "bitor": "{} | {}", "bitxor": "{} ^ {}",
}  # fmt: skip


def literal(value: Value) -> str:
    return f'(float("{value!r}"))' if isinstance(value, float) else f"({value})"


@pytest.mark.parametrize("name", ROWS)
def test_a_row_computes_what_python_computes(name: str) -> None:
    for values in operands(OPERATORS[name]):
        try:
            expected = eval(PYTHON[name].format(*map(literal, values)), {"math": math})
        except (ArithmeticError, ValueError):
            expected = None
        if isinstance(expected, complex) or (name == "pow" and isinstance(expected, float)):
            expected = None  # not a number of the row's sort: torch refuses these as well
        actual = by_table(OPERATORS[name], values)
        assert (repr(actual), type(actual)) == (repr(expected), type(expected)), values


def test_every_approximation_of_a_row_is_explained_and_every_one_explained_is_some_rows() -> None:
    assert {row.approximation for row in OPERATORS.values()} - {""} == set(APPROXIMATIONS)


EXACT = [name for name in ROWS if not OPERATORS[name].approximation]


def _checked(row: Operator, values: tuple[Value, ...]) -> tuple[Builder, z3.Solver, Any, Any]:
    """The row over leaves that a solver knows to have ``values``: (builder, solver, result, definedness)."""
    builder = Builder()
    leaves = tuple(Var(f"x{index}", sort) for index, sort in enumerate(row.sorts))
    result, defined = builder.encode(Apply(row.name, leaves))
    solver = z3.SimpleSolver(ctx=builder.context)
    solver.set("rlimit", 400_000)
    for leaf, value in zip(leaves, values, strict=True):
        solver.add(_is(builder, builder.variables[leaf.name], value))
    return builder, solver, result, defined


def _is(builder: Builder, found: Any, value: Value) -> Any:
    if not isinstance(found, Double):
        return found == value
    wanted = builder.float_literal(float(value))
    same = z3.Or(wanted.nan, found.value == wanted.value, builder.context)
    return z3.And(found.nan == wanted.nan, same, builder.context)


@pytest.mark.parametrize("name", ROWS)
def test_the_solver_admits_what_a_row_computes(name: str) -> None:
    """Sound: whatever is proved about a row holds for its values, also where it is known approximately."""
    row = OPERATORS[name]
    for values in some(row):
        expected = by_table(row, values)
        builder, solver, result, defined = _checked(row, values)
        solver.add(builder.Not(defined) if expected is None else builder.And(defined, _is(builder, result, expected)))
        solver.add(*builder.facts())
        assert solver.check() != z3.unsat, (values, expected)


@pytest.mark.parametrize("name", EXACT)
def test_the_solver_admits_nothing_else_where_a_row_is_exact(name: str) -> None:
    row = OPERATORS[name]
    for values in some(row):
        expected = by_table(row, values)
        builder, solver, result, defined = _checked(row, values)
        solver.add(defined if expected is None else builder.Not(builder.And(defined, _is(builder, result, expected))))
        solver.add(*builder.facts())
        assert solver.check() == z3.unsat, (values, expected)


ON_LITERALS = ("float_add", "float_sub", "float_mul", "float_div", "int_div", "to_float", "lshift", "bitand")


@pytest.mark.parametrize("name", ON_LITERALS)
def test_an_approximate_row_is_exact_on_literals(name: str) -> None:
    row = OPERATORS[name]
    for values in some(row):
        expected = by_table(row, values)
        if expected is None:
            continue
        builder = Builder()
        result, _ = builder.encode(Apply(name, tuple(map(Const, values))))
        solver = z3.SimpleSolver(ctx=builder.context)
        solver.add(builder.Not(_is(builder, result, expected)), *builder.facts())
        assert solver.check() == z3.unsat, (values, expected)


def _number(value: Value) -> Any:
    if isinstance(value, bool):
        return sympy.true if value else sympy.false
    if isinstance(value, float):
        return sympy.Float(value)
    return sympy.Integer(value)


SYMPY = [(name, cls) for name in ROWS for cls in OPERATORS[name].sympy]


@pytest.mark.parametrize(("name", "cls"), SYMPY)
def test_the_sympy_classes_of_a_row_mean_the_same(name: str, cls: str) -> None:
    row = OPERATORS[name]
    function = getattr(torch_sympy, cls, None) or getattr(sympy, cls)
    compared = 0
    for values in some(row, 60):
        expected = by_table(row, values)
        # sympy has a number for an infinity and none for NaN, and no minus zero.
        plain = all(not isinstance(value, float) or math.isfinite(value) for value in (*values, expected or 0))
        if expected is None or not plain or (cls in ("Mod", "CleanDiv", "CeilDiv") and not _admitted(cls, values)):
            continue
        if cls in SATURATING and (abs(expected) >= 2**63 - 1 or values[1] > 61):
            continue
        got = function(*map(_number, values))
        compared += 1
        if isinstance(expected, float):
            assert float(got) == expected, (function, values)
        else:
            assert got == sympy.sympify(expected), (function, values)
    assert compared


SATURATING = ("PowByNatural", "LShift", "RShift")
"""torch takes a power beyond int64 for infinite, on purpose."""


def _admitted(cls: str, values: tuple[Value, ...]) -> bool:
    first, second = values
    if cls == "CleanDiv":
        return not isinstance(first, float) and first % second == 0
    return not isinstance(first, float) and first >= 0 and second > 0


def test_sympy_mod_of_torch_is_pythons_where_torch_admits_it() -> None:
    for left, right in product(range(30), range(1, 8)):
        assert Mod(sympy.Integer(left), sympy.Integer(right)) == sympy.Integer(left % right)


def symbolic(environment: ShapeEnv, name: str, value: Value) -> Any:
    """A backed SymInt of any sign, or a SymFloat, whose hint is ``value``."""
    source = ConstantSource(name)
    if isinstance(value, float):
        symbol = environment.create_unspecified_symbol(value, source, DimDynamic.DYNAMIC)
        return environment.create_symfloatnode(symbol, hint=value, source=source)
    symbol = environment.create_symbol(
        int(value), source, DimDynamic.DYNAMIC, constraint_dim=None, positive=None, do_not_specialize_zero_one=True,
        symbolic_context=StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC]),
    )  # fmt: skip
    found = environment.create_symintnode(symbol, hint=int(value), source=source)
    return found != 0 if isinstance(value, bool) else found


NOT_SYMBOLIC = {
    "float_exp": "torch has no such function of a SymFloat",
    "float_log": "torch has no such function of a SymFloat",
    "float_floordiv": "a SymFloat divides and rounds down, which differs from Python",
    "float_mod": "sympy computes the remainder of real numbers",
    "float_pow": "guards on the sign of the base",
    "round_digits": "the number of digits must be a literal",
    "pow": "guards on the sign of the exponent",
    "rshift": "guards on the sign of the shift",
    "lshift": "guards on the sign of the shift",
}


@pytest.mark.parametrize("name", [name for name in ROWS if name not in NOT_SYMBOLIC])
def test_symint_and_symfloat_compute_the_same(name: str) -> None:
    row = OPERATORS[name]
    chance = random.Random(name)
    small = [
        values
        for values in operands(row)
        if all(math.isfinite(value) and abs(value) < 2**20 and (value == 0 or abs(value) > 1e-9) for value in values)
    ]
    for values in chance.sample(small, min(25, len(small))):
        expected = by_table(row, values)
        if expected is None:
            continue
        environment = ShapeEnv()
        names = {f"p{position}": symbolic(environment, f"p{position}", value) for position, value in enumerate(values)}
        actual = eval(row.template.format(*(f"({name})" for name in names)), {"torch": torch, "math": math, **names})
        assert type(expected)(actual) == expected, (row.template, values)


def conditions() -> Iterator[tuple[Term, ...]]:
    yield from product((Const(2), Const(0.5), Var("u"), Var("f", "float")), repeat=2)


def test_an_operator_takes_operands_of_two_kinds_as_python_does() -> None:
    values = {"u": 3, "f": 2.5}
    for target, text in (("add", "+"), ("truediv", "/"), ("lt", "<"), ("eq", "==")):
        for first, second in conditions():
            term = applied(ROWS_OF_TARGET[f"_operator.{target}"], (first, second))
            assert term is not None
            expected = eval(f"{evaluate(first, values)} {text} {evaluate(second, values)}")
            assert repr(evaluate(term, values)) == repr(expected), (target, first, second)


def test_an_int_is_compared_with_a_float_by_exact_value() -> None:
    large = 2**53 + 1
    assert evaluate(apply("mixed_eq", large, float(2**53)), {}) is False
    assert evaluate(apply("mixed_gt", large, float(2**53)), {}) is True


def test_a_total_row_says_so() -> None:
    """The normal form relies on it: what has no definedness of its own has a value for all operands."""
    for row in OPERATORS.values():
        if row.defined is always:
            assert all(by_table(row, values) is not None for values in operands(row)), row.name
