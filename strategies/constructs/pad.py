"""``torch.nn.functional.pad(tensor, (0, right))``: a size that is a sum; a negative amount cuts off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.tensors import TENSOR, TakesTensor
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Pad(TakesTensor):
    """The last dimension grows by an amount that must be known not to be negative."""

    name = "pad"
    fields = (TENSOR, Field("right", "int term"))

    def unfit(self, tensor: Tensor) -> str | None:
        return None if tensor.shape and tensor.dtype != "bool" else "has no dimension or no numbers"

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        right = statement.term("right")
        return None if scope.is_nonnegative(right) else "the amount must be checked to be >= 0 before"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        last = apply("add", tensor.shape[-1], statement.term("right"))
        return Effect(tensors=(Tensor((*tensor.shape[:-1], last), tensor.dtype, tensor.contiguous),))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        return f"torch.nn.functional.pad({statement.name('tensor')}, (0, {render(statement.term('right'))}))"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = self.fitting(chooser, scope)
        if not names:
            return None
        name, right = chooser.pick(names), chooser.small_size(scope)
        return (*chooser.nonnegative(scope, right), self.statement(tensor=name, right=right))


CONSTRUCT = Pad()
