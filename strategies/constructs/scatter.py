"""``tensor.scatter(0, torch.arange(length), 1.0)`` and its kin: elements of a vector are written, by their indices."""

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


FUNCTIONS: dict[str, str] = {
    "scatter": "{tensor}.scatter(0, torch.arange({length}), 1.0)",
    "scatter_add": "{tensor}.scatter_add(0, torch.arange({length}), torch.ones({length}))",
    "index_add": "{tensor}.index_add(0, torch.arange({length}), torch.ones({length}))",
    "index_fill": "{tensor}.index_fill(0, torch.arange({length}), 2.0)",
}


class Scatter(TakesTensor):
    """The indices lie in the vector. Nothing but a run can tell: no index has a symbol."""

    name = "scatter"
    fields = (TENSOR, Field("length", "int term"), Field("function", "word", tuple(FUNCTIONS)))

    def unfit(self, tensor: Tensor) -> str | None:
        # Where several indices mean one element, what is written there is the kernel's own affair.
        return None if len(tensor.shape) == 1 and tensor.dtype == "float32" else "is no vector of float32"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(tensors=(Tensor(self.operand(statement, scope).shape),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        length = statement.term("length")
        return (*not_negative((length,), scope), apply("le", length, self.operand(statement, scope).shape[0]))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        template, length = FUNCTIONS[statement.name("function")], render(statement.term("length"))
        return template.format(tensor=statement.name("tensor"), length=length)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name, function = chooser.pick(names), chooser.pick(tuple(FUNCTIONS))
        size = int(evaluate(scope.tensors[name].shape[0], scope.values))
        return (self.statement(tensor=name, length=chooser.at_most(scope, size), function=function),)


CONSTRUCT = Scatter()
