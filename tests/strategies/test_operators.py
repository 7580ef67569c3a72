"""The operator table means one thing: in Python, sympy, torch's SymInt and the solver."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest
import sympy
import torch
from torch._dynamo.source import ConstantSource
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.utils._sympy.functions import FloorDiv, Max, Min, Mod, PythonMod

from strategies.evaluate import evaluate
from strategies.operators import OPERATORS, Operator
from strategies.terms import Apply, Const, Undefined, Value

EDGES = (0, 1, -1, 2, -2, 3, -3, 7, -7, 12, -12, 2**31, -(2**31), 2**63 - 1, -(2**63), 2**64 + 1, -(2**70))
ROWS = sorted(OPERATORS)


def operands(row: Operator) -> list[tuple[Value, ...]]:
    """Edge values in every combination (up to two operands), then random ones of every magnitude."""
    chance = random.Random(row.name)
    found: list[tuple[Value, ...]] = []
    if len(row.sorts) <= 2:
        found += product(*[EDGES if sort == "int" else (False, True) for sort in row.sorts])
    for _ in range(150):
        found.append(
            tuple(
                chance.choice((-1, 1)) * chance.getrandbits(chance.choice((3, 6, 12, 40, 80)))
                if sort == "int"
                else chance.random() < 0.5
                for sort in row.sorts
            )
        )
    return found


def by_table(row: Operator, values: tuple[Value, ...]) -> Value | None:
    """The row's own value through a term, ``None`` where it has none."""
    try:
        return evaluate(Apply(row.name, tuple(map(Const, values))), {})
    except Undefined:
        return None


PYTHON = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "neg": "-{}", "floordiv": "{} // {}", "mod": "{} % {}",
    "min": "min({}, {})", "max": "max({}, {})", "eq": "{} == {}", "ne": "{} != {}", "lt": "{} < {}", "le": "{} <= {}",
    "gt": "{} > {}", "ge": "{} >= {}", "and": "{} and {}", "or": "{} or {}", "not": "not {}",
    "ite": "{1} if {0} else {2}",
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_row_computes_what_python_computes(name: str) -> None:
    for values in operands(OPERATORS[name]):
        try:
            expected = eval(PYTHON[name].format(*(f"({value})" for value in values)))
        except ZeroDivisionError:
            expected = None
        actual = by_table(OPERATORS[name], values)
        assert (actual, type(actual)) == (expected, type(expected)), values


class Folding:
    """The solver's words over plain Python values, with SMT-LIB's division spelled out."""

    If = staticmethod(lambda condition, then, other: then if condition else other)
    And = staticmethod(lambda *parts: all(parts))
    Or = staticmethod(lambda *parts: any(parts))
    Not = staticmethod(lambda part: not part)
    BoolVal = staticmethod(bool)

    @staticmethod
    def div(a: int, b: int) -> int:
        if b == 0:
            return 4711  # SMT-LIB allows any value here: nothing may depend on it
        remainder = a % abs(b)
        return (a - remainder) // b


@pytest.mark.parametrize("name", ROWS)
def test_the_encoding_folds_to_the_same_value_and_is_defined_at_the_same_places(name: str) -> None:
    row = OPERATORS[name]
    for values in operands(row):
        expected = by_table(row, values)
        assert row.defined(Folding, *values) is (expected is not None), values
        if expected is not None:
            assert row.encode(Folding, *values) == expected, values


@pytest.mark.parametrize("name", ROWS)
def test_z3_agrees_with_the_table(name: str) -> None:
    z3 = pytest.importorskip("z3")
    row = OPERATORS[name]

    class Words:
        If, And, Or, Not, BoolVal = z3.If, z3.And, z3.Or, z3.Not, z3.BoolVal
        div = staticmethod(lambda a, b: a / b)

    for values in operands(row)[::5]:
        literals = [z3.BoolVal(value) if isinstance(value, bool) else z3.IntVal(value) for value in values]
        expected = by_table(row, values)
        assert z3.is_true(z3.simplify(row.defined(Words, *literals))) is (expected is not None), values
        if expected is not None:
            folded = z3.simplify(row.encode(Words, *literals))
            value = z3.is_true(folded) if isinstance(expected, bool) else folded.as_long()
            assert value == expected, values


SYMPY: dict[str, tuple[Any, ...]] = {
    "add": (sympy.Add,), "mul": (sympy.Mul,), "floordiv": (FloorDiv,), "mod": (PythonMod,), "min": (Min, sympy.Min),
    "max": (Max, sympy.Max), "eq": (sympy.Eq,), "ne": (sympy.Ne,), "lt": (sympy.Lt,), "le": (sympy.Le,),
    "gt": (sympy.Gt,), "ge": (sympy.Ge,), "and": (sympy.And,), "or": (sympy.Or,), "not": (sympy.Not,),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in ROWS if OPERATORS[name].sympy])
def test_the_sympy_classes_of_a_row_mean_the_same(name: str) -> None:
    row = OPERATORS[name]
    for function in SYMPY[name]:
        assert function.__name__ in row.sympy
        for values in operands(row)[::5]:
            expected = by_table(row, values)
            if expected is None:
                continue
            arguments = [sympy.true if v is True else sympy.false if v is False else sympy.Integer(v) for v in values]
            assert function(*arguments) == sympy.sympify(expected), (function, values)


def test_sympy_mod_of_torch_is_pythons_where_torch_admits_it() -> None:
    for left, right in product(range(30), range(1, 8)):
        assert Mod(sympy.Integer(left), sympy.Integer(right)) == sympy.Integer(left % right)


def symint(environment: ShapeEnv, name: str, value: int) -> Any:
    """A backed symbolic int of any sign whose hint is ``value``."""
    source = ConstantSource(name)
    symbol = environment.create_symbol(
        value, source, DimDynamic.DYNAMIC, constraint_dim=None, positive=None, do_not_specialize_zero_one=True,
        symbolic_context=StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC]),
    )  # fmt: skip
    return environment.create_symintnode(symbol, hint=value, source=source)


@pytest.mark.parametrize("name", ROWS)
def test_symint_computes_the_same(name: str) -> None:
    row = OPERATORS[name]
    chance = random.Random(name)
    small = [values for values in operands(row) if all(abs(value) < 2**20 for value in values)]
    for values in chance.sample(small, min(25, len(small))):
        expected = by_table(row, values)
        if expected is None:
            continue
        environment = ShapeEnv()
        names = {}
        for position, value in enumerate(values):
            name_here = f"p{position}"
            symbolic = symint(environment, name_here, int(value))
            names[name_here] = symbolic != 0 if isinstance(value, bool) else symbolic
        text = row.template.format(*(f"({name})" for name in names))
        actual = eval(text, {"torch": torch, **names})
        assert (bool(actual) if isinstance(expected, bool) else int(actual)) == expected, (text, values)
