"""Integers as bit vectors that are wide enough for every value that can occur: exact, products and bits included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import z3

from properties.solver.bounds import Box
from properties.solver.context import Builder
from strategies.operators import OPERATORS, sort_of
from strategies.terms import Apply, Const, Term, Value, Var, walk

WIDEST = 192
"""Wider vectors are not worth trying."""


def width_for(terms: Iterable[Term], box: Box) -> int | None:
    """How many bits hold every number that computing ``terms`` makes; None if that is not known or too many."""
    largest = 1
    for term in terms:
        for sub in walk(term):
            if isinstance(sub, Apply) and OPERATORS[sub.op].approximation not in ("", "bits"):
                return None
            if sort_of(sub) == "float":
                return None
            if sort_of(sub) != "int":
                continue
            for part in _folds(sub):
                low, high = box.of(part)
                if low is None or high is None:
                    return None
                largest = max(largest, abs(low), abs(high))
    # One bit for the sign, one for what encodings add (a remainder is a difference of two numbers of this size).
    width = largest.bit_length() + 3
    return width if width <= WIDEST else None


def _folds(term: Term) -> Iterable[Term]:
    """The operands of an operator joined one by one, from the left, as they are computed."""
    if not isinstance(term, Apply):
        return (term,)
    width = len(OPERATORS[term.op].sorts)
    parts = (Apply(term.op, term.args[:count]) for count in range(width, len(term.args)))
    return (*parts, term)


class BitBuilder(Builder):
    """Encodes terms over integers in vectors of ``width`` bits, none of which may overflow."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width

    def div(self, a: Any, b: Any) -> Any:
        """SMT-LIB's integer division by a positive number, which is all that is asked; that of vectors goes to zero."""
        quotient = a / b
        return self.If(z3.SRem(a, b) < 0, quotient - self._number(1), quotient)

    def bitand(self, a: Any, b: Any) -> Any:
        """The bits that two numbers have in common."""
        return a & b

    def value_in(self, model: Any, name: str) -> Value:
        """What the leaf ``name`` is in a model of z3's."""
        value = model.eval(self.variables[name], model_completion=True)
        return z3.is_true(value) if z3.is_bool(value) else value.as_signed_long()

    def _number(self, value: int) -> Any:
        return z3.BitVecVal(value, self._width, ctx=self.context)

    def _encode(self, term: Term) -> tuple[Any, Any]:
        if isinstance(term, Const) and type(term.value) is int:
            return self._number(term.value), self._true
        return super()._encode(term)

    def _variable(self, leaf: Var) -> Any:
        if leaf.sort == "int":
            return z3.BitVec(leaf.name, self._width, ctx=self.context)
        return super()._variable(leaf)


def bit_builder(terms: Sequence[Term], box: Box) -> BitBuilder | None:
    """A builder for ``terms``, if their numbers are known to fit."""
    width = width_for(terms, box)
    return None if width is None else BitBuilder(width)


__all__ = ["WIDEST", "BitBuilder", "bit_builder", "width_for"]
