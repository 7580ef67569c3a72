"""From a sympy expression over symbols to values over the graph's leaves, sharing what is already there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import lcm
from typing import Any

import sympy
from sympy.core.numbers import Half
from sympy.logic.boolalg import BooleanAtom

from runtime_assert import _torch_api as api
from runtime_assert.operators import FLOAT_FUNCTIONS, WRITTEN, kind_of
from runtime_assert.polynomials import polynomial
from runtime_assert.values import Argument, Value, ValueTable

# Beyond this many terms a chain of additions becomes a balanced tree, so that the metadata of the partial
# sums stays small (issue 144792: sums of hundreds of terms).
CHAIN_LIMIT = 16


class NotLowerable(Exception):
    """No operator of the table computes this expression."""


class UnboundSymbol(Exception):
    """A symbol of the expression has no value in this graph."""

    def __init__(self, symbol: sympy.Basic) -> None:
        super().__init__(f"symbol {symbol} is not bound in this graph")
        self.symbol = symbol


# Functions that one operator computes from their arguments.
_DIRECT = {
    "FloorDiv": "floordiv",
    "CleanDiv": "floordiv",
    "Mod": "mod",
    "PythonMod": "mod",
    "IntTrueDiv": "truediv",
    "FloatTrueDiv": "truediv",
    "PowByNatural": "pow",
    "FloatPow": "pow",
    "LShift": "lshift",
    "RShift": "rshift",
    "BitwiseFn_bitwise_and": "and",
    "BitwiseFn_bitwise_or": "or",
    "BitwiseFn_bitwise_xor": "xor",
    "Where": "ite",
    "RoundDecimal": "round",
    "ToFloat": "float",
    "TruncToInt": "trunc",
    "FloorToInt": "floor",
    "CeilToInt": "ceil",
    "floor": "floor",
    "ceiling": "ceil",
    "RoundToInt": "round",
    "Abs": "abs",
    "Not": "not",
    **{f"OpaqueUnaryFn_{n}": n for n in FLOAT_FUNCTIONS},
    **{n: n for n in FLOAT_FUNCTIONS},
}
_FOLDED = {"Min": "min", "Max": "max", "And": "and", "Or": "or", "Xor": "xor"}
_RELATIONS = {
    sympy.Eq: "eq",
    sympy.Ne: "ne",
    sympy.StrictLessThan: "lt",
    sympy.LessThan: "le",
    sympy.StrictGreaterThan: "gt",
    sympy.GreaterThan: "ge",
}
_MIRROR = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


class Lowering:
    """Turns expressions into values of one table. `export` picks plain binary additions over `sym_sum`."""

    def __init__(self, table: ValueTable, leaves: dict[sympy.Symbol, Value], export: bool) -> None:
        self.table = table
        self.leaves = leaves
        self.export = export
        self._memo: dict[sympy.Basic, Argument] = {}

    def remember(self, expr: sympy.Basic, value: Value) -> None:
        """Take `value` for `expr` from now on: an input whose size is 2*s0 is that size, not a product.

        What is said of it and what is said of the symbol meet in the normal form, where it is the product.
        """
        self._memo[expr] = value
        if value.expr is None:
            value.expr = expr
        if value.poly is None and value.kind == "int":
            try:
                value.poly = polynomial(self._lower(expr))
            except (UnboundSymbol, NotLowerable):
                return

    def lower(self, expr: sympy.Basic) -> Argument:
        """The value (or the Python constant) that `expr` stands for.

        Raises UnboundSymbol for a symbol without a leaf, NotLowerable for a function without an operator.
        """
        if isinstance(expr, sympy.Symbol):
            leaf = self.leaves.get(expr)
            if leaf is None:
                raise UnboundSymbol(expr)
            return leaf
        if isinstance(expr, sympy.Integer):
            return int(expr)
        found = self._memo.get(expr)
        if found is None:
            found = self._memo[expr] = self._lower(expr)
            if isinstance(found, Value) and found.expr is None:
                found.expr = expr
        return found

    def _lower(self, expr: sympy.Basic) -> Argument:
        op = _RELATIONS.get(type(expr))
        if op is not None:
            return self._relation(op, expr)
        if isinstance(expr, sympy.Number):
            return float(expr)
        if isinstance(expr, BooleanAtom):
            return bool(expr)
        if isinstance(expr, sympy.Add):
            return self._sum(expr)
        if isinstance(expr, sympy.Mul):
            return self._product(expr)
        if isinstance(expr, sympy.Pow):
            return self._power(expr)
        if isinstance(expr, sympy.Piecewise):
            return self._piecewise(expr)
        name, args = type(expr).__name__, [self.lower(a) for a in expr.args]
        if name in _DIRECT:
            return self._op(_DIRECT[name], args)
        if name in _FOLDED:
            return self._fold(_FOLDED[name], args, expr)
        if name in _SPECIAL:
            return _SPECIAL[name](self, args)
        raise NotLowerable(f"no operator computes {name}")

    def _op(self, op: str, args: Sequence[Argument]) -> Argument:
        for operand in args:
            if type(operand) is Value:
                return self.table.get(op, args)
        return WRITTEN[op][0](*args)

    def _relation(self, op: str, expr: sympy.Basic) -> Argument:
        left, right = map(self.lower, _without_fractions(*expr.args))
        if isinstance(right, Value) and not isinstance(left, Value):
            return self._op(_MIRROR[op], (right, left))
        return self._op(op, (left, right))

    def _sum(self, expr: sympy.Add) -> Argument:
        values = [self.lower(a) for a in expr.args]
        if {kind_of(value) for value in values} != {"int"}:
            # Float addition is not associative: keep the order in which the terms are listed.
            return self._fold("add", values, expr)
        if not self.export and len(values) > 2:
            return self._op("sum", values)
        plain: list[int] = []
        constants: list[int] = []
        negative: list[int] = []
        for index, term in enumerate(expr.args):
            if _is_negative(term):
                negative.append(index)
            else:
                (plain if type(values[index]) is Value else constants).append(index)
        order = [*plain, *constants, *negative]
        if len(order) > CHAIN_LIMIT:
            return self._tree(order, values, expr)
        total = values[order[0]]
        for count, index in enumerate(order[1:], start=2):
            op, value = ("sub", self.lower(-expr.args[index])) if index in negative else ("add", values[index])
            total = self._partial(op, (total, value), order[:count], expr)
        return total

    def _tree(self, order: list[int], values: list[Argument], expr: sympy.Add) -> Argument:
        """The sum of the terms in this order as a balanced tree."""
        if len(order) == 1:
            return values[order[0]]
        middle = len(order) // 2
        halves = tuple(self._tree(half, values, expr) for half in (order[:middle], order[middle:]))
        return self._partial("add", halves, order, expr)

    def _partial(self, op: str, args: tuple[Argument, ...], order: list[int], expr: sympy.Add) -> Argument:
        """What `op` makes of partial sums: the terms of `expr` at these places."""
        value = self._op(op, args)
        if type(value) is Value and value.expr is None:
            # The terms are distinct, and canonical in the order in which they stand in the whole sum: no need to run
            # sympy's flattening again.
            value.expr = sympy.Add._from_args([expr.args[index] for index in sorted(order)])
        return value

    def _product(self, expr: sympy.Mul) -> Argument:
        coefficient, *rest = expr.args
        if coefficient is sympy.S.NegativeOne:
            return self._op("neg", [self.lower(sympy.Mul(*rest))])
        return self._fold("mul", [self.lower(a) for a in expr.args], expr)

    def _power(self, expr: sympy.Pow) -> Argument:
        base, exponent = expr.args
        if isinstance(exponent, Half):
            return self._op("sqrt", [self.lower(base)])
        if exponent.is_negative:
            return self._op("truediv", [1, self.lower(sympy.Pow(base, -exponent))])
        return self._op("pow", [self.lower(base), self.lower(exponent)])

    def _fold(self, op: str, args: list[Argument], expr: sympy.Basic) -> Argument:
        total = args[0]
        for position, argument in enumerate(args[1:], start=2):
            total = self._op(op, (total, argument))
            if isinstance(total, Value) and total.expr is None:
                total.expr = expr if position == len(args) else expr.func(*expr.args[:position])
        return total

    def _piecewise(self, expr: sympy.Piecewise) -> Argument:
        *others, (last, condition) = [pair.args for pair in expr.args]
        if condition is not sympy.true:
            raise NotLowerable("a piecewise expression without a default")
        result = self.lower(last)
        for value, condition in reversed(others):
            result = self._op("ite", (self.lower(condition), self.lower(value), result))
        return result

    def _modular_indexing(self, args: list[Argument]) -> Argument:
        return self._op("mod", (self._op("floordiv", args[:2]), args[2]))

    def _identity(self, args: list[Argument]) -> Argument:
        return args[0]

    def _trunc_to_float(self, args: list[Argument]) -> Argument:
        return self._op("float", (self._op("trunc", args),))


_SPECIAL: dict[str, Callable[[Lowering, list[Argument]], Argument]] = {
    "ModularIndexing": Lowering._modular_indexing,
    "Identity": Lowering._identity,
    "TruncToFloat": Lowering._trunc_to_float,
}


def _without_fractions(lhs: Any, rhs: Any) -> tuple[Any, Any]:
    """Both sides times their denominators: exact arithmetic instead of a rounded constant."""
    factor = 1
    for term in (*sympy.Add.make_args(lhs), *sympy.Add.make_args(rhs)):
        head = term.args[0] if isinstance(term, sympy.Mul) else term
        if isinstance(head, sympy.Float):
            return lhs, rhs
        if isinstance(head, sympy.Rational):
            factor = lcm(factor, int(head.q))
    return (lhs, rhs) if factor == 1 else (sympy.expand(lhs * factor), sympy.expand(rhs * factor))


def _is_negative(term: sympy.Basic) -> bool:
    coefficient = term.args[0] if isinstance(term, sympy.Mul) else term
    return isinstance(coefficient, sympy.Integer) and bool(coefficient.is_negative)


def sympy_of(value: Argument) -> sympy.Basic:
    """The expression of a value over the symbols as first named; used for metadata only."""
    if not isinstance(value, Value):
        return sympy.sympify(value)
    if value.expr is None:
        build = _SYMPY.get(value.op)
        if build is None:
            kinds: dict[str, dict[str, bool]] = {"int": {"integer": True}, "float": {"real": True}}
            value.expr = sympy.Symbol(f"value_{value.rank}", **kinds.get(value.kind, {}))
        else:
            value.expr = build(*(sympy_of(a) for a in value.args))
    assert value.expr is not None
    return value.expr


_F = api.sympy_functions
_SYMPY: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "sum": lambda *args: sympy.Add(*args),
    "floordiv": lambda a, b: _F.FloorDiv(a, b, evaluate=False),
    "mod": lambda a, b: _F.PythonMod(a, b, evaluate=False),
    "min": lambda a, b: _F.Min(a, b),
    "max": lambda a, b: _F.Max(a, b),
    "eq": lambda a, b: sympy.Eq(a, b, evaluate=False),
    "ne": lambda a, b: sympy.Ne(a, b, evaluate=False),
    "lt": lambda a, b: sympy.Lt(a, b, evaluate=False),
    "le": lambda a, b: sympy.Le(a, b, evaluate=False),
    "gt": lambda a, b: sympy.Gt(a, b, evaluate=False),
    "ge": lambda a, b: sympy.Ge(a, b, evaluate=False),
    "ite": lambda c, a, b: sympy.Piecewise((a, c), (b, True)),
    "float": lambda a: _F.ToFloat(a),
    "trunc": lambda a: _F.TruncToInt(a),
    "floor": lambda a: _F.FloorToInt(a),
    "ceil": lambda a: _F.CeilToInt(a),
    "truediv": lambda a, b: _F.IntTrueDiv(a, b, evaluate=False),
    "round": lambda a, *n: _F.RoundDecimal(a, *n) if n else _F.RoundToInt(a),
}
