"""``torch.stack(tensors, dim)``: tensors of the same sizes along a new dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.constructs.joined import JoinsTensors
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Stack(JoinsTensors):
    """The joint is a dimension of its own, so that all sizes are equal."""

    name = "stack"

    def places(self, rank: int) -> int:
        return rank + 1

    def joined(self, axis: int, dim: int) -> bool:
        return False

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensors, dim = self.operands(statement, scope), statement.number("dim")
        first = tensors[0]
        shape = (*first.shape[:dim], Const(len(tensors)), *first.shape[dim:])
        return Effect(tensors=(Tensor(shape, first.dtype),))

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if len(scope.tensors[name].shape) < 3]
        if not names:
            return None
        first = chooser.pick(names)
        dim = chooser.below(len(scope.tensors[first].shape) + 1)
        second = chooser.pick(self.mates(scope, names, first, dim)[::-1])
        return (self.statement(tensors=(first, second), dim=dim),)


CONSTRUCT = Stack()
