"""Terms for z3: one builder a query, with a context of its own, so that no query sees another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import z3

from strategies.operators import OPERATORS
from strategies.terms import Const, Term, Var


class Builder:
    """Encodes terms over unbounded integers in one z3 context; also the ``z`` of the operator table."""

    def __init__(self) -> None:
        self.context = z3.Context()
        self.variables: dict[str, Any] = {}
        self._done: dict[Term, tuple[Any, Any]] = {}
        self._true = z3.BoolVal(True, ctx=self.context)

    def If(self, condition: Any, then: Any, other: Any) -> Any:
        return z3.If(condition, then, other, ctx=self.context)

    def And(self, *parts: Any) -> Any:
        return z3.And(*parts, self.context)

    def Or(self, *parts: Any) -> Any:
        return z3.Or(*parts, self.context)

    def Not(self, part: Any) -> Any:
        return z3.Not(part, ctx=self.context)

    def BoolVal(self, value: bool) -> Any:
        return self._true if value else z3.BoolVal(False, ctx=self.context)

    def div(self, a: Any, b: Any) -> Any:
        """SMT-LIB's integer division, whose remainder is never negative."""
        return a / b

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
            return z3.IntVal(term.value, ctx=self.context), self._true
        if isinstance(term, Var):
            if term.name not in self.variables:
                self.variables[term.name] = z3.Int(term.name, ctx=self.context)
            return self.variables[term.name], self._true
        row = OPERATORS[term.op]
        parts = [self.encode(arg) for arg in term.args]
        values = [value for value, _ in parts]
        definedness = [defined for _, defined in parts if defined is not self._true]
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

    def holds(self, term: Term) -> Any:
        """``term`` is defined and true."""
        value, defined = self.encode(term)
        return value if defined is self._true else self.And(defined, value)

    def conjunction(self, terms: Iterable[Term]) -> Any:
        """All of ``terms`` hold."""
        parts = [self.holds(term) for term in terms]
        return self.And(*parts) if parts else self._true
