"""``tensor.gather(0, torch.arange(length))``: elements of a vector, by their indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import not_negative
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Gather(TakesTensor):
    """The indices lie in the vector. Nothing but a run can tell: no index has a symbol."""

    name = "gather"
    fields = (TENSOR, Field("length", "int term"))

    def unfit(self, tensor: Tensor) -> str | None:
        return None if len(tensor.shape) == 1 else "is no vector"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(tensors=(Tensor((statement.term("length"),), self.operand(statement, scope).dtype),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        length = statement.term("length")
        return (*not_negative((length,), scope), apply("le", length, self.operand(statement, scope).shape[0]))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return f"{statement.name('tensor')}.gather(0, torch.arange({render(statement.term('length'))}))"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name = chooser.pick(names)
        size = int(evaluate(scope.tensors[name].shape[0], scope.values))
        return (self.statement(tensor=name, length=chooser.at_most(scope, size)),)


CONSTRUCT = Gather()
