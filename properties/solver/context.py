"""Terms for z3: one builder a query, with a context of its own, so that no query sees another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import z3

from properties.solver.reals import RealFloats
from strategies.operators import OPERATORS
from strategies.terms import Const, Term, Value, Var

_SMALL_EXPONENT = 16


class Builder(RealFloats):
    """Encodes terms over unbounded integers and doubles in one z3 context; also the ``z`` of the operator table."""

    def __init__(self) -> None:
        super().__init__()
        self.context = z3.Context()
        self.variables: dict[str, Any] = {}
        self._done: dict[Term, tuple[Any, Any]] = {}
        self._true = z3.BoolVal(True, ctx=self.context)

    def If(self, condition: Any, then: Any, other: Any) -> Any:
        return z3.If(condition, then, other)

    def And(self, *parts: Any) -> Any:
        return z3.And(*parts)

    def Or(self, *parts: Any) -> Any:
        return z3.Or(*parts)

    def Not(self, part: Any) -> Any:
        return z3.Not(part)

    def BoolVal(self, value: bool) -> Any:
        return self._true if value else z3.BoolVal(False, ctx=self.context)

    def div(self, a: Any, b: Any) -> Any:
        """SMT-LIB's integer division, whose remainder is never negative."""
        return a / b

    def power(self, a: Any, b: Any) -> Any:
        """``a ** b`` for ``b >= 0``: exact if ``b`` is a literal, else by what is known of powers."""
        base, exponent = _literal(a), _literal(b)
        if exponent is not None and 0 <= exponent <= (4096 if base is not None else _SMALL_EXPONENT):
            if base is not None:
                return z3.IntVal(base**exponent, ctx=self.context)
            return z3.Product([a] * exponent) if exponent else z3.IntVal(1, ctx=self.context)
        a = z3.IntVal(base, ctx=self.context) if base is not None else a
        result: Any = z3.Function("power", a.sort(), b.sort(), a.sort())(a, b)
        product: Any = z3.IntVal(1, ctx=self.context)
        for small in range(_SMALL_EXPONENT if base is not None else 4):
            self._facts.append(z3.Implies(b == small, result == product))
            product = product * a
        self._facts.append(z3.Implies(a > 0, result > 0))
        self._facts.append(z3.Implies(a >= 2, result > b))
        return result

    def bitand(self, a: Any, b: Any) -> Any:
        """The bits that two numbers have in common, in two's complement: exact if one of them is a literal."""
        left, right = _literal(a), _literal(b)
        if left is not None and right is not None:
            return z3.IntVal(left & right, ctx=self.context)
        if left is not None:
            return self._masked(b, left)
        if right is not None:
            return self._masked(a, right)
        first, second = sorted((a, b), key=lambda part: part.get_id())
        result: Any = z3.Function("bitand", a.sort(), b.sort(), a.sort())(first, second)
        for one, other in ((a, b), (b, a)):
            self._facts += [
                z3.Implies(one >= 0, result >= 0),
                z3.Implies(self.Or(one >= 0, other < 0), result <= one),
                z3.Implies(one == -1, result == other),
            ]
        self._facts.append(z3.Implies(a == b, result == a))
        return result

    def _masked(self, a: Any, mask: int) -> Any:
        if mask < 0:
            return a - self._masked(a, ~mask)
        total: Any = z3.IntVal(0, ctx=self.context)
        for run in re.finditer("1+", f"{mask:b}"[::-1]):
            total = total + (a / 2 ** run.start()) % 2 ** len(run.group()) * 2 ** run.start()
        return total

    def value_in(self, model: Any, name: str) -> Value:
        """What the leaf ``name`` is in a model of z3's."""
        variable = self.variables[name]
        if not isinstance(variable, z3.ExprRef):
            return self.float_in(model, variable)
        value = model.eval(variable, model_completion=True)
        return z3.is_true(value) if z3.is_bool(value) else value.as_long()

    def encode(self, term: Term) -> tuple[Any, Any]:
        """``(value, defined)``: the term's value, and where executing it does not raise."""
        known = self._done.get(term)
        if known is None:
            known = self._done[term] = self._encode(term)
        return known

    def _encode(self, term: Term) -> tuple[Any, Any]:
        if isinstance(term, Const):
            if isinstance(term.value, bool):
                return self.BoolVal(term.value), self._true
            if isinstance(term.value, float):
                return self.float_literal(term.value), self._true
            return z3.IntVal(term.value, ctx=self.context), self._true
        if isinstance(term, Var):
            if term.name not in self.variables:
                self.variables[term.name] = self._variable(term)
            return self.variables[term.name], self._true
        row = OPERATORS[term.op]
        parts = [self.encode(arg) for arg in term.args]
        values = [value for value, _ in parts]
        demands = [defined for _, defined in parts]
        if row.lazy and demands[1] is not self._true:
            demands[1] = self.Or(self.Not(values[0]), demands[1])
        definedness = [defined for defined in demands if defined is not self._true]
        width = len(row.sorts)
        value = row.encode(self, *values[:width])
        own = row.defined(self, *values[:width])
        if own is not self._true:
            definedness.append(own)
        for extra in values[width:]:
            value = row.encode(self, value, extra)
        if not definedness:
            return value, self._true
        return value, definedness[0] if len(definedness) == 1 else self.And(*definedness)

    def _variable(self, leaf: Var) -> Any:
        if leaf.sort == "float":
            return self.float_variable(leaf.name)
        return (z3.Bool if leaf.sort == "bool" else z3.Int)(leaf.name, ctx=self.context)

    def holds(self, term: Term) -> Any:
        """``term`` is defined and true."""
        value, defined = self.encode(term)
        return value if defined is self._true else self.And(defined, value)

    def conjunction(self, terms: Iterable[Term]) -> Any:
        """All of ``terms`` hold."""
        parts = [self.holds(term) for term in terms]
        return self.And(*parts) if parts else self._true


def _literal(value: Any) -> int | None:
    if isinstance(value, int):
        return value
    return value.as_long() if z3.is_int_value(value) else None
