"""``tensor * number``: a run-time number that is no size, used as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, Var

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Scale(TakesTensor):
    """Takes a tensor of floats and one leaf, which always fits in 64 bits; demands nothing."""

    name = "scale"
    fields = (TENSOR, Field("factor", "int term"))

    def unfit(self, tensor: Tensor) -> str | None:
        return None if tensor.dtype in ("float32", "float64") else f"is of {tensor.dtype}"

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        return None if isinstance(statement.term("factor"), Var) else "the factor must be one leaf"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(tensors=(replace(self.operand(statement, scope), strides=None, offset=None),))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return f"{statement.name('tensor')} * {render(statement.term('factor'))}"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names or not scope.integers:
            return None
        return (self.statement(tensor=chooser.pick(names), factor=Var(chooser.pick((*scope.unbacked, *scope.backed)))),)


CONSTRUCT = Scale()
