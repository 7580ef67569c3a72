"""``tensor.view(-1, last)``: a size that torch computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.sizes import numel
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class ViewInfer(TakesTensor):
    """The number of elements is a multiple of the size that is given, and that size is at least 1."""

    name = "view_infer"
    fields = (TENSOR, Field("last", "int term"))

    def unfit(self, tensor: Tensor) -> str | None:
        return None if tensor.contiguous else "is not known to be contiguous"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, last = self.operand(statement, scope), statement.term("last")
        elements = numel(tensor.shape)
        first = elements if last == Const(1) else apply("floordiv", elements, last)
        return Effect(tensors=(Tensor((first, last), tensor.dtype),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        last, elements = statement.term("last"), numel(self.operand(statement, scope).shape)
        if last == Const(1):
            return ()
        positive = () if isinstance(last, Const) and last.value >= 1 else (apply("ge", last, 1),)
        return (*positive, apply("eq", apply("mod", elements, last), 0))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return f"{statement.name('tensor')}.view(-1, {render(statement.term('last'))})"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name = chooser.pick(names)
        elements = int(evaluate(numel(scope.tensors[name].shape), scope.values))
        sizes: list[Term] = [Const(size) for size in (2, 3, 4, 5, 1) if elements % size == 0]
        dims = [leaf for leaf in scope.dims if scope.values[leaf] > 0 and elements % scope.values[leaf] == 0]
        return (self.statement(tensor=name, last=chooser.pick([*sizes, *map(Var, dims)])),)


CONSTRUCT = ViewInfer()
