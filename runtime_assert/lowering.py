"""From a sympy expression over symbols to values over the graph's leaves, sharing what is already there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf, lcm
from typing import Any

import sympy
from sympy.core.numbers import Half
from sympy.logic.boolalg import BooleanAtom

from runtime_assert import _torch_api as api
from runtime_assert.operators import FLOAT_FUNCTIONS, WRITTEN, kind_of
from runtime_assert.polynomials import polynomial, total_of
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


_BINARY = {
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
    "Equality": "eq",
    "Unequality": "ne",
    "StrictLessThan": "lt",
    "LessThan": "le",
    "StrictGreaterThan": "gt",
    "GreaterThan": "ge",
}
_RELATIONS = frozenset({"Equality", "Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan"})
_UNARY = {
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
_BOUND_TYPES = {
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
        if type(expr) in _BOUND_TYPES:
            bound = self._bound(expr)
            if bound is not None:
                return bound
        found = self._memo.get(expr)
        if found is None:
            found = self._memo[expr] = self._lower(expr)
            if isinstance(found, Value) and found.expr is None:
                found.expr = expr
        return found

    def _lower(self, expr: sympy.Basic) -> Argument:
        name = type(expr).__name__
        if name in _RELATIONS:
            return self._relation(_BINARY[name], expr)
        if isinstance(expr, sympy.Number):
            return _number(expr)
        if isinstance(expr, BooleanAtom):
            return bool(expr)
        if isinstance(expr, sympy.Add):
            return self._sum(expr)
        if isinstance(expr, sympy.Mul):
            return self._product(expr)
        if isinstance(expr, sympy.Pow):
            return self._power(expr)
        args = [] if isinstance(expr, sympy.Piecewise) else [self.lower(a) for a in expr.args]
        if name in _BINARY:
            return self._op(_BINARY[name], args)
        if name in _UNARY:
            return self._op(_UNARY[name], args)
        if name in _FOLDED:
            return self._fold(_FOLDED[name], args, expr)
        special = _SPECIAL.get(name)
        if special is None:
            raise NotLowerable(f"no operator computes {name}")
        return special(self, expr, args)

    def _op(self, op: str, args: Iterable[Argument]) -> Argument:
        operands = args if type(args) is tuple or type(args) is list else list(args)
        for operand in operands:
            if type(operand) is Value:
                return self.table.get(op, operands)
        return WRITTEN[op][0](*operands)

    def _bound(self, expr: sympy.Basic) -> Value | None:
        """A symbol compared with an integer, the most frequent condition; None for anything else."""
        lhs, rhs = expr.args
        op = _BOUND_TYPES[type(expr)]
        if isinstance(lhs, sympy.Integer):
            lhs, rhs, op = rhs, lhs, _MIRROR[op]
        if type(lhs) is not sympy.Symbol or not isinstance(rhs, sympy.Integer):
            return None
        leaf = self.leaves.get(lhs)
        if leaf is None:
            raise UnboundSymbol(lhs)
        value = self.table.get(op, (leaf, int(rhs)), "bool")
        if value.expr is None:
            value.expr = expr
        return value

    def _relation(self, op: str, expr: sympy.Basic) -> Argument:
        lhs, rhs = expr.args
        if isinstance(lhs, sympy.Integer):
            lhs, rhs, op = rhs, lhs, _MIRROR[op]
        if not (lhs.is_Atom and rhs.is_Atom) or _is_fraction(lhs) or _is_fraction(rhs):
            lhs, rhs = _without_fractions(lhs, rhs)
        left, right = self.lower(lhs), self.lower(rhs)
        if isinstance(right, Value) and not isinstance(left, Value):
            return self._op(_MIRROR[op], (right, left))
        return self._op(op, (left, right))

    def _sum(self, expr: sympy.Add) -> Argument:
        terms = [(self.lower(a), a) for a in expr.args]
        if {kind_of(value) for value, _ in terms} != {"int"}:
            # Float addition is not associative: keep the order in which the terms are listed.
            return self._fold("add", [value for value, _ in terms], expr)
        if not self.export and len(terms) > 2:
            return self._op("sum", [value for value, _ in terms])
        plain, constants, negative = [], [], []
        for item in terms:
            value, term = item
            if type(term) is not sympy.Symbol and _is_negative(term):
                negative.append(item)
            else:
                (plain if type(value) is Value else constants).append(item)
        plain += constants
        if len(terms) > CHAIN_LIMIT:
            return self._tree([*plain, *negative])
        if not plain:
            plain, negative = negative[:1], negative[1:]
        total, seen = plain[0][0], [plain[0][1]]
        for value, term in plain[1:]:
            seen.append(term)
            total = self._partial("add", (total, value), seen)
        for _, term in negative:
            seen.append(term)
            total = self._partial("sub", (total, self.lower(-term)), seen)
        return total

    def _tree(self, terms: list[tuple[Argument, Any]]) -> Argument:
        """The sum of the terms as a balanced tree, level by level."""
        level: list[tuple[Argument, list[Any]]] = [(value, [term]) for value, term in terms]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            odd = level[-1:] if len(level) % 2 else []
            level = []
            for (left, some), (right, others) in pairs:
                listed = some + others
                level.append((self._partial("add", (left, right), listed), listed))
            level += odd
        root = level[0][0]
        if type(root) is Value and root.poly is None:
            # The terms are at hand: no need to open the tree again.
            root.poly = total_of(value for value, _ in terms)
        return root

    def _partial(self, op: str, args: tuple[Argument, Argument], terms: list[Any]) -> Argument:
        value = self._op(op, args)
        if type(value) is Value and value.expr is None:
            # The terms are already canonical and distinct: no need to run sympy's flattening again.
            value.expr = sympy.Add._from_args(list(terms), True)
        return value

    def _product(self, expr: sympy.Mul) -> Argument:
        coefficient, *rest = expr.args
        if coefficient is sympy.S.NegativeOne and rest:
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

    def _piecewise(self, expr: sympy.Basic, _args: list[Argument]) -> Argument:
        *others, (last, condition) = [pair.args for pair in expr.args]
        if condition is not sympy.true:
            raise NotLowerable("a piecewise expression without a default")
        result = self.lower(last)
        for value, condition in reversed(others):
            result = self._op("ite", (self.lower(condition), self.lower(value), result))
        return result

    def _modular_indexing(self, _expr: sympy.Basic, args: list[Argument]) -> Argument:
        return self._op("mod", (self._op("floordiv", args[:2]), args[2]))

    def _where(self, _expr: sympy.Basic, args: list[Argument]) -> Argument:
        return self._op("ite", args)

    def _identity(self, _expr: sympy.Basic, args: list[Argument]) -> Argument:
        return args[0]

    def _trunc_to_float(self, _expr: sympy.Basic, args: list[Argument]) -> Argument:
        return self._op("float", (self._op("trunc", args),))

    def _round_decimal(self, _expr: sympy.Basic, args: list[Argument]) -> Argument:
        return self._op("round", args)


_SPECIAL: dict[str, Callable[[Lowering, Any, list[Argument]], Argument]] = {
    "Piecewise": Lowering._piecewise,
    "ModularIndexing": Lowering._modular_indexing,
    "Where": Lowering._where,
    "Identity": Lowering._identity,
    "TruncToFloat": Lowering._trunc_to_float,
    "RoundDecimal": Lowering._round_decimal,
}


def _without_fractions(lhs: Any, rhs: Any) -> tuple[Any, Any]:
    """Both sides times their denominators: exact arithmetic instead of a rounded constant."""
    factor = 1
    for term in (*sympy.Add.make_args(lhs), *sympy.Add.make_args(rhs)):
        head = term.args[0] if isinstance(term, sympy.Mul) else term
        if isinstance(head, sympy.Float):
            return lhs, rhs
        if isinstance(head, sympy.Rational) and head.q != 1:
            factor = lcm(factor, int(head.q))
    return (lhs, rhs) if factor == 1 else (sympy.expand(lhs * factor), sympy.expand(rhs * factor))


def _is_fraction(expr: sympy.Basic) -> bool:
    return isinstance(expr, sympy.Rational) and expr.q != 1


def _number(expr: Any) -> int | float:
    if expr == api.int_oo:
        return inf
    if expr == -api.int_oo:
        return -inf
    return int(expr) if expr.is_integer and not isinstance(expr, sympy.Float) else float(expr)


def _is_negative(term: Any) -> bool:
    if isinstance(term, sympy.Number):
        return bool(term < 0)
    return isinstance(term, sympy.Mul) and isinstance(term.args[0], sympy.Integer) and int(term.args[0]) < 0


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
